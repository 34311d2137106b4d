"""hlslint watches by URL what real publishers' streams become: gstreamer and ffmpeg by RTMP and SRT, OBS with a keyframe interval
and as it is installed. No finding at all."""
import contextlib
import subprocess

import pytest

from gstreamer import Gstreamer
from harness import Platform, Publisher, wait_for
from ingest import assert_lint, parts, records
from kills import ledgers
from obs import Obs
from stage import assert_clean, watching

WATCHED = 12  # s


@pytest.fixture(scope="module")
def platform():
    with Platform(settings={"ingestd": {"srt-latency": "1s"}}) as running:  # a busy machine is late too
        yield running


def srt_url(platform, key):
    return f"srt://127.0.0.1:{platform.port('srt')}?streamid={key}"


def gst_srt_url(platform, key):
    return f"srt://127.0.0.1:{platform.port('srt')}?mode=caller&streamid={key}"


def obs(platform, key, keyframes=None):
    return Obs(f"rtmp://127.0.0.1:{platform.port('rtmp')}/live", key, keyframes=keyframes)


TOGETHER = {
    "gst_rtmp2": lambda platform, key: Gstreamer(platform.publish_url(key), "rtmp2sink"),
    "gst_rtmp": lambda platform, key: Gstreamer(platform.publish_url(key), "rtmpsink"),
    "gst_srt": lambda platform, key: Gstreamer(gst_srt_url(platform, key), "srtsink"),
    "ffmpeg_srt": lambda platform, key: Publisher(srt_url(platform, key)),
    "ffmpeg_srt_b_frames": lambda platform, key: Publisher(srt_url(platform, key), extra=("-tune", "film", "-bf", "2")),
}


def ledger_of(platform, name):
    return next((ledger for ledger in ledgers(platform) if records(ledger, "L") and records(ledger, "L")[0][3] == name), None)


def assert_watched_clean(platform, publishers):
    """All of them publish at a time, and each stream is watched for a while from its third segment on."""
    with contextlib.ExitStack() as publishing:
        keys = {name: platform.channel(name) for name in publishers}
        for name, make in publishers.items():
            publishing.enter_context(make(platform, keys[name]))
        for name in publishers:
            platform.wait_live(name, 60)
        found = {name: ledger_of(platform, name) for name in publishers}
        for name, ledger in found.items():
            wait_for(lambda: len({row[2] for row in parts(ledger)}) > 2, 60, f"two segments of {name}")
        watches = {name: watching(platform.master_url(name), WATCHED) for name in publishers}
        for name, watch in watches.items():
            assert_clean(watch)
        for ledger in found.values():
            assert {row[1] for row in records(ledger, "P")} == {"source", "audio"}
            assert not any("G" in row[12] or "D" in row[12] for row in records(ledger, "P"))
    for ledger in found.values():  # SRT and OBS, when killed, say no goodbye: gaps may follow
        assert_lint(ledger)


def test_gstreamer_and_srt(platform):
    wanted = {"gst_rtmp2": "rtmp2sink", "gst_rtmp": "rtmpsink", "gst_srt": "srtsink"}
    missing = {name for name, sink in wanted.items() if subprocess.run(["gst-inspect-1.0", "--exists", sink]).returncode != 0}
    assert_watched_clean(platform, {name: make for name, make in TOGETHER.items() if name not in missing})


def test_obs_with_a_keyframe_interval_and_as_installed(platform):
    assert_watched_clean(platform, {"obs": lambda platform, key: obs(platform, key, keyframes=2), "installed": obs})
