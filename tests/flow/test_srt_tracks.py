"""SRT: a lone track, a track that comes late, another picture size and sample rate in mid-stream. The stream goes on, its playlists
are without a finding, and players in a browser play across."""
import subprocess

import pytest

from harness import get, wait_for
from ingest import KEY, assert_lint, assert_unbroken, ended, media_seconds, parts, records
from players import HlsJs
from srt_caller import Caller
from stage import Stage, assert_clean, watching
from transport import VIDEO, piece, send, stuffing, torn

LARGE, SMALL = "640x360", "320x180"


@pytest.fixture
def stage():
    with Stage("--srt-latency", "1s", grace="1s") as running:  # a busy machine is late too
        yield running


def published(stage, pieces):
    """The ledger of a stream of these (bytes, seconds), sent one after another in real time, watched by URL and checked."""
    with Caller(stage.ingest.srt_port, KEY) as caller:
        assert caller.refused is None
        watch = None
        for data, seconds in pieces:
            send(caller, data, seconds)
            if watch is None:
                wait_for(lambda: get(stage.url())[0] == 200, 60, "the stream")
                watch = watching(stage.url(), 120)
        send(caller, stuffing(2), 2)  # what libsrt holds back when a caller closes is lost
        ledger = stage.ledger()
    wait_for(lambda: ended(ledger), 60, "the end record")
    assert_clean(watch)
    assert_unbroken(ledger)
    assert_lint(ledger)
    assert not any("G" in row[12] for row in records(ledger, "P"))
    return ledger


def starts(ledger, rendition):
    """{msn: (start in seconds, flags)} of a rendition's segments."""
    scale = next(int(row[5]) for row in records(ledger, "R") if row[1] == rendition)
    return {int(row[2]): (int(row[6]) / scale, row[12]) for row in records(ledger, "P") if row[1] == rendition and row[3] == "0"}


def breaks(ledger, rendition):
    return [msn for msn, (_, flags) in starts(ledger, rendition).items() if "D" in flags]


def frames(url):
    done = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=codec_type,nb_read_packets", "-of", "csv=p=0",
                           url], capture_output=True, text=True, timeout=60)
    return {line.split(",")[0]: int(line.split(",")[1]) for line in done.stdout.split()}


@pytest.mark.parametrize("kind, track, codecs", [("audio", {"rate": 48000}, 'CODECS="mp4a.40.2"'), ("video", {"size": LARGE}, 'CODECS="avc1.')])
def test_one_track_alone(stage, tmp_path, kind, track, codecs):
    ledger = published(stage, [(piece(tmp_path / "alone.ts", seconds=6, **track), 6)])
    master = get(stage.whole(ledger))[2].decode()
    assert codecs in master and "EXT-X-MEDIA" not in master
    counted = frames(stage.whole(ledger))
    assert counted.keys() == {kind} and counted[kind] >= (6 * 30 - 1 if kind == "video" else 6 * 48000 / 1024 - 3), counted
    seen = HlsJs(stage.whole(ledger), seconds=2, sizes=1 if kind == "video" else 0).seen()
    assert (seen["audio"] > 0) == (kind == "audio") and (seen["frames"] > 0) == (kind == "video"), seen


# A track that the program's map names from the start and that is silent at first, and one that a later map brings.
@pytest.mark.parametrize("late, first, second", [
    ("audio", {"size": LARGE, "rate": 48000, "late": 3}, None),
    ("audio", {"size": LARGE}, {"size": LARGE, "rate": 48000}),
    ("source", {"rate": 48000}, {"size": LARGE, "rate": 48000}),
])
def test_a_track_that_comes_late_joins_at_a_new_segment(stage, tmp_path, late, first, second):
    pieces = [(piece(tmp_path / "first.ts", seconds=8 if second is None else 4, **first), 8 if second is None else 4)]
    if second:
        pieces.append((piece(tmp_path / "second.ts", begin=14, version=1, **second), 4))
    ledger = published(stage, pieces)
    early = starts(ledger, "source" if late == "audio" else "audio")
    came = starts(ledger, late)
    assert min(came) > 0 and min(early) == 0, (early, came)
    for msn, (start, _) in came.items():
        assert abs(start - early[msn][0]) < 0.1, (msn, came, early)
    assert all("I" in flags for _, flags in starts(ledger, "source").values())
    assert not breaks(ledger, "source") and not breaks(ledger, "audio")
    seen = HlsJs(stage.whole(ledger), seconds=2).seen()
    assert seen["frames"] > 0 and seen["audio"] > 0, seen


def test_another_size_and_sample_rate_in_mid_stream(stage, tmp_path):
    """Both change on one connection: one discontinuity each time, at the same segment everywhere, and sound goes on in the first one's ticks."""
    ledger = published(stage, [(piece(tmp_path / "1.ts", size=LARGE, rate=48000), 4),
                               (piece(tmp_path / "2.ts", begin=14, size=SMALL, rate=44100, channels=2), 4),
                               (piece(tmp_path / "3.ts", begin=18, size=LARGE, rate=48000), 4)])
    assert [row[6] for row in records(ledger, "R") if row[1] == "source"] == [LARGE, SMALL, LARGE]
    assert [row[8] for row in records(ledger, "R") if row[1] == "audio"] == ["48000/1", "44100/2", "48000/1"]
    assert {row[5] for row in records(ledger, "R") if row[1] == "audio"} == {"48000"}
    assert breaks(ledger, "source") == breaks(ledger, "audio") and len(breaks(ledger, "source")) == 2, starts(ledger, "source")
    counted = frames(stage.whole(ledger))
    assert counted["video"] >= 3 * 4 * 30 - 1, counted
    for rendition in ("source", "audio"):
        assert media_seconds(ledger, rendition) == pytest.approx(12, abs=0.3)
    seen = HlsJs(stage.whole(ledger), seconds=9, sizes=2).seen()
    assert {LARGE, SMALL} <= set(seen["sizes"]) and seen["audio"] > 0 and not seen["fatal"], seen


@pytest.mark.parametrize("encoder, rate, name", [("libopus", 48000, "Opus"), ("ac3", 48000, "AC-3"), ("mp2", 44100, "MPEG audio")])
def test_sound_of_a_codec_that_is_not_taken_is_left_out_and_told_once(stage, encoder, rate, name):
    sender = subprocess.Popen(["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", f"testsrc2=size={SMALL}:rate=30", "-f", "lavfi", "-i",
                               f"sine=440:sample_rate={rate}", "-t", "60", "-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-bf", "0",
                               "-c:a", encoder, "-strict", "-2", "-f", "mpegts", f"srt://127.0.0.1:{stage.ingest.srt_port}?streamid={KEY}"])
    try:
        stage.ingest.wait_state("live")
        told = wait_for(lambda: stage.ingest.stream().get("advice"), 60, "advice")
        assert told.startswith(name) and " (PID 257) is not taken: send " in told, told
        assert any(told in line for line in stage.ingest.ask(command="summary")["lines"])
    finally:
        sender.kill()
        sender.wait()
    ledger = stage.ledger()
    wait_for(lambda: ended(ledger), 60, "the end record")
    assert {row[1] for row in records(ledger, "R")} == {"source"}
    told = [line for line in stage.ingest.log().splitlines() if "is left out" in line]
    assert len(told) == 1 and name in told[0], told


def test_a_sender_of_whom_nothing_is_taken_leaves_nothing(stage):
    sender = subprocess.Popen(["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", "sine=440:sample_rate=48000", "-t", "60", "-c:a", "libopus",
                               "-f", "mpegts", f"srt://127.0.0.1:{stage.ingest.srt_port}?streamid={KEY}"])
    try:
        stage.ingest.wait_log("the stream stands still", 60)
        assert stage.ledger().is_dir()
    finally:
        sender.kill()
        sender.wait()
    wait_for(lambda: not stage.ingest.ledgers(), 60, "its folder to go")
    wait_for(lambda: not stage.ingest.streams(), 20, "the stream to be forgotten")
    assert "the publisher is gone" in stage.ingest.log() and "the stream goes on" not in stage.ingest.log(), stage.ingest.log()


def test_pictures_that_come_in_pieces_are_told_and_the_sound_goes_on(stage, tmp_path):
    data = torn(piece(tmp_path / "1.ts", size=LARGE, rate=48000, seconds=6), VIDEO)
    with Caller(stage.ingest.srt_port, KEY) as caller:
        send(caller, data, 6)
        stage.ingest.wait_log("comes in pieces only", 60)
        told = stage.ingest.stream()["advice"]
        assert told.startswith(f"the video (PID {VIDEO}) comes in pieces: "), told
        wait_for(lambda: parts(stage.ledger(), "audio"), 60, "sound")
    told = [line for line in stage.ingest.log().splitlines() if "comes in pieces only" in line]
    assert len(told) == 1 and "kind=video" in told[0], told


def test_pictures_without_a_keyframe_are_told(stage):
    """GStreamer's srtsink loses what mpegtsmux hands it in large pieces, which keyframes are: sound alone is left."""
    command = ["gst-launch-1.0", "-q", "mpegtsmux", "name=m", "!", "srtsink", f"uri=srt://127.0.0.1:{stage.ingest.srt_port}?streamid={KEY}",
               "videotestsrc", "is-live=true", "!", "video/x-raw,width=320,height=180,framerate=25/1", "!", "x264enc", "tune=zerolatency",
               "speed-preset=ultrafast", "key-int-max=50", "!", "h264parse", "!", "m.", "audiotestsrc", "is-live=true", "!", "audioconvert", "!",
               "voaacenc", "!", "aacparse", "!", "m."]
    sender = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        stage.ingest.wait_log("no keyframe with parameter sets", 60)
        told = stage.ingest.stream()["advice"]
        assert told.startswith("no keyframe with parameter sets comes of the video (PID 65): have the sender repeat both, "), told
    finally:
        sender.kill()
        sender.wait()
    told = [line for line in stage.ingest.log().splitlines() if "no keyframe with parameter sets" in line]
    assert len(told) == 1 and "pid=65" in told[0] and "keyframes=0" in told[0], told
