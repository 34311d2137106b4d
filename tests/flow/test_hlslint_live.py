"""hlslint watches our own servers: a stream through the ladder, a publisher that comes back, a transcoder killed, the end."""
import json
import os
import signal
import subprocess
import urllib.parse

import pytest
from harness import Daemon, Publisher, free_port, get, program, wait_for
from ingest import Ingest, ended, parts, records

PICTURE = "854x480"   # one rung lies below it
LATE = "20s"          # what a busy machine, or a restart, may add: how fast this machine is is not what these tests are about


class Stage:
    """ingestd with its usual pipeline, and origind beside it."""

    def __init__(self):
        self.ingest = Ingest("--grace", "10s")
        self.port = free_port()
        self.origin = Daemon(program("origind"), "--live", str(self.ingest.directory / "live"), "--ledgers", str(self.ingest.directory / "ledgers"),
                             "--http-port", str(self.port))

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        self.origin.stop()
        self.ingest.__exit__(kind, *rest)

    def publisher(self):
        return Publisher(self.ingest.url(), size=PICTURE)

    def ledger(self):
        return wait_for(lambda: self.ingest.ledgers() and self.ingest.ledgers()[-1], 20, "a ledger")

    def wait_segments(self, count):
        ledger = self.ledger()
        wait_for(lambda: len({row[2] for row in parts(ledger, "360p30")}) > count, 60, f"{count} segments of each rung")
        return ledger

    def url(self, path="live/alice/master.m3u8"):
        return f"http://127.0.0.1:{self.port}/{path}"

    def pipeline_member(self, name):
        listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        mine = {str(self.ingest.daemon.process.pid)}
        for _ in range(3):
            mine |= {row[0] for row in rows if row[1] in mine}
        return next((int(row[0]) for row in rows if row[0] in mine and row[2].strip() == name), None)


@pytest.fixture
def stage():
    with Stage() as running:
        yield running


def watching(url, seconds, *options):
    return subprocess.Popen([program("hlslint"), "--json", "--late", LATE, "--watch", f"{seconds}s", *options, url], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def findings(watch, seconds=120):
    out, err = watch.communicate(timeout=seconds)
    assert err == "" and watch.returncode in (0, 1), err
    return [json.loads(line) for line in out.splitlines()]


def assert_clean(watch):
    found = findings(watch)
    assert not found, "\n".join(map(str, found))
    assert watch.returncode == 0


def assert_shed_nothing(ledger):
    """What a machine that is too slow sheds is gaps: right, and not what these tests are about."""
    assert not records(ledger, "S")


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


def test_what_is_not_there_is_an_error():
    port = free_port()
    refused = subprocess.run([program("hlslint"), f"http://127.0.0.1:{port}/live/x/master.m3u8"], capture_output=True, text=True, timeout=30)
    assert refused.returncode == 75 and refused.stderr.startswith("hlslint: get http://127.0.0.1:") and not refused.stdout
