"""kill -9 of one program in the middle of a stream, at random moments: the platform is whole again within 5 s, no accepted frame
is lost or repeated, hlslint finds nothing (what is measured, and how: kills.py).

SLUICE_KILLS sets how often each program is killed; `make kills` is the long run, 20 times each with a page watching."""
import os
import random

import pytest

from harness import Platform
from kills import Case, assert_promises, run

KILLS = int(os.environ.get("SLUICE_KILLS", "2"))
SEED = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))

CASES = [
    Case("transcode"), Case("transcode", (854, 480), bframes=2), Case("transcode", (640, 360), gop=240),
    Case("segmenter"), Case("segmenter", (854, 480), bframes=2), Case("segmenter", (640, 360), gop=240),
    Case("origind"), Case("chatd"), Case("webd"),
    Case("ingestd"), Case("ingestd", (854, 480)), Case("keeper"), Case("sluice"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.victim}-{case.size[1]}-{case.gop}-{case.bframes}")
def test_a_killed_program_costs_no_frame(case):
    with Platform() as platform:
        platform.channel("alice")
        assert_promises(*run(platform, case, KILLS, SEED))
