"""A stream whose worker is lost while nobody else can take it: no free worker, no Redis, a Redis that does not answer. It stands still no longer
than where another worker is free, is transcoded here, and nothing of it is lost."""
import os
import signal

import pytest

from harness import Platform, wait_for
from ingest import records
from kills import Killing, judge, ledgers, longest_gap, now_ms, read_all, walls
from numbered import NumberedPublisher
from remote import Remote

STANDS_STILL = 7000  # ms: on a quiet machine 500 to 1300, on a busy one 2300; it was 8800, --take-time (8 s) and more


def lateness(ledger):
    """How much later than at best the newest part of a rendition came (ms), of the one that is latest: what its transcoder is behind by."""
    late = {}
    for row in records(ledger, "P"):
        late.setdefault(row[1], []).append(int(row[10]) - int(row[9]) / 1000)
    return max(times[-1] - min(times) for times in late.values())


def nobody_is_free(remote, workers):
    pass


def redis_is_stopped(remote, workers):
    remote.redis.kill()


def redis_is_frozen(remote, workers):
    os.kill(remote.redis.process.pid, signal.SIGSTOP)


@pytest.mark.parametrize("trouble, names", [(nobody_is_free, ["one"]), (redis_is_stopped, ["one", "two"]), (redis_is_frozen, ["one", "two"])],
                         ids=["no worker is free", "Redis is stopped", "Redis is frozen"])
def test_a_stream_that_nobody_can_take_is_transcoded_here_at_once(tmp_path, trouble, names):
    with Remote() as remote:
        # The cheapest encoding: whether a machine that others use keeps up with it is not what this is about.
        options = " ".join(["--dispatch", remote.redis.url(), "--secret-file", remote.secret, "--ladder", "360p30,source", "--preset", "ultrafast", "--untaken", "local"])
        (tmp_path / "ingestd.conf").write_text(f"pipeline = transcode {options} | segmenter\n")
        with Platform(directory=tmp_path) as platform:
            workers = [remote.worker(name) for name in names]
            key = platform.channel("alice")
            with NumberedPublisher(platform.publish_url(key), width=640, height=480, bframes=2) as publisher:
                platform.wait_live("alice", 30)
                watch = Killing(platform, None, None)
                begun = now_ms()
                # A worker that is seconds behind when it is lost leaves a backlog that is shed by right.
                wait_for(lambda: watch.grown_since(begun + 1500) and lateness(watch.newest()) < 700, 90, "a worker that keeps up, before the kill")
                busy = next(worker for worker in workers if worker.busy())
                trouble(remote, workers)
                at = now_ms()
                os.kill(busy.process.pid, signal.SIGKILL)
                wait_for(lambda: watch.grown_since(at + 4000), 60, "parts after the kill")
                stream = watch.stream()
                assert publisher.alive() and stream["publisher"], publisher.output()
                assert publisher.stop(), publisher.output()
            said = platform.output()
            stall = max(longest_gap(times, at, at + 60_000) for times in walls(ledgers(platform)[0]).values())
            print(f"stall {stall} ms")
            print("\n".join(line for line in said.splitlines() if any(word in line for word in ("worker", "pipeline", "rung", "cannot keep", "stands"))))
            assert 'how="transcode: exit 75"' in said
            assert "no worker takes the stream" in said and "transcoding" in said
            read = read_all(platform)
            assert sorted(read) == ["360p30", "source"]
            for name, results in read.items():
                result = judge(results, [0], [(0, stream["accepted_frames"])])
                assert (result["lost"], result["repeated"], result["backwards"]) == (0, 0, 0), (name, read)
            assert not records(ledgers(platform)[0], "S"), "a backlog that is worked off is no overload"
            assert stall < STANDS_STILL
        if trouble is redis_is_frozen:
            os.kill(remote.redis.process.pid, signal.SIGCONT)
