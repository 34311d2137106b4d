"""Real publishers into the platform, real players out of it: ffmpeg, OBS, gstreamer; ffplay, mpv, streamlink.
(hls.js in Chromium is in test_webd_pages.py.)"""
import contextlib
import os
import signal
import subprocess

import pytest

from harness import Platform, Publisher, wait_for
from numbered import ledger_of
from obs import Obs


class Gstreamer:
    """gst-launch with rtmp2sink: H.264 and AAC in FLV."""

    def __init__(self, url):
        self.process = subprocess.Popen(
            ["gst-launch-1.0", "-e", "-q",
             "videotestsrc", "is-live=true", "pattern=ball", "!", "video/x-raw,width=320,height=180,framerate=30/1", "!",
             "x264enc", "tune=zerolatency", "speed-preset=ultrafast", "key-int-max=60", "bitrate=600", "!", "h264parse", "!",
             "queue", "!", "mux.",
             "audiotestsrc", "is-live=true", "!", "audio/x-raw,rate=48000,channels=2", "!", "voaacenc", "!", "aacparse", "!",
             "queue", "!", "mux.",
             "flvmux", "name=mux", "streamable=true", "!", "rtmp2sink", f"location={url}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def publisher(kind, platform, key):
    if kind == "ffmpeg":
        return Publisher(platform.publish_url(key))
    if kind == "gstreamer":
        return Gstreamer(platform.publish_url(key))
    return Obs(f"rtmp://127.0.0.1:{platform.port('rtmp')}/live", key)


def run(command, seconds, **environment):
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, env={**os.environ, **environment})


def played_by_ffplay(url):
    """ffplay for six seconds: how many seconds of picture and sound its clock went through."""
    player = subprocess.Popen(["timeout", "-s", "INT", "8", "ffplay", "-hide_banner", "-stats", "-loglevel", "info", url],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"})
    said, _ = player.communicate(timeout=30)
    assert "Video: h264" in said and "Audio: aac" in said, said[-3000:]
    clocks = [float(word) for line in said.replace("\r", "\n").splitlines() if "A-V" in line
              for word in line.split()[:1] if word not in ("nan", "-nan")]
    assert clocks and clocks[-1] - clocks[0] > 2, said[-3000:]


def played_by_mpv(url):
    done = run(["mpv", "--no-config", "--vo=null", "--ao=null", "--frames=90", "--msg-level=all=info", url], 60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "h264" in done.stdout and "aac" in done.stdout


def played_by_streamlink(url):
    player = subprocess.Popen(["streamlink", "--loglevel", "error", "--stdout", f"hls://{url}", "best"], stdout=subprocess.PIPE)
    probe = subprocess.run(["ffprobe", "-v", "error", "-read_intervals", "%+4", "-count_packets", "-show_entries",
                            "stream=codec_name,nb_read_packets", "-of", "csv=p=0", "-"],
                           stdin=player.stdout, capture_output=True, text=True, timeout=60)
    player.stdout.close()
    player.terminate()
    player.wait()
    counts = dict(line.split(",")[:2] for line in probe.stdout.split())
    assert int(counts["h264"]) > 60 and int(counts["aac"]) > 60, probe.stdout + probe.stderr


@pytest.mark.parametrize("kind", ["ffmpeg", "gstreamer", "obs"])
def test_a_real_publisher_is_played_by_real_players(kind):
    with Platform() as platform:
        key = platform.channel("alice")
        with publisher(kind, platform, key):
            platform.wait_live("alice", 40)
            ledger = ledger_of(platform)
            wait_for(lambda: (ledger / "index").read_bytes().count(b"\nP ") > 20, 30, "parts")
            url = platform.master_url("alice")
            played_by_mpv(url)
            if kind == "ffmpeg":
                played_by_ffplay(url)
                played_by_streamlink(url)
            stream = platform.status()["streams"][0]
            assert stream["video"]["codec"] == "h264" and stream["audio"]["codec"] == "aac"
        wait_for(lambda: platform.status()["streams"] == [], 40, "the end of the stream")
