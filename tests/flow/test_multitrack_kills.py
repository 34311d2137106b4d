"""kill -9 of transcode and of segmenter in the middle of a multitrack publisher's stream: every picture of every rendition is there once
(the numbers are burnt in), both sounds are whole, the stall is short, and hlslint finds nothing."""
import os
import random

import pytest

import flv
from harness import Platform, wait_for
from ingest import assert_unbroken, media_seconds, records
from kills import WHOLE_WITHIN, Case, Killing, now_ms
from multitrack import assert_every_number_once, clips, finished, publish, whole

KILLS = int(os.environ.get("SLUICE_KILLS", "2"))
SEED = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))
SECONDS = 10 + 7 * KILLS
NAMES = ["360p30", "270p30", "180p30"]


@pytest.fixture(scope="module", params=[0, 2], ids=["", "bframes"])
def file(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    tags = clips(folder, SECONDS, bframes=request.param)
    return flv.write(folder / "all.flv", flv.bundle(tags, {0: tags[0], 1: tags[1]}))


@pytest.mark.parametrize("victim", ["transcode", "segmenter"])
def test_a_killed_program_costs_no_frame_of_any_track(victim, file):
    print("seed", SEED)
    with Platform() as platform:
        publisher = publish(platform.publish_url(platform.channel("alice")), file, "--enhanced")
        platform.wait_live("alice")
        killing = Killing(platform, Case(victim), random.Random(f"{SEED} {victim}"))
        begun = now_ms()
        wait_for(lambda: killing.grown_since(begun), 10, "parts at the start")
        for _ in range(KILLS):
            killing.strike(publisher)
        ledger = finished(platform, "alice", publisher, seconds=SECONDS + 30)
        assert_unbroken(ledger)
        assert not any("G" in row[12] for row in records(ledger, "P")) and not records(ledger, "S")
        assert_every_number_once(whole(platform, "alice", ledger), NAMES, SECONDS * 30)
        for sound in ("audio", "audio2"):
            assert abs(media_seconds(ledger, sound) - SECONDS) < 0.1, sound
        assert max(killing.stalls()) < WHOLE_WITHIN * 1000, killing.kills
