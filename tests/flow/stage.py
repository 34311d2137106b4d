"""ingestd with its usual pipeline, origind beside it, and hlslint that watches what it serves."""
import json
import subprocess

from harness import Daemon, Publisher, free_port, program, wait_for
from ingest import Ingest, parts, records

PICTURE = "854x480"   # one rung lies below it
LATE = "20s"          # what a busy machine, or a restart, may add: how fast this machine is is not what these tests are about


class Stage:
    """Its channel is alice, as Ingest's."""

    def __init__(self, *options, grace="10s", platform=False):
        self.ingest = Ingest("--grace", grace, *options, platform=platform)
        self.port = free_port()
        self.origin = self.start_origin()

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        self.origin.stop()
        self.ingest.__exit__(kind, *rest)

    def start_origin(self):
        return Daemon(program("origind"), "--live", str(self.ingest.directory / "live"), "--ledgers", str(self.ingest.directory / "ledgers"),
                      "--http-port", str(self.port))

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

    def whole(self, ledger):
        return self.url(f"vod/alice/{ledger.name}/master.m3u8")

    def pipeline_member(self, name):
        listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        mine = {str(self.ingest.daemon.process.pid)}
        for _ in range(3):
            mine |= {row[0] for row in rows if row[1] in mine}
        return next((int(row[0]) for row in rows if row[0] in mine and row[2].strip() == name), None)


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
