"""ingestd's streams: pipelines fed, killed, too slow; publishers that go and come back; ingestd itself killed."""
import json
import os
import signal
import subprocess
import time

import pytest

from harness import Publisher, program, wait_for
from ingest import Ingest, assert_unbroken, ended, media_seconds, parts, records

SEGMENT = ("--pipeline", "segmenter")


def members_of(ingest, name):
    """Processes of that name below this ingestd."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    below, found = {str(ingest.daemon.process.pid)}, []
    for _ in range(4):
        for pid, parent, comm in rows:
            if parent in below and pid not in below:
                below.add(pid)
                if comm.strip() == name:
                    found.append(int(pid))
    return found


def wait_parts(ledger, count, seconds=15):
    wait_for(lambda: len(parts(ledger)) >= count, seconds, f"{count} parts")


def one_ledger(ingest):
    return wait_for(lambda: len(ingest.ledgers()) == 1 and ingest.ledgers()[0], 15, "one ledger")


def test_exec_gets_every_frame(tmp_path):
    out = tmp_path / "alice.nut"
    with Ingest("--exec", "cat > \"$OUT/$SLUICE_CHANNEL.nut\"", env={"OUT": str(tmp_path)}) as ingest:
        with Publisher(ingest.url(), seconds=3) as publisher:
            assert publisher.process.wait(20) == 0, publisher.output()
        wait_for(lambda: not ingest.streams(), 10, "the end")
        counted = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-show_entries",
                                  "stream=codec_name,nb_read_packets", "-of", "json", str(out)], capture_output=True, text=True)
        streams = {row["codec_name"]: int(row["nb_read_packets"]) for row in json.loads(counted.stdout)["streams"]}
        assert streams["h264"] == 90
        assert streams["aac"] >= 139


def test_a_stream_becomes_a_ledger_goes_live_and_ends():
    with Ingest(*SEGMENT) as ingest:
        with Publisher(ingest.url(), gop=30, seconds=5) as publisher:
            ledger = one_ledger(ingest)
            link = ingest.directory / "live" / "alice"
            wait_for(lambda: link.is_symlink(), 10, "the live link")
            assert link.resolve() == ledger.resolve()
            assert ingest.wait_state("live")["restarts"] == 0
            assert publisher.process.wait(20) == 0, publisher.output()
        wait_for(lambda: ended(ledger), 10, "the end record")
        wait_for(lambda: not link.is_symlink(), 10, "the link to go")
        assert not ingest.streams()
        assert media_seconds(ledger) == pytest.approx(5, abs=0.1)
        assert media_seconds(ledger, "audio") == pytest.approx(5, abs=0.1)
        assert_unbroken(ledger)


def test_a_killed_pipeline_loses_nothing_and_the_publisher_stays():
    with Ingest(*SEGMENT) as ingest:
        with Publisher(ingest.url(), gop=30, seconds=8) as publisher:
            ledger = one_ledger(ingest)
            for kill in range(3):
                wait_parts(ledger, 3 + 3 * kill)
                pid = wait_for(lambda: members_of(ingest, "segmenter"), 10, "the segmenter")[0]
                os.kill(pid, signal.SIGKILL)
                wait_for(lambda: (now := members_of(ingest, "segmenter")) and now[0] != pid, 10, "another segmenter")
            assert publisher.process.wait(20) == 0, publisher.output()
        wait_for(lambda: ended(ledger), 10, "the end record")
        assert ingest.log().count("pipeline died") == 3
        assert ingest.log().count('how="segmenter: killed by signal 9 (Killed)"') == 3
        assert ingest.log().count("publisher accepted") == 1
        assert_unbroken(ledger)
        assert not any("D" in row[12] for row in parts(ledger))
        assert media_seconds(ledger) == pytest.approx(8, abs=0.1)
        assert len(ingest.ledgers()) == 1


def test_a_publisher_that_was_cut_off_goes_on_in_the_same_stream():
    with Ingest(*SEGMENT) as ingest:
        with Publisher(ingest.url(), gop=30) as first:
            ledger = one_ledger(ingest)
            wait_parts(ledger, 3)
            first.kill()
        # ffmpeg's kernel says goodbye by a reset or FIN without a word of RTMP
        row = ingest.wait_state("waiting")
        with Publisher(ingest.url(), gop=30, seconds=4) as second:
            assert ingest.wait_state("live")["stream"] == row["stream"]
            assert second.process.wait(20) == 0, second.output()
        wait_for(lambda: ended(ledger), 15, "the end record")
        assert ingest.ledgers() == [ledger]
        assert_unbroken(ledger)
        assert sum("D" in part[12] for part in parts(ledger)) == 1


def test_a_publisher_that_does_not_come_back_ends_the_stream():
    with Ingest(*SEGMENT, "--grace", "500ms") as ingest:
        with Publisher(ingest.url(), gop=30) as publisher:
            ledger = one_ledger(ingest)
            wait_parts(ledger, 2)
            publisher.kill()
        wait_for(lambda: ended(ledger), 15, "the end record")
        wait_for(lambda: not ingest.streams(), 5, "the stream to go")
        # the next publish is another stream
        with Publisher(ingest.url(), gop=30, seconds=2) as publisher:
            publisher.process.wait(20)
        wait_for(lambda: len(ingest.ledgers()) == 2, 10, "a second ledger")


@pytest.mark.parametrize("tracks", ["video", "audio"])
def test_one_track_alone(tracks):
    unwanted = ("-an",) if tracks == "video" else ("-vn", "-af", "arealtime")
    with Ingest(*SEGMENT) as ingest:
        with Publisher(ingest.url(), gop=30, seconds=4, extra=unwanted) as publisher:
            ledger = one_ledger(ingest)
            ingest.wait_state("live")
            assert publisher.process.wait(20) == 0, publisher.output()
        wait_for(lambda: ended(ledger), 10, "the end record")
        names = {row[1] for row in records(ledger, "R")}
        assert names == ({"source"} if tracks == "video" else {"audio"})
        assert media_seconds(ledger, names.pop()) == pytest.approx(4, abs=0.1)


def test_a_pipeline_that_reads_nothing_costs_gops_not_the_publisher():
    with Ingest("--exec", "sleep 1000", "--retain", "2s", "--stall-time", "3s") as ingest:
        with Publisher(ingest.url(), gop=30, seconds=8, extra=("-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "1M")) as publisher:
            assert publisher.process.wait(20) == 0, publisher.output()
            row = ingest.stream()
            assert row["dropped_gops"] >= 2
        assert "frames dropped" in ingest.log()
        wait_for(lambda: not ingest.streams(), 30, "the end, by killing the pipeline")


def test_long_gops_are_told_to_the_streamer():
    with Ingest(*SEGMENT) as ingest:
        with Publisher(ingest.url(), gop=250):
            # Nobody here knows what x264 promises: one long GOP may be a mishap.
            row = wait_for(lambda: (r := ingest.stream()) and r.get("video", {}).get("keyframe_interval_ms", 0) > 4000 and r, 30, "a long GOP")
            assert "advice" not in row
            wait_for(lambda: (r := ingest.stream()) and "advice" in r, 60, "advice")
            ingest.wait_log("keyframes are up to 8.3 s apart: set the encoder's keyframe interval to 2 s")


def all_die(ingest):
    """The ledger of a live stream whose ingestd and publisher were killed."""
    with Publisher(ingest.url(), gop=30) as publisher:
        ledger = one_ledger(ingest)
        wait_parts(ledger, 3)
        ingest.wait_log("go_live")
        ingest.daemon.process.kill()
        ingest.daemon.process.wait()
        publisher.kill()
    return ledger


def test_a_killed_ingestd_takes_its_streams_back():
    with Ingest(*SEGMENT, platform=True) as ingest:
        ledger = all_die(ingest)
        ingest.start()
        ingest.wait_log("stream taken back")
        assert ingest.wait_state("waiting")["stream"] == ledger.name
        with Publisher(ingest.url(), gop=30, seconds=3) as second:
            assert second.process.wait(20) == 0, second.output()
        wait_for(lambda: ended(ledger), 15, "the end record")
        assert ingest.ledgers() == [ledger]
        assert_unbroken(ledger)
        assert sum("D" in part[12] for part in parts(ledger)) == 1


def test_a_stopped_ingestd_leaves_its_streams_open_for_the_next():
    with Ingest(*SEGMENT, platform=True) as ingest:
        with Publisher(ingest.url(), gop=30) as first:
            ledger = one_ledger(ingest)
            wait_parts(ledger, 3)
            assert ingest.daemon.stop() == 0
            first.process.wait(15)
        assert not ended(ledger)
        written = len(parts(ledger))
        ingest.start()
        with Publisher(ingest.url(), gop=30, seconds=3) as second:
            assert ingest.wait_state("live")["stream"] == ledger.name
            second.process.wait(20)
        wait_for(lambda: ended(ledger), 15, "the end record")
        assert len(parts(ledger)) > written
        assert_unbroken(ledger)


def test_taken_back_and_never_published_again_ends():
    with Ingest(*SEGMENT, "--grace", "1s", platform=True) as ingest:
        ledger = all_die(ingest)
        ingest.start()
        wait_for(lambda: ended(ledger), 15, "the end record")
        ingest.wait_log("end_stream")
        events = ingest.tool("chanctl", "events", "--json")
        assert events.count('"stream.online"') == 1
        assert events.count('"stream.offline"') == 1


def test_a_stream_left_too_long_ago_is_ended_not_continued():
    with Ingest(*SEGMENT, "--resume-within", "1s", platform=True) as ingest:
        ledger = all_die(ingest)
        written = lambda: max(int(row[10]) for row in parts(ledger)) / 1000  # its last part may still be on its way
        wait_for(lambda: time.time() - written() > 1, 10, "the last part to be too old")
        ingest.start()
        ingest.wait_log("older than --resume-within")
        with Publisher(ingest.url(), gop=30, seconds=2) as second:
            assert second.process.wait(20) == 0, second.output()
        wait_for(lambda: ended(ledger), 15, "the end record")
        wait_for(lambda: len(ingest.ledgers()) == 2 and not ingest.streams(), 15, "the end of a second stream")
        assert not any("D" in part[12] for part in parts(ledger))
        events = ingest.tool("chanctl", "events", "--json")
        assert events.count('"stream.online"') == 2
        assert events.count('"stream.offline"') == 2


def test_a_second_ingestd_of_the_same_name_is_refused():
    with Ingest(*SEGMENT, platform=True) as ingest:
        done = subprocess.run([program("ingestd"), "--dir", str(ingest.directory), "--rtmp-port", "0"], capture_output=True,
                              text=True, timeout=20)
        assert done.returncode == 75
        assert "another ingestd" in done.stderr
