"""Publishers whose clocks are never right: times that jitter by more than pictures are apart, so that B-frames are told to be shown out of order; and a clock
that runs twice as fast; and tracks of which a part does not come. Rungs lose no picture and begin their segments with keyframes, where the source does; hlslint finds nothing."""
import random
import re
import subprocess

import pytest

import flv
from harness import Platform, wait_for
from ingest import assert_lint, ended, media_seconds, records
from multitrack import numbered_clip, publish
from numbered import check_frames, ledger_of, renditions
from stage import assert_clean, watching

SECONDS, FPS, RUNG = 12, 30, "90p15"


@pytest.fixture(scope="module")
def platform():
    with Platform(settings={"transcode": {"ladder": f"{RUNG}:80,source"}}) as running:
        yield running


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """{B-frames: tags} of an encoder that does not tell its keyframe interval."""
    folder, made = tmp_path_factory.mktemp("clips"), {}
    for count in (0, 2):
        clip = numbered_clip(folder / f"{count}.flv", (320, 180), SECONDS, gop=2 * FPS, bframes=count)
        untold = folder / f"{count}-untold.flv"
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(clip), "-c", "copy", "-bsf:v", "filter_units=remove_types=6", str(untold)], check=True)
        made[count] = flv.read(untold)
    return made


def jittered(tags, most_ms, kinds=(flv.AUDIO, flv.VIDEO)):
    dice = random.Random(3)
    return [tag if tag.config or tag.kind not in kinds else tag._replace(ms=max(0, tag.ms + dice.randint(-most_ms, most_ms))) for tag in tags]


def published(platform, sources, gaps=False):
    """Their ledgers, {name: ledger}. All publish at a time; `sources`: {name: (file, options)}. `gaps`: something may be missing."""
    running = {}
    for name, (path, options) in sources.items():
        publisher = publish(platform.publish_url(platform.channel(name)), path, *options)
        platform.wait_live(name, 30)
        ledger = ledger_of(platform)
        running[name] = publisher, ledger, watching(platform.master_url(name), 120)
    for name, (publisher, ledger, watch) in running.items():
        assert publisher.wait(90) == 0
        wait_for(lambda: ended(ledger), 40, f"the end of {name}")
        assert_clean(watch)
        assert_lint(ledger)
        assert gaps or not any("G" in row[12] for row in records(ledger, "P")), name
    return {name: ledger for name, (_, ledger, _) in running.items()}


def dropped(platform):
    log = (platform.directory / "logs/ingestd.log").read_text()
    return [int(count) for count in re.findall(r"segmenter: input over .* packets_dropped=(\d+)", log)]


def test_jitter_of_more_than_a_picture(platform, clips, tmp_path):
    cases = {"both25": (25, (flv.AUDIO, flv.VIDEO)), "both40": (40, (flv.AUDIO, flv.VIDEO)), "picture40": (40, (flv.VIDEO,))}
    ledgers = published(platform, {name: (flv.write(tmp_path / f"{name}.flv", jittered(clips[2], *how)), []) for name, how in cases.items()})
    for name, ledger in ledgers.items():
        assert not any("D" in row[12] for row in records(ledger, "P")), name
        assert abs(media_seconds(ledger, RUNG) - SECONDS) < 0.4 and abs(media_seconds(ledger, "source") - SECONDS) < 0.4, name
        whole = f"http://127.0.0.1:{platform.port('origin')}/vod/{name}/{ledger.name}/master.m3u8"
        url, width, height = renditions(whole)["source"]
        assert check_frames(url, width, height)["runs"] == [[0, SECONDS * FPS - 1]], name
    assert dropped(platform) and not any(dropped(platform)), dropped(platform)


def test_a_clock_twice_as_fast(platform, clips, tmp_path):
    """GOPs of 4 s by it: the source is encoded from the first that is too long on, and discontinued there everywhere."""
    sources = {f"fast{count}": (flv.write(tmp_path / f"fast{count}.flv", [tag._replace(ms=tag.ms * 2) for tag in tags]), []) for count, tags in clips.items()}
    sources["runs_away"] = flv.write(tmp_path / "runs_away.flv", clips[0]), ["--clock-speed", "2"]
    for name, ledger in published(platform, sources).items():
        begun = {(row[1], row[2]) for row in records(ledger, "P") if "D" in row[12]}
        assert begun == {(rendition, "1") for rendition in ("source", RUNG, "audio")}, (name, begun)
        assert abs(media_seconds(ledger, RUNG) - 2 * SECONDS) < 0.3 and abs(media_seconds(ledger, "source") - 2 * SECONDS) < 0.3, name


def without(tags, kind, from_s, to_s):
    return [tag for tag in tags if tag.config or tag.kind != kind or not from_s <= tag.ms / 1000 < to_s]


def assert_together(name, ledger):
    """Each segment begins at one time in all renditions: with the first picture shown, and the first sound."""
    scale = {row[1]: int(row[5]) for row in records(ledger, "R")}
    begun = {(row[1], int(row[2])): (int(row[6]) + int(row[13] if len(row) > 13 else 0)) / scale[row[1]] for row in records(ledger, "P") if row[3] == "0"}
    for (rendition, segment), at in begun.items():
        assert abs(at - begun["source", segment]) < 0.3, (name, rendition, segment, at, begun["source", segment])
    for rendition in scale:
        assert max(segment for of, segment in begun if of == rendition) == max(segment for of, segment in begun if of == "source"), (name, rendition)


def test_sound_that_begins_late_or_stops_at_a_boundary(platform, clips, tmp_path):
    cases = {"late900": (0, 0.9), "late2500": (0, 2.5), "late3000": (0, 3), "stops1200": (4, 5.2), "stops4000": (4, 8)}
    ledgers = published(platform, {name: (flv.write(tmp_path / f"{name}.flv", without(clips[2], flv.AUDIO, *how)), []) for name, how in cases.items()}, gaps=True)
    for name, ledger in ledgers.items():
        assert not any("G" in row[12] for row in records(ledger, "P") if row[1] != "audio"), name
        assert_together(name, ledger)


def test_pictures_that_stop_while_the_sound_goes_on(platform, clips, tmp_path):
    """Their keyframe is lost, too: the source is encoded from there on, and gaps are whole segments."""
    cases = {"still2500": (4, 6.5), "still2000": (4.5, 7), "still3000": (2.5, 5.5)}
    ledgers = published(platform, {name: (flv.write(tmp_path / f"{name}.flv", without(clips[2], flv.VIDEO, *how)), []) for name, how in cases.items()}, gaps=True)
    for name, ledger in ledgers.items():
        assert_together(name, ledger)
        parts = records(ledger, "P")
        gaps = {(row[1], row[2]) for row in parts if "G" in row[12]}
        assert gaps and gaps.isdisjoint({(row[1], row[2]) for row in parts if "G" not in row[12]}), name
        assert not any(rendition == "audio" for rendition, _ in gaps), name
