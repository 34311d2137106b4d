"""segmenter alone: what ffmpeg pipes into it comes out whole, whatever the container, and whatever is killed."""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

import pytest

import flv
import harness

SEGMENTER = harness.program("segmenter")
CHECK = str(harness.TOOLS / "ledger_check")


def make(path, *, seconds=12, video=True, audio=True, gop=60, bframes=2, rate="30", fmt="flv", extra=()):
    command = ["ffmpeg", "-v", "error", "-y"]
    if video:
        command += ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={rate}:duration={seconds}"]
    if audio:
        command += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}"]
    if video:
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-g", str(gop), "-bf", str(bframes), "-sc_threshold", "0"]
    if audio:
        command += ["-c:a", "aac"]
    subprocess.run([*command, *extra, "-f", fmt, str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return make(tmp_path_factory.mktemp("media") / "source.flv")


def packets(path, kind):
    out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", kind, "-count_packets", "-show_entries",
                          "stream=nb_read_packets", "-of", "csv=p=0", str(path)], check=True, capture_output=True, text=True).stdout
    return int(out.split()[0].strip(","))


def check(ledger, *expected):
    """The checker's findings by rendition; fails the test when it finds a fault."""
    done = subprocess.run([CHECK, str(ledger), *expected], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return {row["rendition"]: row for row in map(json.loads, done.stdout.splitlines())}


def joined(ledger, rendition, out):
    """Init and segments as one file, as a player would fetch them."""
    folder = pathlib.Path(ledger) / rendition
    segments = sorted(folder.glob("*.m4s"), key=lambda p: int(p.stem))
    with open(out, "wb") as file:
        for path in [folder / "init-0.mp4", *segments]:
            file.write(path.read_bytes())
    return out


def decode_errors(path):
    return subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "null", "-"], capture_output=True, text=True).stderr


@pytest.mark.parametrize("container", ["flv", "mpegts", "nut", "matroska"])
def test_ffmpeg_pipes_into_it(source, tmp_path, container):
    ledger = tmp_path / "ledger"
    feed = subprocess.Popen(["ffmpeg", "-v", "error", "-i", str(source), "-c", "copy", "-f", container, "-"], stdout=subprocess.PIPE)
    done = subprocess.run([SEGMENTER, str(ledger)], stdin=feed.stdout, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0 and "packets_dropped=0 packets_damaged=0 " in done.stderr, done.stderr
    feed.stdout.close()
    feed.wait()
    found = check(ledger, f"source={packets(source, 'v')}", f"audio={packets(source, 'a')}")
    assert found["source"]["ended"] and found["source"]["forced_segments"] == 0
    for rendition in ("source", "audio"):
        assert decode_errors(joined(ledger, rendition, tmp_path / f"{rendition}.mp4")) == ""


THROUGH_FFMPEG = "ffmpeg -v error -i - -c copy -max_interleave_delta 500000 -f flv -"


# A clock that goes back ffmpeg itself makes a standstill of.
@pytest.mark.parametrize("milliseconds,kind,through", [(30_000, flv.VIDEO, ""), (30_000, flv.AUDIO, ""), (-4_000, flv.VIDEO, ""), (3_600_000, flv.AUDIO, ""),
                                                       (30_000, flv.VIDEO, THROUGH_FFMPEG), (30_000, flv.AUDIO, THROUGH_FFMPEG)])
def test_a_leap_of_one_track_costs_nothing(source, tmp_path, milliseconds, kind, through):
    tags = flv.read(source)
    flv.write(tmp_path / "leaps.flv", [*flv.between(tags, 0, 5_000),
                                       *(tag._replace(ms=tag.ms + milliseconds * (tag.kind == kind)) for tag in tags if tag.ms >= 5_000)])
    leaping = (tmp_path / "leaps.flv").read_bytes()
    if through:
        leaping = subprocess.run(through.split(), input=leaping, stdout=subprocess.PIPE, check=True).stdout
    ledger = tmp_path / "ledger"
    assert subprocess.run([SEGMENTER, str(ledger)], input=leaping).returncode == 0
    found = check(ledger, f"source={packets(source, 'v')}", f"audio={packets(source, 'a')}")
    assert found["source"]["forced_segments"] == 0
    assert not any("G" in row[11] or "D" in row[11] for row in parts(ledger))


@pytest.mark.parametrize("codec,args", [
    ("libx265", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=60"]),
    ("libvpx-vp9", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]),
    ("libsvtav1", ["-c:v", "libsvtav1", "-preset", "12"]),
])
def test_other_codecs(tmp_path, codec, args):
    encoders = subprocess.run(["ffmpeg", "-hide_banner", "-encoders"], capture_output=True, text=True).stdout
    if codec not in encoders or "libopus" not in encoders:
        pytest.skip(f"this ffmpeg has no {codec}")
    path = tmp_path / "in.mkv"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=5", "-f", "lavfi",
                    "-i", "sine=frequency=440:sample_rate=48000:duration=5", *args, "-g", "60", "-c:a", "libopus", "-f", "matroska",
                    str(path)], check=True, capture_output=True)
    ledger = tmp_path / "ledger"
    with open(path, "rb") as feed:
        assert subprocess.run([SEGMENTER, str(ledger)], stdin=feed).returncode == 0
    check(ledger, "source=150")
    for rendition in ("source", "audio"):
        assert decode_errors(joined(ledger, rendition, tmp_path / f"{rendition}.mp4")) == ""


def parts(ledger):
    """The index's lines of parts, without the time of writing and the checksum."""
    rows = [line.split() for line in (ledger / "index").read_text().splitlines() if line.startswith("P ")]
    return [row[:10] + row[11:-1] for row in rows]


@pytest.mark.parametrize("what", [{"bframes": 2}, {"bframes": 0, "rate": "30000/1001"}, {"audio": False}, {"video": False}])
def test_plain_flv_is_read_as_libavformat_reads_it(tmp_path, what):
    flv = make(tmp_path / "a.flv", seconds=8, **what)
    written = []
    for name, command in (("own", SEGMENTER), ("libav", pathlib.Path(SEGMENTER).parent.parent / "libexec/sluice/segmenter-libav")):
        with open(flv, "rb") as file:
            subprocess.run([command, tmp_path / name], stdin=file, check=True, stderr=subprocess.DEVNULL)
        written.append(({path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).glob("*/*.m4s")}, parts(tmp_path / name)))
    assert written[0][1] == written[1][1] and len(written[0][1]) >= 16
    assert written[0][0] == written[1][0]


def test_without_its_other_half_it_says_what_is_missing(source, tmp_path):
    (tmp_path / "bin").mkdir()
    alone = shutil.copy(SEGMENTER, tmp_path / "bin" / "segmenter")
    with open(source, "rb") as file:
        assert subprocess.run([alone, tmp_path / "flv"], stdin=file, stderr=subprocess.DEVNULL).returncode == 0
    with open(source, "rb") as file:
        done = subprocess.run([alone, "--format", "ts", tmp_path / "ts"], stdin=file, capture_output=True, text=True)
    assert done.returncode == 1 and "libexec/sluice/segmenter-libav" in done.stderr and "hint:" in done.stderr


def test_kill_nine_loses_and_repeats_nothing(source, tmp_path):
    """Twenty kills at random moments; each successor is fed again from before the ledger's end, as ingestd does."""
    seed = int(os.environ.get("SLUICE_SEED", random.SystemRandom().randrange(10**6)))
    print("SLUICE_SEED", seed)
    dice = random.Random(seed)
    # A stream that knows its epoch is told from a stranger's, and keeps its times.
    own = tmp_path / "own.nut"
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(source), "-c", "copy", "-metadata", "sluice_epoch_ms=1700000000000",
                    "-f", "nut", str(own)], check=True)
    data = own.read_bytes()
    ledger = tmp_path / "ledger"
    environment = {**os.environ, "SLUICE_FED": "1", "SLUICE_LEDGER": str(ledger)}
    for _ in range(20):
        feed = subprocess.Popen([SEGMENTER], stdin=subprocess.PIPE, env=environment, stderr=subprocess.DEVNULL)
        stop = dice.randrange(len(data))
        try:
            for at in range(0, stop, 65536):
                feed.stdin.write(data[at:min(stop, at + 65536)])
            feed.stdin.flush()
        except BrokenPipeError:
            pass
        feed.send_signal(signal.SIGKILL)
        feed.wait()
    (ledger / "end").touch()
    assert subprocess.run([SEGMENTER], input=data, env=environment, stderr=subprocess.DEVNULL).returncode == 0
    found = check(ledger, f"source={packets(source, 'v')}", f"audio={packets(source, 'a')}")
    assert found["source"]["ended"]
    for rendition in ("source", "audio"):
        assert decode_errors(joined(ledger, rendition, tmp_path / f"{rendition}.mp4")) == ""


def test_torn_tails_are_cut(source, tmp_path):
    ledger = tmp_path / "ledger"
    data = source.read_bytes()
    environment = {**os.environ, "SLUICE_FED": "1"}
    assert subprocess.run([SEGMENTER, str(ledger)], input=data[: len(data) // 2], env=environment).returncode == 0
    index = (ledger / "index").read_bytes()
    (ledger / "index").write_bytes(index + b"P source 5 0 0 12")
    last = sorted((ledger / "source").glob("*.m4s"), key=lambda p: int(p.stem))[-1]
    size = last.stat().st_size
    with open(last, "ab") as file:
        file.write(b"\0" * 1000)
    (ledger / "source" / "99.m4s").write_bytes(b"half a part")
    assert subprocess.run([SEGMENTER, "--finish", str(ledger)]).returncode == 0
    assert last.stat().st_size == size and not (ledger / "source" / "99.m4s").exists()
    assert (ledger / "index").read_bytes().startswith(index)
    assert check(ledger)["source"]["ended"]
    assert subprocess.run([SEGMENTER, "--finish", str(ledger)]).returncode == 0


def test_only_the_feeder_ends_a_fed_stream(source, tmp_path):
    ledger = tmp_path / "ledger"
    run = lambda: subprocess.run([SEGMENTER, "--fed", str(ledger)], input=source.read_bytes(), stderr=subprocess.DEVNULL).returncode
    assert run() == 0
    assert not check(ledger)["source"]["ended"]
    (ledger / "end").touch()
    assert run() == 0
    assert check(ledger)["source"]["ended"]
    assert run() == 1, "a stream that has ended is not written again"


def test_a_second_writer_is_temporarily_refused(source, tmp_path):
    ledger = tmp_path / "ledger"
    first = subprocess.Popen([SEGMENTER, str(ledger)], stdin=subprocess.PIPE)
    deadline = time.monotonic() + 10
    while not (ledger / "index").exists() and time.monotonic() < deadline:
        os.sched_yield()
    second = subprocess.run([SEGMENTER, str(ledger)], input=source.read_bytes(), capture_output=True)
    assert second.returncode == 75 and b"another writer" in second.stderr
    first.communicate(source.read_bytes())
    assert first.returncode == 0
    check(ledger)


def test_dvr_window_removes_what_is_old(tmp_path):
    source = make(tmp_path / "long.flv", seconds=60, audio=True, bframes=0)
    ledger = tmp_path / "ledger"
    assert subprocess.run([SEGMENTER, "--dvr-window", "20s", str(ledger)], input=source.read_bytes()).returncode == 0
    kept = sorted(int(p.stem) for p in (ledger / "source").glob("*.m4s"))
    found = check(ledger)
    listed = found["source"]["segments"]
    assert 10 <= listed <= 14 and listed == found["audio"]["segments"]
    assert kept == list(range(30 - listed - 6, 30)), "players may still ask for six more"


def test_a_full_disk_stops_neither_live_nor_the_program(source, tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", str(mount)], capture_output=True).returncode != 0:
        pytest.skip("may not mount a small file system")
    try:
        big = make(tmp_path / "big.flv", seconds=40, bframes=0)
        ledger = mount / "ledger"
        done = subprocess.run([SEGMENTER, str(ledger)], input=big.read_bytes(), capture_output=True)
        assert done.returncode == 0, done.stderr
        found = check(ledger)
        assert found["source"]["ended"] and found["source"]["end_s"] > 39.9
        assert found["source"]["segments"] < 20, "the oldest segments gave way"
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_what_readers_have_open_takes_no_room_on_a_full_disk(tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2000k", "tmpfs", str(mount)], capture_output=True).returncode != 0:
        pytest.skip("may not mount a small file system")
    held = []
    try:
        media = make(tmp_path / "big.flv", seconds=40, bframes=0).read_bytes()
        ledger = mount / "ledger"
        with subprocess.Popen([SEGMENTER, str(ledger)], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
            writer.stdin.write(media[:1_500_000])
            writer.stdin.flush()
            deadline = time.monotonic() + 20
            while sum(path.stat().st_size for path in ledger.glob("*/*.m4s")) < 1_200_000:
                assert time.monotonic() < deadline, "too little was written"
                os.sched_yield()
            held = [open(path, "rb") for path in ledger.glob("*/*.m4s")]  # as origind has what it served lately
            _, said = writer.communicate(media[1_500_000:])
        assert writer.returncode == 0 and b"segments_removed=0" not in said, said
        assert b"parts_lost=0" in said, said
        check(ledger)
    finally:
        for file in held:
            file.close()
        subprocess.run(["umount", str(mount)], check=True)


@pytest.mark.parametrize("what", [dict(video=False), dict(audio=False), dict(gop=250), dict(gop=7, rate="30000/1001"), dict(rate="24000/1001")])
def test_streams_of_every_kind(tmp_path, what):
    source = make(tmp_path / "in.flv", **what)
    ledger = tmp_path / "ledger"
    assert subprocess.run([SEGMENTER, str(ledger)], input=source.read_bytes()).returncode == 0
    expected = [f"{name}={packets(source, kind)}" for name, kind in (("source", "v"), ("audio", "a")) if what.get(
        "video" if kind == "v" else "audio", True)]
    found = check(ledger, *expected)
    for rendition in found:
        assert decode_errors(joined(ledger, rendition, tmp_path / f"{rendition}.mp4")) == ""


def test_terminating_it_ends_the_stream_well(source, tmp_path):
    ledger = tmp_path / "ledger"
    feed = subprocess.Popen([SEGMENTER, str(ledger)], stdin=subprocess.PIPE)
    feed.stdin.write(source.read_bytes()[:300_000])
    feed.stdin.flush()
    index = ledger / "index"
    deadline = time.monotonic() + 10
    while not (index.exists() and b"\nP " in index.read_bytes()):
        assert time.monotonic() < deadline, "no part was written"
        os.sched_yield()
    feed.terminate()
    assert feed.wait(10) == 0
    feed.stdin.close()
    assert check(ledger)["source"]["ended"]


def takes_signals(process, program):
    """Whether it is that program by now, with SIGTERM in its mask: blocked, for a thread to wait for, or caught (proc(5))."""
    about = pathlib.Path(f"/proc/{process.pid}")
    lines = dict(line.split(":", 1) for line in (about / "status").read_text().splitlines())
    mask = int(lines["SigCgt" if program == "transcode" else "SigBlk"], 16)
    return (about / "exe").readlink().name == program and mask >> (signal.SIGTERM - 1) & 1


@pytest.mark.parametrize("command,begin,becomes", [
    ("segmenter", b"", "segmenter"),
    ("segmenter", b"F", "segmenter"),
    ("segmenter", b"FLV\1\5\0\0\0\x09\0\0\0\0", "segmenter"),
    ("segmenter", b"\x47" * 8, "segmenter-libav"),
    ("segmenter --format ts", b"", "segmenter-libav"),
    ("transcode", b"", "transcode"),
    ("transcode", b"FLV", "transcode"),
])
@pytest.mark.parametrize("number,status", [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_before_the_stream_has_begun(tmp_path, command, begin, becomes, number, status):
    program, *options = command.split()
    arguments = [*options, tmp_path / "ledger"] if program == "segmenter" else options
    with subprocess.Popen([harness.program(program), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
        waiting.stdin.write(begin)
        waiting.stdin.flush()
        harness.wait_for(lambda: takes_signals(waiting, becomes), 20, "its signals")
        waiting.send_signal(number)
        assert waiting.wait(20) == status
        assert waiting.stderr.read() == b""


@pytest.mark.parametrize("window", [[], ["--dvr-window", "6s"]])
def test_plain_playlists_play_without_origind(source, tmp_path, window):
    ledger = tmp_path / "ledger"
    assert subprocess.run([SEGMENTER, "--playlists", *window, str(ledger)], input=source.read_bytes()).returncode == 0
    master = (ledger / "master.m3u8").read_text()
    assert "source/playlist.m3u8" in master and "audio/playlist.m3u8" in master
    playlist = (ledger / "source" / "playlist.m3u8").read_text()
    assert "#EXT-X-ENDLIST" in playlist and "EXT-X-PART" not in playlist
    assert not list(ledger.rglob("*.tmp"))
    frames = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames",
                             "-of", "csv=p=0", str(ledger / "master.m3u8")], check=True, capture_output=True, text=True).stdout
    assert int(frames.split()[0].strip(",")) == packets(source, "v")


def test_ts_segments_each_stand_alone(source, tmp_path):
    ledger = tmp_path / "ledger"
    assert subprocess.run([SEGMENTER, "--format", "ts", "--playlists", str(ledger)], input=source.read_bytes()).returncode == 0
    check(ledger)
    for rendition, kind in (("source", "v"), ("audio", "a")):
        segments = sorted((ledger / rendition).glob("*.ts"), key=lambda p: int(p.stem))
        assert decode_errors(segments[2]) == ""
        assert all(s.stat().st_size % 188 == 0 for s in segments)
        whole = tmp_path / f"{rendition}.ts"
        whole.write_bytes(b"".join(s.read_bytes() for s in segments))
        assert packets(whole, kind) == packets(source, kind)
        assert decode_errors(whole) == ""


@pytest.mark.parametrize("before, anywhere", [([], True), (["--source", "copy"], True), (["--source", "encode"], False)], ids=["alone", "copied", "encoded"])
def test_the_ledger_says_where_nobody_sees_to_keyframes(source, tmp_path, before, anywhere):
    command = [SEGMENTER, str(tmp_path / "ledger")]
    if before:
        command = ["sh", "-c", '"$0" --ladder none "$@" | "$SEGMENTER" "$LEDGER"', harness.program("transcode"), *before]
    with open(source, "rb") as media:
        subprocess.run(command, stdin=media, check=True, capture_output=True, timeout=60,
                       env={**os.environ, "SEGMENTER": SEGMENTER, "LEDGER": str(tmp_path / "ledger")})
    check(tmp_path / "ledger")
    header = (tmp_path / "ledger" / "index").read_text().splitlines()[0].split(" ")
    assert header[0] == "L" and (header[-2] == "anywhere") == anywhere, header


@pytest.mark.parametrize("options, named", [(["--part", "10ms"], "--part"), (["--part", "0"], "--part"), (["--part", "3s"], "--segment"),
                                            (["--segment", "90s"], "--segment"), (["--stream", "ABC"], "--stream"), (["--channel", "a b"], "--channel")])
def test_what_a_ledger_could_not_say_is_refused_before_anything_is_made(options, named, tmp_path):
    ledger = tmp_path / "ledger"
    done = subprocess.run([SEGMENTER, *options, str(ledger)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and named in done.stderr and not ledger.exists(), done
