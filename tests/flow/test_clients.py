"""Real publishers into one platform, real players out of it: ffmpeg, gstreamer's two RTMP sinks and OBS; hls.js in Chromium,
ffplay, streamlink and mpv, all four at a time."""
import subprocess

import pytest

from gstreamer import Gstreamer
from harness import Platform, Publisher, get, program, wait_for
from ingest import parts, records
from numbered import ledger_of
from obs import Obs
from players import Ffplay, HlsJs, Mpv, Streamlink


@pytest.fixture(scope="module")
def platform():
    with Platform() as running:
        yield running


def publisher(kind, platform, key):
    if kind == "ffmpeg":
        return Publisher(platform.publish_url(key))
    if kind in ("rtmpsink", "rtmp2sink"):
        if subprocess.run(["gst-inspect-1.0", "--exists", kind]).returncode != 0:
            pytest.skip(f"this gstreamer has no {kind}")
        return Gstreamer(platform.publish_url(key), kind)
    return Obs(f"rtmp://127.0.0.1:{platform.port('rtmp')}/live", key, keyframes=2)


def of_channel(platform, name):
    return next((row for row in platform.streams() if row["channel"] == name), None)


def ingest_log(platform):
    return (platform.directory / "logs" / "ingestd.log").read_text(errors="replace")


def assert_regular(ledger):
    """Segments of two seconds, each from a keyframe on."""
    firsts = [row for row in parts(ledger) if row[3] == "0"]
    assert len(firsts) >= 4 and all("I" in row[12] for row in firsts)
    lengths = [(int(b[6]) - int(a[6])) / 90_000 for a, b in zip(firsts, firsts[1:])]
    assert all(1.9 < length < 2.1 for length in lengths), lengths


@pytest.mark.parametrize("kind", ["ffmpeg", "rtmp2sink", "rtmpsink", "obs"])
def test_a_real_publisher_is_played_by_real_players(platform, kind):
    key = platform.channel(kind)
    before = len(ingest_log(platform))
    with publisher(kind, platform, key):
        platform.wait_live(kind, 40)
        ledger = ledger_of(platform)
        wait_for(lambda: len(parts(ledger)) >= 8, 30, "parts")
        url = platform.master_url(kind)
        # Players read it once: on a machine so busy that the sound comes later than the picture they would play none.
        wait_for(lambda: b"EXT-X-MEDIA" in get(url)[2], 30, "the sound")
        browser, others = HlsJs(url), [Ffplay(url), Streamlink(url), Mpv(url)]
        for player in others:
            player.check()
        seen = browser.seen()
        assert seen["audio"] > 0 and seen["frames"] > 30 and len(set(seen["sizes"])) == 1, seen
        stream = of_channel(platform, kind)
        assert stream["video"]["codec"] == "h264" and stream["audio"]["codec"] == "aac"
        assert [row[1] for row in records(ledger, "R")] == ["source", "audio"]
        wait_for(lambda: int(parts(ledger)[-1][2]) >= 4, 30, "four segments")
    assert_regular(ledger)
    said = ingest_log(platform)[before:]
    assert 'source="passed through"' in said and "set the encoder's keyframe interval" not in said
    if kind != "obs":  # a killed OBS says no goodbye: the stream waits for it to come back
        wait_for(lambda: of_channel(platform, kind) is None, 40, "the end of the stream")
    done = subprocess.run([program("hlslint"), str(ledger)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_obs_as_installed_is_encoded_and_told_what_to_set(platform):
    """250 frames between keyframes are more than a segment holds: such a source is encoded from its first frame on, and the
    log tells the streamer what to set. (With a keyframe interval of two seconds it is passed through: above.)"""
    key = platform.channel("installed")
    before = len(ingest_log(platform))
    with Obs(f"rtmp://127.0.0.1:{platform.port('rtmp')}/live", key):
        platform.wait_live("installed", 40)
        ledger = ledger_of(platform)
        said = ingest_log(platform)[before:]
        assert "source=encoded" in said and "x264 keyframe interval 250 frames (8.3 s)" in said, said
        wait_for(lambda: "set the encoder's keyframe interval to 2 s" in ingest_log(platform)[before:], 20, "the advice")
        wait_for(lambda: int(parts(ledger)[-1][2]) >= 4, 30, "four segments")
    assert_regular(ledger)
