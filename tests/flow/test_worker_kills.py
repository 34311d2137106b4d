"""A platform whose streams are transcoded by workers: kill -9 of the busy worker in mid-stream. The publisher stays, the other worker takes
the stream over, and no frame is lost or repeated in any rendition."""
import os
import signal

import pytest

from harness import Platform, wait_for
from kills import WHOLE_WITHIN, Killing, judge, ledgers, longest_gap, now_ms, read_all, walls
from ingest import records
from numbered import NumberedPublisher
from remote import Remote


def platform_of(remote, tmp_path):
    """One whose ingestd dispatches."""
    options = " ".join(["--dispatch", remote.redis.url(), "--secret-file", remote.secret, "--ladder", "360p30,source", "--shed", "off"])
    (tmp_path / "ingestd.conf").write_text(f"pipeline = transcode {options} | segmenter\n")
    return Platform(directory=tmp_path)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_another_worker_takes_a_stream_over_without_a_lost_frame(tmp_path, end):
    with Remote() as remote, platform_of(remote, tmp_path) as platform:
        workers = [remote.worker(name, "--jobs", "2") for name in ("one", "two")]
        key = platform.channel("alice")
        with NumberedPublisher(platform.publish_url(key), width=640, height=480, bframes=2) as publisher:
            platform.wait_live("alice", 30)
            watch = Killing(platform, None, None)
            begun = now_ms()
            wait_for(lambda: watch.grown_since(begun + 1500), 20, "parts before the kill")
            busy = next(worker for worker in workers if worker.busy())
            other = next(worker for worker in workers if worker is not busy)
            assert not other.busy()
            at = now_ms()
            os.kill(busy.process.pid, end)
            wait_for(other.busy, 20, "the other worker took over")
            taken = now_ms()
            wait_for(lambda: watch.grown_since(taken), 20, "parts after the kill")
            moment = now_ms()
            wait_for(lambda: watch.grown_since(moment + 1500), 20, "more of them")
            stream = watch.stream()
            assert publisher.alive() and stream["publisher"], publisher.output()
            assert publisher.stop(), publisher.output()
        assert platform.output().count("pipeline died") >= 1, "this is what was tested"
        ledger, = ledgers(platform)
        read = read_all(platform)
        assert sorted(read) == ["360p30", "source"]
        judged = {name: judge(results, [0], [(0, stream["accepted_frames"])]) for name, results in read.items()}
        for name, result in judged.items():
            assert (result["lost"], result["repeated"], result["backwards"]) == (0, 0, 0), (name, read)
        assert not records(ledger, "S"), "nothing was shed"
        stall = max(longest_gap(times, at, at + 60_000) for times in walls(ledger).values())
        print(f"stall {stall} ms, taken over after {taken - at:.0f} ms, {judged}")
        assert stall < WHOLE_WITHIN * 1000
        if end == signal.SIGTERM:
            assert busy.process.wait(15) == 0 and "end=handed_back" in busy.output()
