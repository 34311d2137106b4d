"""transcode with real sources: the same frames and keyframes in every rung, the source untouched, streams taken up anywhere."""
import os
import re
import subprocess

import pytest

from harness import free_port, get, program, tool, wait_for

SECONDS = 6
FPS = 30


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """One clip (B-frames, 2 s GOP, AAC) in the containers that publishers and files bring."""
    folder = tmp_path_factory.mktemp("clips")
    make(folder / "clip.mp4", "-g", "60", "-bf", "2")
    for form in ("flv", "mpegts", "matroska", "nut"):
        ffmpeg("-i", folder / "clip.mp4", "-c", "copy", "-f", form, folder / form)
    return folder


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


def make(path, *codec, size="1280x720", rate=FPS, seconds=SECONDS, audio=("-c:a", "aac"), form=()):
    """A moving picture and a tone, encoded cheaply."""
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}", "-f", "lavfi", "-i", "sine=sample_rate=48000",
           "-t", seconds, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", *codec, *audio, *form, path)


def transcode(source, *options, env=None, code=0):
    """(bytes out, log) of transcode over a file or bytes."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    done = subprocess.run([program("transcode"), *options], input=data, capture_output=True, timeout=120,
                          env={**os.environ, **(env or {})})
    assert done.returncode == code, done.stderr.decode()
    return done.stdout, done.stderr.decode()


def header(source, *pairs):
    """The stream as a media pipe with this metadata."""
    return subprocess.run([tool("pipetool"), "copy", *pairs], input=source.read_bytes(), capture_output=True, check=True).stdout


class Listing:
    """What `pipetool list` says of a pipe."""

    def __init__(self, pipe):
        text = subprocess.run([tool("pipetool"), "list"], input=pipe, capture_output=True, check=True).stdout.decode()
        rows = [line.split(" ") for line in text.splitlines()]
        self.names = [row[3] for row in rows if row[0] == "track"]
        self.tracks = {row[3]: row for row in rows if row[0] == "track"}
        self.packets = [row for row in rows if row[0] == "packet"]
        self.notices = [row[1:] for row in rows if row[0] == "notice"]

    def of(self, name):
        index = str(self.names.index(name))
        return [row for row in self.packets if row[1] == index]

    def pts(self, name):
        return sorted(int(row[3]) for row in self.of(name))

    def keys(self, name):
        return sorted(int(row[3]) for row in self.of(name) if row[5] == "1")


@pytest.mark.parametrize("form", ["flv", "mpegts", "matroska", "nut"])
def test_every_rung_has_every_frame_and_the_same_keyframes(clips, form):
    out, log = transcode(clips / form, "--ladder", "480p30,360p30,source")
    listing = Listing(out)
    assert listing.names == ["source", "480p30", "360p30", "audio"]
    assert "passed through" in log
    assert len(listing.of("source")) == SECONDS * FPS
    for rung in ("480p30", "360p30"):
        assert listing.pts(rung) == listing.pts("source")
        assert listing.keys(rung) == listing.keys("source")
        assert all(row[2] == row[3] for row in listing.of(rung)), "an encoded frame's dts is its pts"
    assert len(listing.keys("source")) == 3


def test_ffprobe_decodes_every_track_from_the_pipe(clips):
    out, _ = transcode(clips / "flv", "--ladder", "480p30,360p30,source")
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=height,nb_read_frames:stream_tags=rendition", "-of",
         "csv=p=0", "-"], input=out, capture_output=True, check=True)
    assert probe.stderr == b""
    rows = [row for row in probe.stdout.decode().split() if "audio" not in row]
    assert rows == [f"{height},{SECONDS * FPS},{name}" for height, name in ((720, "source"), (480, "480p30"), (360, "360p30"))]


def test_ffplay_plays_the_pipe(clips):
    out, _ = transcode(clips / "flv", "--ladder", "360p30,source")
    played = subprocess.run(["ffplay", "-v", "error", "-autoexit", "-t", "1", "-"], input=out, capture_output=True, timeout=60,
                            env={**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"})
    assert played.returncode == 0
    assert b"Invalid" not in played.stderr


def test_passing_through_changes_no_bit(clips):
    before = Listing(header(clips / "flv"))
    out, _ = transcode(clips / "flv", "--ladder", "none")
    assert Listing(out).packets == before.packets
    out, _ = transcode(clips / "flv", "--ladder", "360p30,source")
    assert [row[2:] for row in Listing(out).of("source")] == [row[2:] for row in before.of("source")]
    assert [row[2:] for row in Listing(out).of("audio")] == [row[2:] for row in before.of("audio")]


def test_no_rung_above_the_source(tmp_path):
    make(tmp_path / "small.flv", "-g", "60", size="640x360", seconds=1)
    out, _ = transcode(tmp_path / "small.flv", "--cores", "16")
    assert Listing(out).names == ["source", "audio"]
    out, log = transcode(tmp_path / "small.flv", "--ladder", "720p30,480p30,360p30:500")
    assert Listing(out).names == ["360p30", "audio"]
    assert "left out 720p30" in log and "left out 480p30" in log


def test_a_rung_of_half_the_frames(tmp_path):
    make(tmp_path / "fast.flv", "-g", "120", rate=60, seconds=4)
    out, _ = transcode(tmp_path / "fast.flv", "--ladder", "480p60,360p30,source")
    listing = Listing(out)
    assert listing.pts("480p60") == listing.pts("source")
    assert len(listing.of("360p30")) == 120
    assert listing.keys("360p30") == listing.keys("source") == listing.keys("480p60")


@pytest.mark.parametrize("end", [0, 33_000, 1_000_000, 2_017_000, 3_333_333, 5_990_000])
def test_taking_up_a_stream_gives_exactly_the_missing_frames(clips, end):
    whole = Listing(transcode(clips / "flv", "--ladder", "480p30,360p30,source")[0])
    fed = header(clips / "flv", f"sluice_resume=source={end},480p30={end},360p30={end // 2},audio={end}")
    rest = Listing(transcode(fed, "--ladder", "480p30,360p30,source")[0])
    half_frame = 1_000_000 / FPS / 2
    for rung, rung_end in (("480p30", end), ("360p30", end // 2)):
        missing = [pts for pts in whole.pts(rung) if pts / 0.09 + half_frame >= rung_end]
        assert rest.pts(rung) == missing
        assert rest.keys(rung)[0] == missing[0], "the first frame is an IDR"
        assert set(whole.keys(rung)) & set(missing) <= set(rest.keys(rung)), "the others stand where they stood"
    assert [row[2:] for row in rest.of("source")] == [row[2:] for row in whole.of("source")]


def test_a_long_gop_told_by_x264_is_encoded_at_once(tmp_path):
    make(tmp_path / "obs.flv", "-g", "250")
    out, log = transcode(tmp_path / "obs.flv", "--ladder", "360p30,source")
    listing = Listing(out)
    assert "x264 keyframe interval 250 frames" in log
    assert listing.pts("source") == listing.pts("360p30")
    assert listing.keys("source") == listing.keys("360p30")
    keys = listing.keys("source")
    assert len(keys) == 3 and all(abs(b - a - 180_000) <= 3000 for a, b in zip(keys, keys[1:]))


@pytest.fixture(scope="module")
def silent_long_gop(tmp_path_factory):
    """A GOP of over eight seconds from an encoder that does not tell."""
    path = tmp_path_factory.mktemp("long") / "long.flv"
    make(path, "-g", "250", "-bsf:v", "filter_units=remove_types=6")
    return path


def test_a_long_gop_that_must_be_seen_is_encoded_standing_alone(silent_long_gop):
    out, log = transcode(silent_long_gop, "--ladder", "360p30,source")
    assert "source=encoded" in log
    assert len(Listing(out).keys("source")) == 3


def test_a_long_gop_under_ingestd_asks_for_the_next_generation(silent_long_gop, tmp_path):
    env = {"SLUICE_FED": "1", "SLUICE_LEDGER": str(tmp_path)}
    ladder = ("--ladder", "360p30,source")
    first, log = transcode(silent_long_gop, *ladder, env=env, code=75)
    assert "keyframe interval" in log
    listing = Listing(first)
    assert listing.pts("source") == listing.pts("360p30")
    end = round((listing.pts("source")[-1] + 3000) / 0.09)
    assert 2_000_000 < end < 2_430_000
    second, log = transcode(header(silent_long_gop, f"sluice_resume=source={end},360p30={end}"), *ladder, env=env)
    rest = Listing(second)
    assert "source=encoded" in log
    frames = listing.pts("source") + rest.pts("source")
    assert len(frames) == len(set(frames)) == SECONDS * FPS, "every frame once"
    assert rest.keys("source")[0] == rest.pts("source")[0]
    assert abs(int((tmp_path / "pause").read_text().split()[0]) - end) < 2_000, "where it left off"
    # A new publisher is judged anew.
    _, log = transcode(header(silent_long_gop, "sluice_discontinuity=1"), *ladder, env=env, code=75)
    assert "passed through" in log


@pytest.mark.parametrize("audio, codec", [(("-c:a", "libopus"), "opus"), (("-c:a", "mp3"), "mp3"), (("-c:a", "ac3"), "ac3")])
def test_other_audio_becomes_aac_of_the_same_length(tmp_path, audio, codec):
    make(tmp_path / "other.mkv", "-g", "60", audio=audio, seconds=3)
    listing = Listing(transcode(tmp_path / "other.mkv", "--ladder", "none")[0])
    assert listing.tracks["audio"][2] == "aac"
    times = listing.pts("audio")
    assert all(b - a == 1024 for a, b in zip(times, times[1:]))
    assert abs(times[-1] + 1024 - 3 * 48_000) < 3 * 1024


@pytest.mark.parametrize("left_out, tracks", [("-vn", ["audio"]), ("-an", ["source", "360p30"])])
def test_audio_alone_and_video_alone(clips, tmp_path, left_out, tracks):
    ffmpeg("-i", clips / "clip.mp4", left_out, "-c", "copy", tmp_path / "alone.flv")
    assert Listing(transcode(tmp_path / "alone.flv", "--ladder", "360p30,source")[0]).names == tracks


def test_damage_is_counted_and_ends_nothing(clips):
    data = bytearray((clips / "mpegts").read_bytes())
    for at in range(100_000, len(data) - 100_000, 50_003):
        data[at] ^= 0xFF
    out, log = transcode(bytes(data), "--ladder", "360p30,source")
    assert "damaged input" in log
    assert len(Listing(out).of("360p30")) > SECONDS * FPS * 0.8


def test_a_ready_made_ladder_is_passed_through(clips, tmp_path):
    ffmpeg("-i", clips / "clip.mp4", "-map", "0:v", "-map", "0:v", "-map", "0:a", "-c", "copy", "-f", "matroska", tmp_path / "two")
    out, _ = transcode(tmp_path / "two")
    listing = Listing(out)
    assert listing.names == ["720p30", "720p30-2", "audio"]
    assert len(listing.of("720p30")) == len(listing.of("720p30-2")) == SECONDS * FPS


def test_what_is_no_media_is_refused():
    _, log = transcode(b"no media " * 1000, code=1)
    assert "transcode: " in log
    _, log = transcode(b"", code=1)
    assert "empty" in log
    _, log = transcode(b"", "--ladder", "720", code=2)
    assert "hint" in log


def test_a_packet_comes_out_before_the_next_goes_in(clips):
    """The first frames of a live source come out while nothing more is sent: no probing, no waiting for tracks to line up."""
    pipe = header(clips / "flv", "sluice_epoch_ms=1")
    with subprocess.Popen([program("transcode"), "--ladder", "none"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, env={**os.environ, "SLUICE_FED": "1"}) as running:
        running.stdin.write(pipe[:200_000])
        running.stdin.flush()
        got = b""
        while len(got) < 190_000:
            got += os.read(running.stdout.fileno(), 1 << 16)
        running.kill()


def test_sigterm_finishes_what_was_read(clips):
    pipe = header(clips / "flv", "sluice_epoch_ms=1")
    with subprocess.Popen([program("transcode"), "--ladder", "360p30,source"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as running:
        running.stdin.write(pipe[:400_000])
        running.stdin.flush()
        got = os.read(running.stdout.fileno(), 1 << 16)
        running.terminate()
        while more := os.read(running.stdout.fileno(), 1 << 16):
            got += more
        assert running.wait(30) == 0
    listing = Listing(got)
    assert listing.pts("360p30") == listing.pts("source") != []


def test_metrics_tell_lag_and_shed_rungs(clips):
    port = free_port()
    with subprocess.Popen([program("transcode"), "--ladder", "360p30,source", "--metrics", f"127.0.0.1:{port}"], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        running.stdin.write(header(clips / "flv")[:400_000])
        running.stdin.flush()

        def shown():
            try:
                text = get(f"http://127.0.0.1:{port}/metrics")[2].decode()
            except OSError:
                return None
            return text if 'sluice_transcode_rung_shed{rendition="360p30"} 0' in text else None

        assert "sluice_transcode_lag_seconds" in wait_for(shown)
        running.stdin.close()
        assert running.wait(30) == 0


def test_a_machine_that_cannot_keep_up_sheds_the_dearest_rung(tmp_path):
    """An impossible load on one processor, at the rate of a live source: rungs go by price, the notice stands in the pipe,
    and what is sent of a rung is whole up to it."""
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=60,noise=alls=60:allf=t", "-t", 2, "-c:v", "libx264", "-preset",
           "ultrafast", "-g", "60", "-b:v", "10M", "-pix_fmt", "yuv420p", tmp_path / "hard.flv")
    feed = subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", "5", "-i", tmp_path / "hard.flv", "-c",
                             "copy", "-f", "flv", "-"], stdout=subprocess.PIPE)
    core = str(min(os.sched_getaffinity(0)))
    done = subprocess.run(["taskset", "-c", core, program("transcode"), "--shed", "on", "--preset", "medium", "--cores", "1", "--ladder",
                           "1080p60,720p60,360p30,source", "--shed-lag", "500ms"], stdin=feed.stdout, capture_output=True, timeout=200)
    feed.wait()
    log = done.stderr.decode()
    assert done.returncode == 0, log
    listing = Listing(done.stdout)
    shed = [notice[0] for notice in listing.notices if notice[1] == "shed"]
    assert shed[:1] == ["1080p60"], log
    assert re.findall(r"rung shed rendition=(\S+)", log)[:len(shed)] == shed
    assert "source" not in shed
    assert len(listing.of("source")) == 720, "the source is whole"
    at = next(int(notice[2]) for notice in listing.notices if notice[0] == "1080p60")
    sent = listing.pts("1080p60")
    assert sent == [pts for pts in listing.pts("source") if pts / 0.09 < at - 1000]
