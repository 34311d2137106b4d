"""What ingestd holds is bounded, and that is no bound on what a publisher may send: a GOP longer than `--retain`, sound without a picture."""
import os
import signal
import subprocess

import pytest

import flv
from harness import Platform, tool, wait_for
from ingest import assert_lint, assert_unbroken, ended, media_seconds, parts, records
from kills import below
from numbered import NumberedPublisher, check_frames, ledger_of, renditions
from players import HlsJs

RETAIN = 4  # s


@pytest.fixture(scope="module")
def platform():
    with Platform(settings={"ingestd": {"retain": f"{RETAIN}s"}}) as running:
        yield running


def finished(platform, name):
    wait_for(lambda: name not in [row["channel"] for row in platform.streams()], 30, "the stream's end")
    ledger = ledger_of(platform)
    assert ended(ledger)
    assert_lint(ledger)
    assert_unbroken(ledger)
    return f"http://127.0.0.1:{platform.port('origin')}/vod/{name}/{ledger.name}/master.m3u8"


def test_a_gop_longer_than_what_is_held_is_no_loss_and_can_be_begun_again(platform):
    """Its keyframe is kept for as long as the ledgers keep up, so that a pipeline that dies loses nothing."""
    with NumberedPublisher(platform.publish_url(platform.channel("long")), width=854, height=480, gop=600) as publisher:
        platform.wait_live("long")
        ledger = ledger_of(platform)
        for until in (2 * RETAIN, 3 * RETAIN):
            wait_for(lambda: media_seconds(ledger) > until, 40, f"{until} s of media")
            pid = next(pid for pid, row in below(platform.pid("ingestd")).items() if row[1] == "transcode")
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: media_seconds(ledger) > 4 * RETAIN, 40, "media after the kills")
        row = next(row for row in platform.status()["streams"] if row["channel"] == "long")
        assert row["dropped_frames"] == 0, row
        assert publisher.stop(), publisher.output()
    vod = finished(platform, "long")
    shed = {row[1] for row in records(ledger, "S")}  # by transcode, on a machine that is busy
    assert "source" not in shed
    for name, (url, width, height) in renditions(vod).items():
        if name in shed:
            continue
        read = check_frames(url, width, height)
        assert len(read["runs"]) == 1 and read["runs"][0][0] == 0 and read["pictures"] > 4 * RETAIN * 30 and not read["decoder"], (name, read)
    assert not any("G" in row[12] for row in records(ledger, "P") if row[1] not in shed)


def test_sound_goes_on_when_the_picture_stops_and_the_picture_comes_back(platform, tmp_path):
    """Sound loses nothing; the picture's absence is gaps; a player plays through it."""
    stops, returns, ends = 4000, 20_000, 26_000
    clip = flv.read(flv.make(tmp_path / "clip.flv", size="320x180", seconds=ends // 1000))
    sent = [tag for tag in clip if tag.kind == flv.AUDIO or tag.config or not stops <= tag.ms < returns]
    publisher = subprocess.Popen([tool("rtmp_publish"), platform.publish_url(platform.channel("radio")), str(flv.write(tmp_path / "sent.flv", sent))],
                                 stdout=subprocess.DEVNULL)
    platform.wait_live("radio")
    ledger = ledger_of(platform)
    player = HlsJs(platform.master_url("radio"), seconds=ends // 1000 - 8)
    assert publisher.wait(60) == 0
    seen = player.seen()
    assert not seen["fatal"] and seen["frames"] > 60, seen
    vod = finished(platform, "radio")
    assert media_seconds(ledger, "audio") > ends / 1000 - 0.1
    assert not any("G" in row[12] for row in parts(ledger, "audio"))
    counted = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=codec_type,nb_read_packets", "-of", "csv=p=0", vod],
                             capture_output=True, text=True, timeout=60).stdout.split()
    frames = {row.split(",")[0]: int(row.split(",")[1]) for row in counted}
    assert frames["video"] == len([tag for tag in sent if tag.kind == flv.VIDEO and tag.data[1] == 1]), frames
