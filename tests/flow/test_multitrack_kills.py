"""kill -9 of transcode and of segmenter in the middle of a multitrack publisher's stream: every picture of every rendition is there once
(the numbers are burnt in), both sounds are whole, the stall is short, and hlslint finds nothing."""
import os
import random
import signal
import time

import pytest

import flv
from harness import Platform, wait_for
from ingest import assert_unbroken, media_seconds, records
from kills import WHOLE_WITHIN, below, longest_gap, now_ms, walls
from multitrack import assert_every_number_once, clips, finished, publish, whole
from numbered import ledger_of

KILLS = int(os.environ.get("SLUICE_KILLS", "2"))
SEED = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))
SECONDS = 10 + 10 * KILLS
NAMES = ["360p30", "270p30", "180p30"]


@pytest.fixture(scope="module", params=[0, 2], ids=["", "bframes"])
def file(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    tags = clips(folder, SECONDS, bframes=request.param)
    return flv.write(folder / "all.flv", flv.bundle(tags, {0: tags[0], 1: tags[1]}))


def process(ingestd, name):
    """The member of ingestd's pipeline, if it runs."""
    return next((pid for pid, row in below(ingestd).items() if row[1] == name), None)


@pytest.mark.parametrize("victim", ["transcode", "segmenter"])
def test_a_killed_program_costs_no_frame_of_any_track(victim, file):
    print("seed", SEED)
    dice = random.Random(f"{SEED} {victim}")
    with Platform() as platform:
        ingestd = platform.pid("ingestd")
        publisher = publish(platform.publish_url(platform.channel("alice")), file, "--enhanced")
        platform.wait_live("alice")
        ledger = ledger_of(platform)

        def grown(since):
            rows = walls(ledger)
            return len(rows) == 5 and all(times[-1] > since for times in rows.values())
        moments = []
        for _ in range(KILLS):
            begun = now_ms()
            wait_for(lambda: grown(begun), 20, "parts of all renditions")
            moment = time.monotonic() + dice.uniform(0, 3)
            wait_for(lambda: time.monotonic() >= moment, 5, "the random moment")
            pid = wait_for(lambda: process(ingestd, victim), 10, f"{victim} running")
            moments.append(now_ms())
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: process(ingestd, victim) not in (None, pid), 10, f"another {victim}")
        assert publisher.poll() is None, "the publisher is still at it"
        finished(platform, "alice", publisher, seconds=SECONDS + 30)
        stalls = [max(longest_gap(times, at, at + 1) for times in walls(ledger).values()) for at in moments]
        print("stalls in ms", stalls)
        assert_unbroken(ledger)
        assert not any("G" in row[12] for row in records(ledger, "P")) and not records(ledger, "S")
        assert_every_number_once(whole(platform, "alice", ledger), NAMES, SECONDS * 30)
        for sound in ("audio", "audio2"):
            assert abs(media_seconds(ledger, sound) - SECONDS) < 0.1, sound
        assert max(stalls) < WHOLE_WITHIN * 1000, stalls
