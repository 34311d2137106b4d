"""The cap on all ledgers: ended ones go, the oldest first; then live ones keep a window; then recording stops and live goes on."""
import json
import re
import subprocess

import pytest

from harness import Daemon, Publisher, free_port, get, program, wait_for
from ingest import Ingest, ended, parts, records

LIVE = "segmenter --segment 1s --part 250ms"


@pytest.fixture(scope="module")
def clip():
    """Six seconds of a picture, as the media pipe has it."""
    return subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-t", "6", "-c:v", "libx264",
                           "-preset", "ultrafast", "-g", "30", "-sc_threshold", "0", "-f", "nut", "-"], capture_output=True, check=True).stdout


def record(ingest, stream, clip, end=True):
    """A ledger of alice's in the folder of all ledgers."""
    ledger = ingest.directory / "ledgers" / stream
    subprocess.run([program("segmenter"), str(ledger), "--stream", stream, "--channel", "alice", *([] if end else ["--fed"])], input=clip,
                   check=True, capture_output=True)
    return ledger


def kbytes(folder):
    return int(subprocess.run(["du", "-sk", str(folder)], capture_output=True, text=True, check=True).stdout.split()[0])


class Capped:
    """ingestd with a disk cap in a configuration file, and what it tells."""

    def __init__(self, folder, **more):
        self.config = folder / "config"
        self.cap("0")
        self.metrics = free_port()
        self.ingest = Ingest("--config", str(self.config), "--metrics", f"127.0.0.1:{self.metrics}", "--pipeline", LIVE, platform=True, **more)

    def cap(self, size):
        self.config.write_text(f"disk-cap = {size}\n")

    def reload(self, size):
        self.cap(size)
        self.ingest.daemon.process.send_signal(1)
        wait_for(lambda: size == "0" or self.metric("sluice_ledger_cap_bytes") == float(size[:-1]) * 1024, 15, "the new cap")

    def metric(self, name):
        text = get(f"http://127.0.0.1:{self.metrics}/metrics")[2].decode()
        found = re.search(rf"^{name} (\S+)$", text, re.M)
        return float(found.group(1)) if found else None

    def events(self, name):
        lines = self.ingest.tool("chanctl", "events").splitlines()
        return [event for event in map(json.loads, lines) if event["event"] == name]


def test_ended_ledgers_go_oldest_first_and_origind_says_so(clip, tmp_path):
    capped = Capped(tmp_path)
    with capped.ingest as ingest:
        old, unended, new = (record(ingest, name, clip, end) for name, end in (("0aaa", True), ("0bbb", False), ("0ccc", True)))
        port = free_port()
        with Daemon(program("origind"), "--dir", str(ingest.directory), "--http-port", str(port), "--bind", "127.0.0.1"):
            whole = f"http://127.0.0.1:{port}/vod/alice/0aaa/master.m3u8"
            media = f"http://127.0.0.1:{port}/live/alice/0aaa/{parts_of(old)}/0.m4s"
            assert get(whole)[0] == 200 and get(media)[0] == 200
            capped.reload(f"{sum(map(kbytes, (old, unended, new))) - 1}K")
            wait_for(lambda: not old.exists(), 15, "the oldest ledger's removal")
            wait_for(lambda: get(whole)[0] == 404, 10, "origind to see it")
            status, headers, body = get(media)
            assert status == 404 and json.loads(body)["error"]["code"] == "NOT_FOUND", body
            assert get(whole.replace("0aaa", "0ccc"))[0] == 200
        wait_for(lambda: capped.events("ledger.remove"), 10, "the event")
        event, = capped.events("ledger.remove")
        assert event["channel_id"] == "1001" and event["data"]["id"] == "0aaa" and event["data"]["bytes"] > 10_000
        ingest.wait_log("ledger removed to keep within the disk cap")
        assert new.exists() and unended.exists() and capped.metric("sluice_ledgers_removed_total") == 1
        # A ledger that has not ended stays, however little there may be.
        capped.reload("1K")
        wait_for(lambda: not new.exists(), 15, "the other ended ledger's removal")
        wait_for(lambda: (unended / "cap").exists(), 15, "a cap for the one that has not ended")
        assert records(unended, "P")
        capped.reload("0")
        wait_for(lambda: not (unended / "cap").exists(), 15, "the cap's end")


def parts_of(ledger):
    return records(ledger, "R")[0][1]


def test_a_live_ledger_keeps_a_window_then_what_live_needs_and_grows_again(tmp_path):
    capped = Capped(tmp_path)
    with capped.ingest as ingest, Publisher(ingest.url(), gop=30):
        row = ingest.wait_state("live")
        ledger = ingest.directory / "ledgers" / row["stream"]
        wait_for(lambda: len({p[2] for p in parts(ledger)}) >= 9, 30, "nine segments")
        kept = lambda: len({int(p[2]) for p in parts(ledger)}) - max([int(x[1]) for x in records(ledger, "X")], default=0)
        assert not records(ledger, "X") and ingest.stream()["recording"] == "whole"

        capped.reload(f"{kbytes(ledger) * 9 // 10}K")
        wait_for(lambda: records(ledger, "X"), 20, "the window to give way")
        assert kept() >= 6 and ingest.stream()["recording"] == "window" and capped.metric("sluice_recording_window") == 1
        ingest.wait_log("live ledgers keep a window of the past only")

        capped.reload("20K")
        wait_for(lambda: capped.metric("sluice_recording_stopped"), 30, "recording to stop")
        wait_for(lambda: kept() <= 7, 10, "the least that live needs")
        newest = parts(ledger)[-1]
        wait_for(lambda: parts(ledger)[-1] != newest, 10, "live going on")
        row = ingest.stream()
        assert row["state"] == "live" and row["recording"] == "none" and row["restarts"] == 0
        assert kept() >= 6
        ingest.wait_log("recording stopped")
        assert "disk cap reached: recording has stopped, live goes on" in ingest.ask(command="summary")["lines"]
        wait_for(lambda: capped.events("recording.stop"), 10, "the event")

        capped.reload("0")
        wait_for(lambda: ingest.stream()["recording"] == "whole", 15, "recording to come back")
        wait_for(lambda: kept() >= 9, 20, "the ledger to grow again")
        wait_for(lambda: capped.events("recording.resume"), 10, "the event")
        assert not ended(ledger)
