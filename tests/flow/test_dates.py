"""EXT-X-PROGRAM-DATE-TIME right to the frame: in every rendition, over a killed transcode, a publisher's return and a discontinuity."""
import os
import random
import signal
import time

import pytest
from harness import Platform, get, wait_for
from ingest import records
from kills import below, ended, ledgers
from numbered import NumberedPublisher, dated_frames, renditions

FPS = 30
HALF = 500 / FPS  # ms


def ledger_seconds(ledger):
    """How much of the stream every video rendition's ledger holds."""
    ends = {row[1]: int(row[9]) for row in records(ledger, "P") if not row[1].startswith("audio")}
    return min(ends.values()) / 1e6 if len(ends) > 1 else 0


def pictured(ledger, since):
    """The seconds of pictures after `since` that the rendition with the fewest of them has; one that the machine's load has shed counts not."""
    found = {row[1]: 0 for row in records(ledger, "R") if row[3] == "video"}
    for row in records(ledger, "P"):
        if row[1] in found and int(row[5]) > 0 and int(row[8]) >= since * 1e6:
            found[row[1]] += int(row[9]) - int(row[8])
    return min((length for name, length in found.items() if name not in shed(ledger)), default=0) / 1e6


def shed(ledger):
    return {row[1] for row in records(ledger, "S")}


def transcode(platform):
    ingestd = platform.pid("ingestd")
    return next((pid for pid, row in below(ingestd).items() if row[1] == "transcode"), None) if ingestd else None


@pytest.mark.parametrize("bframes", [0, 2])
def test_every_frame_has_its_date_in_every_rendition(bframes, tmp_path):
    with Platform("--quiet") as platform:
        url = platform.publish_url(platform.channel("ada"))
        picture = {"width": 640, "height": 480, "fps": FPS, "bframes": bframes}
        begun = time.time() * 1000
        with NumberedPublisher(url, **picture) as publisher:
            wait_for(lambda: ledgers(platform), 20, "the ledger")
            ledger = ledgers(platform)[-1]
            wait_for(lambda: ledger_seconds(ledger) > 4 + random.random(), 60, "some seconds")
            killed = transcode(platform)
            os.kill(killed, signal.SIGKILL)
            wait_for(lambda: transcode(platform) not in (None, killed), 20, "a new transcode")
            before = ledger_seconds(ledger)
            wait_for(lambda: ledger_seconds(ledger) > before + 4, 60, "more after the kill")
            publisher.process.kill()  # no goodbye: the stream waits for its publisher
        returned = time.time() * 1000
        before = ledger_seconds(ledger)
        with NumberedPublisher(url, first=100_000, **picture):
            wait_for(lambda: pictured(ledger, before) > 4, 90, "more after the return")
        master = f"http://127.0.0.1:{platform.port('origin')}/vod/ada/{ledger.name}/master.m3u8"
        wait_for(lambda: ended(ledger), 60, "the end")
        assert get(master)[0] == 200
        epoch = int(records(ledger, "L")[0][4])
        assert begun - 1000 < epoch < returned
        frames = {name: dict(dated_frames(*where, tmp_path)) for name, where in renditions(master).items()}
        assert len(frames) >= 2, frames.keys()
        offsets = {}
        for name, dated in frames.items():
            for session, first in (("first", 0), ("second", 100_000)):
                own = {number: date - (number - first) * 1000 / FPS for number, date in dated.items() if (number >= 100_000) == (first > 0)}
                assert len(own) > 3 * FPS or name in shed(ledger), (name, session, len(own))
                offsets[name, session] = own
        # Within a session every frame of every rendition is at the same distance from its number; ms of RTMP are allowed for.
        for session in ("first", "second"):
            zero = min(offsets["source", session].values())
            for name in frames:
                worst = max(((abs(offset - zero), number) for number, offset in offsets[name, session].items()), default=(0, 0))
                assert worst[0] < HALF, (name, session, worst)
        # The epoch is when the first picture was taken in, and the second session's when its publisher had come back.
        delay = min(offsets["source", "first"].values()) - epoch
        assert -HALF < delay < bframes * 2 * HALF + 2 * HALF + 50, delay
        assert returned - 500 < min(offsets["source", "second"].values()) < returned + 8000
