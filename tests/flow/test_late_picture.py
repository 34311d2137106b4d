"""A picture that is announced and comes seconds after the sound: the stream goes live with the sound alone, loses none of it, and the
picture joins."""
import subprocess

import pytest

import flv
from harness import get, program, tool, wait_for
from ingest import KEY, assert_lint, assert_unbroken, ended, records
from srt_caller import Caller
from stage import Stage, assert_clean, watching
from transport import PACKETS, VIDEO, send, stuffing

LATE, BOTH = 4, 6  # s


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Both sequence headers at the start, then sound, then both."""
    folder = tmp_path_factory.mktemp("late")
    picture = flv.make(folder / "picture.flv", seconds=BOTH, gop=30)
    sound = flv.make(folder / "sound.flv", size="64x64", seconds=LATE + BOTH)
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", str(sound), "-itsoffset", str(LATE), "-i", str(picture), "-map", "0:a", "-map", "1:v", "-c", "copy",
                    str(folder / "late.flv")], check=True)
    return folder / "late.flv"


def by_rtmp(stage, clip):
    return subprocess.Popen([tool("rtmp_publish"), stage.ingest.url(), str(clip)], stdout=subprocess.DEVNULL)


def by_ffmpeg(stage, clip):
    """Its muxer waits for the picture, then sends the sound before it all at once."""
    return subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-re", "-i", str(clip), "-c", "copy", "-f", "flv", stage.ingest.url()])


def checked(stage, watch, clip, lost=0):
    ledger = stage.ledger()
    wait_for(lambda: ended(ledger), 60, "the end record")
    assert_clean(watch)
    assert_lint(ledger)
    assert_unbroken(ledger)
    rows = records(ledger)
    joined = next(at for at, row in enumerate(rows) if row[:2] == ["R", "source"])
    before = [row for row in rows[:joined] if row[0] == "P"]
    assert before and {row[1] for row in before} == {"audio"}, "the sound was written before the picture was there"
    assert not any("G" in row[12] or "D" in row[12] for row in rows if row[0] == "P" and not lost)
    sent = {name: len([tag for tag in flv.read(clip) if tag.kind == kind and tag.data[1] == 1]) for name, kind in (("audio", flv.AUDIO), ("source", flv.VIDEO))}
    exact = [f"{name}={count}" for name, count in sent.items()] if not lost else []
    done = subprocess.run([tool("ledger_check"), str(ledger), *exact], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("publish, pipeline", [(by_rtmp, ()), (by_ffmpeg, ("--pipeline", "segmenter"))], ids=["rtmp", "ffmpeg"])
def test_by_rtmp(clip, publish, pipeline):
    with Stage(*pipeline, grace="1s") as stage:
        publisher = publish(stage, clip)
        wait_for(lambda: get(stage.url())[0] == 200, 60, "the stream")
        watch = watching(stage.url(), 120)
        assert publisher.wait(60) == 0
        checked(stage, watch, clip)


def test_by_srt(clip, tmp_path):
    made = tmp_path / "late.ts"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", str(clip), "-c", "copy", "-muxdelay", "0", "-muxpreload", "0", "-streamid", f"0:{VIDEO}", str(made)], check=True)
    data = made.read_bytes()
    first = next(at for at in range(0, len(data), 188) if (data[at + 1] & 0x1F) << 8 | data[at + 2] == VIDEO) // PACKETS * PACKETS
    with Stage("--srt-latency", "1s", grace="1s") as stage:
        with Caller(stage.ingest.srt_port, KEY) as caller:
            send(caller, data[:first], 0.1)  # as by ffmpeg
            second = first + (len(data) - first) // BOTH // PACKETS * PACKETS
            send(caller, data[first:second], 1)
            wait_for(lambda: get(stage.url())[0] == 200, 60, "the stream")
            watch = watching(stage.url(), 120)
            send(caller, data[second:], BOTH - 1)
            send(caller, stuffing(2), 2)  # what libsrt holds back when a caller closes is lost
        checked(stage, watch, clip, lost=2)
