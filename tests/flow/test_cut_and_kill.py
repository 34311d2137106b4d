"""A publisher is cut off while its pipeline is behind, and what is to drain the rest is killed: every picture that ingestd had accepted is in the
ledger once, in the source and in each rung, whether the encoder comes back at once or after gaps, says goodbye, or ingestd is told to stop.

transcode is stopped before the cut, so that there is input that it has not read, and its rungs are a second behind the source; DIR/pause says that
ingestd has given all and closed the input. What dies from then on dies in draining."""
import contextlib
import itertools
import os
import signal
import subprocess

import pytest

from harness import program, tool, wait_for
from ingest import assert_lint, ended, media_seconds, parts
from multitrack import numbered_clip, numbers
from stage import Stage, assert_clean, assert_shed_nothing, watching

SIZE = (854, 480)
BEHIND = 20        # pictures that transcode has not read when its publisher is cut off
PIPELINE = "transcode --ladder 360p30:800,240p30:400,source --lookahead 30 --shed off | segmenter"
RENDITIONS = ("source", "360p30", "240p30")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return numbered_clip(tmp_path_factory.mktemp("cut") / "clip.flv", SIZE, 20, told_kbits=800)


class Ladder:
    """A stage whose publisher sends the clip from its first picture on whenever it comes."""

    def __init__(self, stage, clip):
        self.stage, self.clip = stage, clip
        self.accepted = [0]  # pictures, of all publishers up to each
        self.publisher = None

    def publish(self, *options):
        self.publisher = subprocess.Popen([tool("rtmp_publish"), *options, self.stage.ingest.url(), str(self.clip)], stdout=subprocess.DEVNULL)

    def pictures(self):
        row = self.stage.ingest.stream()
        return row["accepted_frames"] if row else 0

    def wait_pictures(self, more):
        until = self.pictures() + more
        wait_for(lambda: self.pictures() >= until, 30, f"{more} more pictures")

    def member(self, name):
        return wait_for(lambda: self.stage.pipeline_member(name), 20, f"{name} running")

    def gone(self):
        return self.stage.ingest.log().count("the publisher is gone")

    def cut(self):
        """The connection ends without a goodbye; nothing of it is on its way any more."""
        before = self.gone()
        self.publisher.kill()
        self.publisher.wait()
        wait_for(lambda: self.gone() > before, 20, "ingestd's notice of it")
        self.accepted.append(self.pictures())

    def sessions(self):
        """The runs of numbers that every rendition must have: all of each publisher's pictures."""
        return [[0, end - begin - 1] for begin, end in itertools.pairwise(self.accepted)]


def drained_a_part(ledger):
    begun = len(parts(ledger))
    wait_for(lambda: len(parts(ledger)) > begun, 20, "a part of what is drained")


def kill(pid):
    with contextlib.suppress(ProcessLookupError):  # a machine that is fast enough has it drained by now
        os.kill(pid, signal.SIGKILL)


def kill_transcode(ladder, ledger, transcode):
    kill(transcode)


def kill_transcode_as_it_drains(ladder, ledger, transcode):
    os.kill(transcode, signal.SIGCONT)
    drained_a_part(ledger)
    kill(transcode)


def kill_segmenter(ladder, ledger, transcode):
    kill(ladder.member("segmenter"))
    os.kill(transcode, signal.SIGCONT)


def kill_segmenter_as_it_drains(ladder, ledger, transcode):
    segmenter = ladder.member("segmenter")
    os.kill(transcode, signal.SIGCONT)
    drained_a_part(ledger)
    kill(segmenter)


TURNS = [kill_transcode, kill_transcode_as_it_drains, kill_segmenter, kill_segmenter_as_it_drains]


def assert_whole(stage, ladder, ledger):
    assert_lint(ledger)
    assert_shed_nothing(ledger)
    checked = subprocess.run([tool("ledger_check"), str(ledger)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    found = numbers(stage.whole(ledger))
    assert set(found) == set(RENDITIONS), found
    for name, read in found.items():
        assert read["runs"] == ladder.sessions() and not read["unreadable"] and not read["decoder"], (name, read, ladder.sessions())


def stop_transcode(ladder):
    """Its pid; from now on it is behind."""
    ladder.wait_pictures(20)
    transcode = ladder.member("transcode")
    os.kill(transcode, signal.SIGSTOP)
    ladder.wait_pictures(BEHIND)
    return transcode


@pytest.mark.parametrize("back_at_once", [True, False], ids=["back-at-once", "back-after-gaps"])
def test_what_dies_in_draining_costs_no_picture(clip, back_at_once):
    with Stage("--pipeline", PIPELINE, grace="20s") as stage:
        ladder = Ladder(stage, clip)
        ladder.publish()
        ledger = stage.wait_segments(0)
        watch = watching(stage.url(), 120)
        for turn in TURNS:
            transcode = stop_transcode(ladder)
            ladder.cut()
            wait_for((ledger / "pause").exists, 20, "the end of the pipeline's input")
            rest = ["--seconds", "3"] if turn is TURNS[-1] else []
            if back_at_once:
                ladder.publish(*rest)
                ladder.wait_pictures(1)
            drained = stage.ingest.log().count("pipeline ended")
            turn(ladder, ledger, transcode)
            wait_for(lambda: stage.ingest.log().count("pipeline ended") > drained, 20, f"a pipeline that drains the rest after {turn.__name__}")
            if not back_at_once:
                gaps = len([row for row in parts(ledger) if "G" in row[12]])
                wait_for(lambda: len([row for row in parts(ledger) if "G" in row[12]]) > gaps, 20, "gaps")
                ladder.publish(*rest)
            written = media_seconds(ledger, "360p30")
            wait_for(lambda: media_seconds(ledger, "360p30") > written + 1, 30, "media of who is back")
        assert stage.ingest.log().count("pipeline died") >= 2  # those that are killed before they begin to drain
        assert ladder.publisher.wait(30) == 0
        ladder.accepted.append(ladder.accepted[-1] + 90)
        wait_for(lambda: ended(ledger), 60, "the stream's end")
        assert_clean(watch)
        assert_whole(stage, ladder, ledger)
        breaks = {name: [row[2] for row in parts(ledger, name) if "D" in row[12]] for name in (*RENDITIONS, "audio")}
        assert len(breaks["source"]) == len(TURNS) and all(each == breaks["source"] for each in breaks.values()), breaks


@pytest.mark.parametrize("turn", [kill_transcode, kill_segmenter], ids=["transcode", "segmenter"])
def test_what_dies_in_draining_after_a_goodbye_costs_no_picture(clip, turn):
    with Stage("--pipeline", PIPELINE) as stage:
        ladder = Ladder(stage, clip)
        ladder.publish("--seconds", "3")
        ledger = stage.wait_segments(0)
        transcode = ladder.member("transcode")
        os.kill(transcode, signal.SIGSTOP)
        assert ladder.publisher.wait(30) == 0
        ladder.accepted.append(90)
        wait_for((ledger / "end").exists, 20, "the end of the stream's input")
        turn(ladder, ledger, transcode)
        wait_for(lambda: ended(ledger), 60, "the stream's end")
        assert "pipeline died" in stage.ingest.log()
        assert_whole(stage, ladder, ledger)


@pytest.mark.parametrize("turn", [kill_transcode, kill_segmenter], ids=["transcode", "segmenter"])
def test_what_dies_in_draining_while_ingestd_stops_costs_no_picture(clip, turn):
    with Stage("--pipeline", PIPELINE, platform=True, grace="60s") as stage:
        ladder = Ladder(stage, clip)
        ladder.publish()
        ledger = stage.wait_segments(0)
        transcode = stop_transcode(ladder)
        ladder.cut()
        wait_for((ledger / "pause").exists, 20, "the end of the pipeline's input")
        stage.ingest.daemon.process.terminate()
        stage.ingest.wait_log("draining")
        turn(ladder, ledger, transcode)
        assert stage.ingest.daemon.process.wait(30) == 0
        assert "pipeline died" in stage.ingest.log()
        assert not ended(ledger)  # the next ingestd goes on with it
        subprocess.run([program("segmenter"), "--finish", str(ledger)], check=True)
        assert_whole(stage, ladder, ledger)
