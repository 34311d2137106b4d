"""A publisher whose clock leaps time and again: forward, back, of one track alone, reset to where it began; or stands still, or tells only whole
seconds. The page plays on, hlslint finds nothing by URL, and no picture is lost, repeated or out of order."""
import pytest

import flv
from harness import Platform, wait_for
from ingest import assert_lint, assert_unbroken, ended, records
from multitrack import numbered_clip, publish, states
from numbered import check_frames, ledger_of, renditions
from page_watch import WatchedPage
from stage import assert_clean, watching

SECONDS, FPS = 3, 30
# So little is taken for jitter: its pictures follow twice as fast until the clock has caught up.
JITTER = (-400, None)
# In turn, whenever the clip begins again: the clock of the connection's first moment is passed backwards by each track alone.
LEAPS = [(3_600_000, None), (-1_800_000, None), (8_000, "audio"), (-7_000, "video"), JITTER, (-3_500_000, "video"), (-3_500_000, "audio")]
# What an encoder must not make much of: little steps, and sound that goes ahead of the picture alone.
SMALL = [(-2_000, None), (3_000, "audio"), (-3_000, "audio")]
STANDSTILL = 3_000      # ms that the picture may stand still: what a busy machine may add, far from the seconds to a lost segment


def turns(leaps):
    return len(leaps) + 2  # the last clip is a longer rest


def options(leaps):
    words = ["--loop", str(turns(leaps))]
    for milliseconds, kind in leaps:
        words += ["--jump-ms", str(milliseconds), *(["--jump-only", kind] if kind else [])]
    return words


def looping(path, size, bframes=0):
    """A clip that can follow itself: nothing in it comes after its last picture."""
    tags = flv.read(numbered_clip(path, size, SECONDS, gop=FPS, bframes=bframes))
    pictures = [tag for tag in tags if tag.kind == flv.VIDEO and tag.data[1] == 1]
    return flv.write(path, [tag for tag in tags if tag.ms < pictures[-1].ms and not is_end(tag)] + pictures[-1:])


def is_end(tag):
    return tag.kind == flv.VIDEO and tag.data[1] == 2


def whole(platform, name, ledger):
    return f"http://127.0.0.1:{platform.port('origin')}/vod/{name}/{ledger.name}/master.m3u8"


@pytest.fixture(scope="module")
def platform():
    with Platform() as running:
        yield running


def pictures(ledger, rendition="source"):
    """Seconds of it."""
    scale = next((int(row[5]) for row in records(ledger, "R") if row[1] == rendition), 1)
    return sum(int(row[7]) for row in records(ledger, "P") if row[1] == rendition) / scale


def assert_whole(platform, name, ledger, leaps):
    wait_for(lambda: ended(ledger), 40, "the stream's end")
    assert not any("G" in row[12] or "D" in row[12] for row in records(ledger, "P"))
    assert_unbroken(ledger)
    assert_lint(ledger)
    shown = renditions(whole(platform, name, ledger))
    for rendition, (url, width, height) in shown.items():
        read = check_frames(url, width, height)
        # Of B-frames in one instant ffmpeg says that they are not in order; they are, but for their times.
        faults = [line for line in read["decoder"].splitlines() if "non monotonically increasing dts" not in line]
        assert read["runs"] == [[0, SECONDS * FPS - 1]] * turns(leaps) and not faults, (rendition, read)
    return set(shown)


@pytest.mark.parametrize("bframes", [0, 2])
def test_a_page_plays_on_and_hlslint_finds_nothing(platform, tmp_path, bframes):
    name = f"passed{bframes}"
    clip = looping(tmp_path / "clip.flv", (320, 180), bframes)
    publisher = publish(platform.publish_url(platform.channel(name)), clip, *options(LEAPS))
    platform.wait_live(name, 30)
    ledger = ledger_of(platform)
    watch = watching(platform.master_url(name), 120)
    with WatchedPage(platform, name, "") as page:
        begun = page.mark()
        leapt_before = states(platform)[name]["timestamp_repairs"]
        wait_for(lambda: pictures(ledger) > (len(LEAPS) + 1) * SECONDS, 60, "every leap")
        seen = page.state()
        leapt = states(platform)[name]["timestamp_repairs"]
    assert leapt > leapt_before, "leaps were made while it was looked at"
    assert seen["longest"] < STANDSTILL and not seen["faults"] and seen["loads"] == 1, (begun, seen)
    assert seen["moved"] > begun["moved"] + 3, (begun, seen)
    assert publisher.wait(60) == 0
    assert_whole(platform, name, ledger, LEAPS)
    assert_clean(watch)


def test_through_the_ladder(platform, tmp_path):
    leaps = LEAPS + SMALL
    clip = looping(tmp_path / "clip.flv", (640, 480))
    publisher = publish(platform.publish_url(platform.channel("ladder")), clip, *options(leaps))
    platform.wait_live("ladder", 30)
    ledger = ledger_of(platform)
    watch = watching(platform.master_url("ladder"), 120)
    assert publisher.wait(60) == 0
    assert assert_whole(platform, "ladder", ledger, leaps) == {"source", "360p30"}
    assert_clean(watch)


# Two tracks on one clock, which is wrong while packets come as ever. Those that stand come to go on as if nothing had been, or where they stood.
WRONG = {
    "both_stand": ["--stand-ms", "5000", "11000"],
    "both_go_on_from_there": ["--stand-ms", "5000", "11000", "--loop", "2", "--jump-ms", "-6000"],
    "picture_stands": ["--stand-ms", "5000", "9000", "--stand-only", "video"],
    "sound_stands": ["--stand-ms", "5000", "9000", "--stand-only", "audio"],
    "fifths": ["--grain-ms", "200"],
    "seconds": ["--grain-ms", "1000"],
    "nothing_at_all": ["--grain-ms", "4000000000"],
    "picture_ahead": ["--loop", "2", "--jump-ms", "1500", "--jump-only", "video"],
}


def test_clocks_that_stand_or_are_coarse(platform, tmp_path):
    seconds, size = 14, (320, 180)
    clip = flv.read(numbered_clip(tmp_path / "clip.flv", size, seconds, gop=2 * FPS))
    frames = [tag for tag in clip if tag.kind == flv.VIDEO and tag.data[1] == 1]
    clip = flv.write(tmp_path / "clip.flv", [tag for tag in clip if tag.ms < frames[-1].ms and not is_end(tag)] + frames[-1:])
    running = {}
    for name, how in WRONG.items():
        publisher = publish(platform.publish_url(platform.channel(name)), clip, *how)
        platform.wait_live(name, 30)
        ledger = ledger_of(platform)
        running[name] = publisher, ledger, watching(platform.master_url(name), 120)
    for name, (publisher, ledger, watch) in running.items():
        assert publisher.wait(60) == 0
        wait_for(lambda: ended(ledger), 40, f"the end of {name}")
        times = WRONG[name].count("--loop") + 1
        assert not any("G" in row[12] or "D" in row[12] for row in records(ledger, "P")), name
        assert_unbroken(ledger)
        assert_lint(ledger)
        assert abs(pictures(ledger) - times * seconds) < 1 and abs(pictures(ledger, "audio") - times * seconds) < 1, name
        url, width, height = renditions(whole(platform, name, ledger))["source"]
        read = check_frames(url, width, height)
        assert read["runs"] == [[0, seconds * FPS - 1]] * times, (name, read)
        assert_clean(watch)


def test_a_clock_that_crawls_is_told(platform, tmp_path):
    clip = looping(tmp_path / "clip.flv", (320, 180))
    publisher = publish(platform.publish_url(platform.channel("crawls")), clip, "--loop", "20", "--clock-speed", "0.02")
    why = lambda: next((row.get("stalled_because") for row in platform.status()["streams"] if row["channel"] == "crawls"), None)
    try:
        assert wait_for(why, 60, "a stalled stream") == "its publisher's clock stands still"
    finally:
        publisher.terminate()
        publisher.wait(20)
