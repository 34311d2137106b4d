"""lib/rtmp against real publishers and bad ones, by run_rtmp: no other program of ours takes part."""
import contextlib
import json
import shutil
import subprocess

import pytest

from harness import tool

VIDEO = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30"]
AUDIO = ["-f", "lavfi", "-i", "sine=sample_rate=48000"]


def ffmpeg(*arguments):
    return subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *map(str, arguments)], capture_output=True, text=True,
                          timeout=60)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.flv"
    done = ffmpeg(*VIDEO, *AUDIO, "-t", 2, "-c:v", "libx264", "-preset", "ultrafast", "-bf", 2, "-g", 30, "-pix_fmt",
                  "yuv420p", "-c:a", "aac", path)
    assert done.returncode == 0, done.stderr
    return path


class Taker:
    """run_rtmp: takes `peers` publishers, then ends; events() is what it saw."""

    def __init__(self, *options, peers=1):
        self.process = subprocess.Popen([tool("run_rtmp"), "--peers", str(peers), *map(str, options), "0"],
                                        stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def url(self, key="key", app="live"):
        return f"rtmp://127.0.0.1:{self.port}/{app}/{key}"

    def events(self):
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return [json.loads(line) for line in out.splitlines()]


@contextlib.contextmanager
def taker(*options, **more):
    running = Taker(*options, **more)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def publish(url, path, *options):
    done = subprocess.run([tool("rtmp_publish"), *map(str, options), url, str(path)], capture_output=True, text=True,
                          timeout=60)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def named(events, name):
    return [event for event in events if event["event"] == name]


def frames(path):
    """A checksum for each packet, with its times."""
    done = ffmpeg("-i", path, "-map", 0, "-c", "copy", "-f", "framemd5", "-")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("options", [[], ["--digest"], ["--chunk-size", 128], ["--one-byte"], ["--chunk-size", 1]])
def test_every_packet_arrives_as_it_was_sent(clip, tmp_path, options):
    with taker("--flv", tmp_path / "out.flv") as server:
        code, _ = publish(server.url(), clip, "--fast", *options)
        events = server.events()
    assert code == 0
    assert named(events, "unpublished")[0]["by"] == "FCUnpublish"
    assert len(named(events, "config")) == 2 and all(event["ok"] for event in named(events, "config"))
    assert frames(tmp_path / "out.flv") == frames(clip)


def test_frames_by_fourcc(clip):
    with taker() as server:
        code, _ = publish(server.url(), clip, "--fast", "--enhanced")
        events = server.events()
    assert code == 0
    assert "av01" in named(events, "connect")[0]["fourccs"]
    assert named(events, "keyframe")[0]["codec"] == "avc1"
    assert not named(events, "bad tag")


@pytest.mark.parametrize("codec,name", [("libx265", "hvc1"), ("libaom-av1", "av01")])
def test_codecs_that_only_enhanced_rtmp_carries(tmp_path, codec, name):
    path = tmp_path / "clip.mkv"
    done = ffmpeg(*VIDEO, *AUDIO, "-t", 0.3, "-c:v", codec, "-c:a", "libopus", path)
    if done.returncode != 0:
        pytest.skip(f"ffmpeg without {codec}")
    with taker() as server:
        code, _ = publish(server.url(), path, "--fast", "--enhanced")
        events = server.events()
    assert code == 0
    video, audio = sorted(named(events, "config"), key=lambda event: -event["width"])
    assert video["ok"] and video["codec"].startswith(name) and (video["width"], video["height"]) == (320, 180)
    assert audio["codec"] == "opus" and audio["rate"] == 48000


def test_timestamps_pass_32_bits(clip):
    with taker() as server:
        code, _ = publish(server.url(), clip, "--fast", "--offset-ms", 2**32 - 900)
        events = server.events()
    assert code == 0
    times = [event["ms"] for event in named(events, "keyframe")]
    assert times[0] == 2**32 - 900 and times[1] == 100


def test_a_wrong_key_is_told_in_words(clip):
    with taker() as server:
        code, said = publish(server.url("wrong"), clip)
    assert code == 1
    status = named(said, "status")[-1]
    assert (status["level"], status["code"]) == ("error", "NetStream.Publish.BadName")
    assert status["description"] == "No such stream key."


def test_an_answer_may_come_later(clip):
    with taker() as server:
        code, said = publish(server.url("later"), clip, "--fast")
        events = server.events()
    assert code == 0 and named(said, "publishing")[0]["ms"] >= 900
    assert named(events, "unpublished")


def test_ffmpeg_publishes_and_shows_why_it_is_refused(clip, tmp_path):
    with taker("--flv", tmp_path / "out.flv") as server:
        done = ffmpeg("-i", clip, "-c", "copy", "-f", "flv", server.url())
        events = server.events()
    assert done.returncode == 0, done.stderr
    assert named(events, "unpublished") and not named(events, "notice")
    assert frames(tmp_path / "out.flv") == frames(clip)
    with taker() as server:
        done = ffmpeg("-i", clip, "-c", "copy", "-f", "flv", server.url("wrong"))
    assert done.returncode != 0 and "No such stream key." in done.stderr


@pytest.mark.skipif(not shutil.which("gst-launch-1.0"), reason="gstreamer is not installed")
@pytest.mark.parametrize("sink", ["rtmp2sink", "rtmpsink"])
def test_gstreamer_publishes(sink):
    if subprocess.run(["gst-inspect-1.0", sink], capture_output=True).returncode != 0:
        pytest.skip(f"gstreamer without {sink}")
    with taker() as server:
        subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=60", "!", "x264enc", "tune=zerolatency", "!",
                        "flvmux", "streamable=true", "!", sink, f"location={server.url()}"], check=True, timeout=60)
        events = server.events()
    assert named(events, "unpublished")[0]["video"] >= 60
    assert not named(events, "failed")


@pytest.mark.parametrize("bytes_sent", [0, 1, 2, 1536, 1537, 2000, 3073, 3100])
def test_a_torn_handshake_is_let_go_in_time(clip, bytes_sent):
    with taker("--setup-ms", 300) as server:
        code, _ = publish(server.url(), clip, "--torn-handshake", bytes_sent)
        events = server.events()
    assert code == 0
    assert "no publish request" in named(events, "failed")[0]["reason"]


@pytest.mark.parametrize("where", ["start", "handshake", "publish"])
@pytest.mark.parametrize("seed", range(8))
def test_noise_ends_the_session_and_nothing_else(clip, where, seed):
    with taker("--setup-ms", 1000, peers=2) as server:
        code, _ = publish(server.url(), clip, "--random", seed, 200_000, "--random-at", where, "--patience", 10)
        assert code == 0
        good, _ = publish(server.url(), clip, "--fast", "--seconds", 0.5)
        assert good == 0
        events = server.events()
    assert len(named(events, "unpublished")) == 1


def test_a_publisher_that_stops_reading_is_served(clip):
    with taker() as server:
        code, _ = publish(server.url(), clip, "--fast", "--stop-reading", "--loop", 20, "--no-finish")
        events = server.events()
    assert code == 0
    assert named(events, "eof")[0]["video"] >= 20 * 60
