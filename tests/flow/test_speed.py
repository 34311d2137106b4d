"""Publishers whose media comes twice as fast as real time, or half as fast, through the default ladder: every picture once in every
rendition, playlists without a finding, and no more memory at the end than after a few seconds."""
import pathlib

import pytest

from harness import get, wait_for
from ingest import assert_lint, assert_unbroken, ended, media_seconds, records
from multitrack import numbered_clip, publish
from numbered import check_frames, renditions
from stage import Stage, assert_clean, watching

SECONDS, FPS = 4, 30
SIZE = (640, 480)        # one rung lies below it
MOST_HELD_MS = 10_000    # of media that no ledger has yet: half of the cap beyond which pictures go
PROGRAMS = ("ingestd", "transcode", "segmenter")


def dirty_kib(pid):
    """What it has written to: pages of libraries are its own, too, from the moment that nobody else uses them."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty"))


def measure(stage, pids):
    row = stage.ingest.stream()
    return {"held_ms": row["held_ms"] if row else 0, **{name: dirty_kib(pid) for name, pid in pids.items()}}


@pytest.mark.parametrize("speed, turns", [(2, 10), (0.5, 3)])
def test_the_ladder_goes_along(tmp_path, speed, turns):
    clip = numbered_clip(tmp_path / "clip.flv", SIZE, SECONDS, gop=FPS)
    with Stage(grace="1s") as stage:
        publisher = publish(stage.ingest.url(), clip, "--speed", str(speed), "--loop", str(turns))
        wait_for(lambda: get(stage.url())[0] == 200, 60, "the stream")
        ledger = stage.ledger()
        watch = watching(stage.url(), 120)
        wait_for(lambda: media_seconds(ledger) > turns * SECONDS / 3, 90, "a third of it")
        pids = {name: stage.ingest.daemon.process.pid if name == "ingestd" else stage.pipeline_member(name) for name in PROGRAMS}
        samples = [measure(stage, pids)]
        wait_for(lambda: samples.append(measure(stage, pids)) or media_seconds(ledger) > turns * SECONDS - 2, 90, "nearly all of it")
        assert publisher.wait(90) == 0
        wait_for(lambda: ended(ledger), 60, "the end record")
        assert_clean(watch)
        assert max(sample["held_ms"] for sample in samples) < MOST_HELD_MS
        for name in PROGRAMS:
            assert samples[-1][name] < 1.1 * samples[0][name] + 2048, (name, samples[0], samples[-1])
        assert_unbroken(ledger)
        assert_lint(ledger)
        shed = {row[1] for row in records(ledger, "S")}  # by a machine that cannot encode at this speed
        shown = renditions(stage.whole(ledger))
        assert set(shown) == {"source", "360p30"} and "source" not in shed
        for name in set(shown) - shed:
            read = check_frames(*shown[name])
            assert read["runs"] == [[0, SECONDS * FPS - 1]] * turns and not read["decoder"], (name, read)


def test_what_leaves_a_short_window_can_still_be_fetched(tmp_path, monkeypatch):
    """Twice as fast as real time, with less kept than live playlists list: hlslint asks again for segments and parts that it has seen go."""
    monkeypatch.setenv("SLUICE_DVR_WINDOW", "20s")  # of segmenter
    clip = numbered_clip(tmp_path / "clip.flv", (320, 180), SECONDS, gop=FPS)
    with Stage(grace="1s") as stage:
        publisher = publish(stage.ingest.url(), clip, "--speed", "2", "--loop", "0")
        try:
            wait_for(lambda: get(stage.url())[0] == 200, 60, "the stream")
            assert_clean(watching(stage.url(), 25))
            ledger = stage.ledger()
            assert records(ledger, "X") and len(list((ledger / "source").glob("*.m4s"))) < 50
        finally:
            publisher.kill()
            publisher.wait()
