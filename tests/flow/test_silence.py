"""A publisher that stays connected and sends nothing: the stream's playlists go on in gaps, as if it were away, and with a discontinuity when it
sends again; nothing of that is lost. hlslint grants a second, so gaps that begin only when the connection ends are too late for it."""
import json
import signal
import subprocess
import time

import pytest

import flv
from harness import get, program, tool, wait_for
from ingest import assert_lint, ended, media_seconds, parts, records
from stage import Stage, assert_clean

GOP = 60  # frames


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return flv.make(tmp_path_factory.mktemp("silence") / "clip.flv", seconds=10, gop=GOP)


def by_rtmp(stage, clip, *options):
    return subprocess.Popen([tool("rtmp_publish"), *options, stage.ingest.url(), str(clip)], stdout=subprocess.DEVNULL)


def by_srt(stage, clip):
    return subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-re", "-i", str(clip), "-c", "copy", "-f", "mpegts", stage.ingest.srt_url()])


def watched(stage):
    wait_for(lambda: get(stage.url())[0] == 200, 60, "the stream")
    return subprocess.Popen([program("hlslint"), "--json", "--watch", "120s", stage.url()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def gaps(ledger):
    return [row for row in parts(ledger) if "G" in row[12]]


def stopped(process, until):
    """Stops the publisher until that is true; for how long."""
    begun = time.monotonic()
    process.send_signal(signal.SIGSTOP)
    try:
        wait_for(lambda: until(time.monotonic() - begun), 30, "the end of the silence")
    finally:
        process.send_signal(signal.SIGCONT)
    return time.monotonic() - begun


@pytest.mark.parametrize("publish, pipeline", [(by_rtmp, ("--pipeline", "segmenter")), (by_srt, ())], ids=["rtmp", "srt-ladder"])
def test_who_stops_and_goes_on(clip, publish, pipeline):
    with Stage(*pipeline, grace="2s") as stage:
        publisher = publish(stage, clip)
        watch = watched(stage)
        ledger = stage.ledger()
        wait_for(lambda: media_seconds(ledger) > 2, 30, "media")
        if stopped(publisher, lambda seconds: seconds > 0.5) < 1.2:  # a burst, which players bear
            wait_for(lambda: media_seconds(ledger) > 4.5, 30, "media")  # in mid-GOP
            assert not any("D" in row[12] for row in parts(ledger)) and not gaps(ledger)
        stopped(publisher, lambda seconds: seconds > 3 and len(gaps(ledger)) > 0)
        assert stage.ingest.stream()["publisher"], "it is still connected"
        assert publisher.wait(60) == 0
        wait_for(lambda: ended(ledger), 60, "the end record")
        assert_clean(watch)
        assert_lint(ledger)
        assert "the publisher sends again" in stage.ingest.log()
        renditions = {row[1] for row in records(ledger, "R")}
        breaks = {name: [row[2] for row in parts(ledger, name) if "D" in row[12]] for name in renditions}
        assert breaks["source"] and all(each == breaks["source"] for each in breaks.values()), breaks
        assert not records(ledger, "S")
        done = subprocess.run([tool("ledger_check"), str(ledger)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        written = {row["rendition"]: row["samples"] for row in map(json.loads, done.stdout.splitlines())}
        sent = len([tag for tag in flv.read(clip) if tag.kind == flv.VIDEO and tag.data[1] == 1])
        lost = 2 + 30 if publish == by_srt else 0  # what libsrt holds back when a caller closes
        assert sent - lost <= written["source"] < sent + GOP * len(breaks["source"]), "all, and the open GOP once more"


def test_who_stays_and_sends_nothing_more(clip):
    """Gaps go on from while it is connected to the stream's end, and no media comes after them."""
    with Stage("--pipeline", "segmenter", grace="1s") as stage:
        publisher = by_rtmp(stage, clip, "--seconds", "4.5", "--linger")
        watch = watched(stage)
        ledger = stage.ledger()
        wait_for(lambda: len(gaps(ledger)) > 6, 30, "gaps")
        assert stage.ingest.stream()["publisher"], "it is still connected"
        publisher.kill()
        publisher.wait(30)
        wait_for(lambda: ended(ledger), 60, "the end record")
        assert_clean(watch)
        assert_lint(ledger)
        assert len(gaps(ledger)) > 7 and "G" in parts(ledger)[-1][12]
        assert not any("D" in row[12] for row in parts(ledger))
