"""hlslint watches our own servers: a stream through the ladder, a publisher that comes back, a transcoder killed, the end."""
import os
import signal
import subprocess

import pytest
from harness import free_port, program, wait_for
from ingest import ended, parts, records
from stage import Stage, assert_clean, watching


@pytest.fixture
def stage():
    with Stage() as running:
        yield running


def test_a_stream_through_the_ladder_and_its_end(stage):
    with stage.publisher():
        ledger = stage.wait_segments(2)
        watch = watching(stage.url(), 120)
        wait_for(lambda: len({row[2] for row in parts(ledger, "360p30")}) > 10, 90, "segments")
        assert watch.poll() is None
    wait_for(lambda: ended(ledger), 20, "the end")
    assert_clean(watch)  # it ends with the stream, long before its two minutes
    renditions = {row[1] for row in records(ledger, "R")}
    assert {"source", "360p30", "audio"} <= renditions
    for name in sorted(renditions):
        assert_clean(watching(stage.url(f"live/alice/{ledger.name}/{name}/playlist.m3u8"), 5))
    assert_clean(watching(stage.url(f"vod/alice/{ledger.name}/master.m3u8"), 5))
    offline = subprocess.run([program("hlslint"), stage.url()], capture_output=True, text=True, timeout=30)
    assert offline.returncode == 1 and "status 404" in offline.stderr and not offline.stdout


def test_a_publisher_that_comes_back_is_a_discontinuity_and_no_finding(stage):
    first = stage.publisher()
    ledger = stage.wait_segments(2)
    watch = watching(stage.url(), 25)
    wait_for(lambda: len({row[2] for row in parts(ledger)}) > 4, 30, "segments")
    first.kill()
    stage.ingest.wait_state("waiting")
    with stage.publisher():
        assert_clean(watch)
        assert any("D" in row[12] for row in parts(ledger))


def test_a_transcoder_that_is_killed_is_no_finding(stage):
    with stage.publisher():
        ledger = stage.wait_segments(2)
        watch = watching(stage.url(), 25)
        wait_for(lambda: len({row[2] for row in parts(ledger)}) > 4, 30, "segments")
        os.kill(stage.pipeline_member("transcode"), signal.SIGKILL)
        assert_clean(watch)
        assert "pipeline died" in stage.ingest.log()


def test_an_origin_that_is_killed_and_back_at_once_is_no_finding(stage):
    with stage.publisher():
        ledger = stage.wait_segments(2)
        watch = watching(stage.url(), 25)
        for _ in range(3):
            seen = len({row[2] for row in parts(ledger)})
            wait_for(lambda: len({row[2] for row in parts(ledger)}) > seen + 1, 30, "segments")
            stage.origin.process.kill()
            stage.origin.process.wait()
            stage.origin = stage.start_origin()
        assert watch.poll() is None
        assert_clean(watch)


def test_what_is_not_there_is_an_error():
    port = free_port()
    refused = subprocess.run([program("hlslint"), f"http://127.0.0.1:{port}/live/x/master.m3u8"], capture_output=True, text=True, timeout=30)
    assert refused.returncode == 75 and refused.stderr.startswith("hlslint: get http://127.0.0.1:") and not refused.stdout
