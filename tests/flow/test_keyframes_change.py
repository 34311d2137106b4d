"""A source whose keyframes are no more where they were: GOPs that grow far too long in mid-stream, and one that lasts too long because pictures
are left out while an encoder catches up. It is encoded from there on and passed through again once it is regular; no picture is lost or repeated,
and hlslint finds nothing at either change."""
import json
import os
import signal
import subprocess

import pytest

import flv
from harness import get, tool, wait_for
from ingest import assert_lint, ended, parts, records
from multitrack import publish
from numbered import check_frames
from stage import Stage, assert_clean, assert_shed_nothing, watching

FPS = 30
AGAIN = 10  # seconds of GOPs that fit before a source is passed through again
SPEED = "2"


def clip(path, size, seconds, keys, bframes=0):
    """Numbered pictures with keyframes at these seconds, by an encoder that does not tell; and a tone."""
    numbers = subprocess.Popen([tool("burn_numbers"), *map(str, size), str(FPS), str(seconds * FPS), "--fast"], stdout=subprocess.PIPE)
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{size[0]}x{size[1]}", "-r", str(FPS), "-i", "-",
                    "-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}", "-c:v", "libx264", "-preset", "ultrafast", "-g", "100000",
                    "-sc_threshold", "0", "-force_key_frames", ",".join(map(str, keys)), "-bf", str(bframes), "-bsf:v", "filter_units=remove_types=6",
                    "-c:a", "aac", "-b:a", "64k", str(path)], stdin=numbers.stdout, check=True)
    numbers.stdout.close()
    assert numbers.wait() == 0
    return path


def left_out(path, first_ms, jumps):
    """From then on `jumps` of so many milliseconds between pictures, one after every eighth, as of a live source whose encoder lags: the same
    pictures, later. Sound goes on; what there is too little of is left away at the end."""
    tags, late, count = [], 0, 0
    for tag in flv.read(path):
        if tag.kind == flv.VIDEO and not tag.config and tag.ms >= first_ms and count < 8 * len(jumps):
            if count % 8 == 0:
                late += jumps[count // 8]
            count += 1
        tags.append(tag._replace(ms=tag.ms + late) if tag.kind == flv.VIDEO else tag)
    last = max(tag.ms for tag in tags if tag.kind == flv.AUDIO)
    return flv.write(path, sorted((tag for tag in tags if tag.kind == flv.AUDIO or tag.ms <= last), key=lambda tag: tag.ms))


def watch_through(stage, source):
    publisher = publish(stage.ingest.url(), source, "--speed", SPEED)
    wait_for(lambda: get(stage.url())[0] == 200, 60, "the stream")
    watch = watching(stage.url(), 120)
    ledger = stage.ledger()
    told = []  # of the stream, as long as it is there

    def over():
        told.extend(stage.ingest.streams())
        return publisher.poll() is not None

    wait_for(over, 120, "the publisher's end")
    assert publisher.returncode == 0
    wait_for(lambda: ended(ledger), 60, "the end record")
    assert_clean(watch)
    assert_lint(ledger)
    assert_shed_nothing(ledger)
    done = subprocess.run([tool("ledger_check"), str(ledger)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for row in map(json.loads, done.stdout.splitlines()):
        assert row["gap_parts"] == 0 and row["forced_segments"] == 0 and row["lost_s"] < 0.2, row
    log = stage.ingest.log()
    assert "the source left a hole" not in log and "a segment starts without a keyframe" not in log
    assert_no_death(log)
    assert told and not any(row["restarts"] or "advice" in row for row in told), told
    return ledger, log


def assert_no_death(log):
    """Pipelines that change on purpose are no restarts, nor is one long GOP a reason to advise anybody."""
    assert "pipeline died" not in log and "info  ingestd: pipeline changes" in log, log
    assert "set the encoder's keyframe interval" not in log


def breaks(ledger):
    """The segments that begin with a break, the same in each rendition."""
    names = {row[1] for row in records(ledger, "R")}
    each = {name: [row[2] for row in parts(ledger, name) if "D" in row[12]] for name in names}
    assert all(one == each["source"] for one in each.values()), each
    return each["source"]


def assert_every_picture(ledger, folder, names, last):
    """Each stretch of one configuration by itself: ffmpeg's demuxer takes no second header."""
    pictures = {row[1]: tuple(map(int, row[6].split("x"))) for row in records(ledger, "R") if row[3] == "video"}
    assert set(pictures) == names
    for name, size in pictures.items():
        stretches = {}
        for row in parts(ledger, name):
            stretches.setdefault(int(row[11]), {})[int(row[2])] = None
        runs = []
        for init, segments in sorted(stretches.items()):
            media = folder / f"{name}-{init}.mp4"
            media.write_bytes((ledger / name / f"init-{init}.mp4").read_bytes() + b"".join((ledger / name / f"{msn}.m4s").read_bytes() for msn in segments))
            read = check_frames(str(media), *size)
            assert not read["decoder"], (name, init, read)
            runs += read["runs"]
        assert runs[0][0] == 0 and runs[-1][1] == last and all(one[1] + 1 == other[0] for one, other in zip(runs, runs[1:])), (name, runs)


@pytest.mark.parametrize("size, bframes, names", [((320, 240), 0, {"source"}), ((640, 480), 2, {"source", "360p30"})], ids=["alone", "b-frames-ladder"])
def test_gops_that_grow_too_long_and_are_short_again(tmp_path, size, bframes, names):
    regular = 14  # seconds, with a GOP of 8 s before
    seconds = regular + AGAIN + 5
    source = clip(tmp_path / "clip.flv", size, seconds, [0, 2, 4, 6, *range(regular, seconds, 2)], bframes)
    with Stage(grace="1s") as stage:
        ledger, log = watch_through(stage, source)
        assert len(breaks(ledger)) == 2
        assert "encoding it from here on" in log and "passed through again" in log
        assert_every_picture(ledger, tmp_path, names, seconds * FPS - 1)


def test_a_generation_that_dies_before_it_has_written_what_comes_before_the_passing(tmp_path):
    """The next one has the long GOP before it once more, and the mark says already that the source is passed through."""
    regular = 10
    seconds = regular + AGAIN + 5
    source = clip(tmp_path / "clip.flv", (320, 240), seconds, [0, 2, 4, *range(regular, seconds, 2)])
    with Stage(grace="1s") as stage:
        publisher = publish(stage.ingest.url(), source, "--speed", SPEED)
        ledger = stage.ledger()
        wait_for(lambda: any(row[11] == "1" for row in parts(ledger, "source")), 60, "the encoded source")
        segmenter = wait_for(lambda: stage.pipeline_member("segmenter"), 20, "the segmenter")
        os.kill(segmenter, signal.SIGSTOP)  # what transcode encodes from here on stays in the pipe
        wait_for(lambda: (ledger / "source-gop").read_text().startswith("0 "), 60, "the source to be passed through again")
        os.kill(segmenter, signal.SIGKILL)
        assert publisher.wait(60) == 0
        wait_for(lambda: ended(ledger), 60, "the end record")
        assert_lint(ledger)
        assert stage.ingest.log().count("pipeline died") == 1 and "the source left a hole" not in stage.ingest.log()
        assert_every_picture(ledger, tmp_path, {"source"}, seconds * FPS - 1)


def test_pictures_that_are_left_out_make_no_habit(tmp_path):
    seconds = 22
    source = left_out(clip(tmp_path / "clip.flv", (320, 240), seconds, range(0, seconds, 2)), 4_300, [620, 480, 550, 700, 250, 300])
    with Stage(grace="1s") as stage:
        ledger, log = watch_through(stage, source)
        assert len(breaks(ledger)) == 2
        assert "encoding it from here on" in log and "passed through again" in log
        assert_every_picture(ledger, tmp_path, {"source"}, sum(tag.kind == flv.VIDEO and tag.data[1] == 1 for tag in flv.read(source)) - 1)


def test_a_source_that_is_left_off_when_its_publisher_has_gone_is_written_to_its_end(tmp_path):
    """transcode is behind, and comes to the long GOP when the stream's input has ended. That is no end of the stream."""
    seconds = 6
    source = clip(tmp_path / "clip.flv", (320, 240), seconds, [0, 2])
    with Stage(grace="1s") as stage:
        publisher = publish(stage.ingest.url(), source, "--speed", SPEED)
        wait_for(lambda: (row := stage.ingest.stream()) and row["accepted_frames"] > FPS, 60, "pictures")
        transcode = wait_for(lambda: stage.pipeline_member("transcode"), 20, "transcode")
        os.kill(transcode, signal.SIGSTOP)
        assert publisher.wait(60) == 0
        ledger = stage.ledger()
        wait_for((ledger / "end").exists, 20, "the end of the stream's input")
        wait_for((ledger / "pause").exists, 20, "the end of the pipeline's input")
        os.kill(transcode, signal.SIGCONT)
        wait_for(lambda: ended(ledger), 60, "the end record")
        wait_for(lambda: not stage.ingest.streams(), 20, "the stream's end")
        assert_no_death(stage.ingest.log())
        assert len(breaks(ledger)) == 1
        assert_every_picture(ledger, tmp_path, {"source"}, seconds * FPS - 1)
