"""The page behind bad networks: it finds the distance at which it plays through, and comes near again where the path is good."""
import contextlib
import os
import random

from bad_network import BadNetwork
from harness import Platform, wait_for
from multitrack import numbered_clip, publish
from page_watch import WatchedPage

SEED = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))


def plays(page, media_seconds):
    """The state after so much more has been played; the standstills are those of this time."""
    return page.moves_on(page.mark(), media_seconds, 4 * media_seconds + 20, "through all that")


def test_three_viewers(tmp_path):
    """One far away, one whose path stops every few seconds, one whose path is cut for four seconds once. Each time the clip begins again a
    segment ends with a part of a single frame."""
    clip = numbered_clip(tmp_path / "clip.flv", (320, 180), 2)
    with contextlib.ExitStack() as held:
        platform = held.enter_context(Platform())
        publish(platform.publish_url(platform.channel("alice")), clip, "--loop", "150")
        platform.wait_live("alice", 30)
        paths = [BadNetwork(SEED, delay=0.1), BadNetwork(SEED + 1, pauses=(3, 0.1, 0.7)), BadNetwork(SEED + 2)]
        _, stopping, cutting = [held.enter_context(path) for path in paths]
        far, stopped, cut = [held.enter_context(WatchedPage(platform, "alice", "", path.url)) for path in paths]

        plays(stopped, 12)
        far.mark()
        stood, before = stopping.stopped, cut.mark()
        cutting.stop_for(4)
        state = plays(stopped, 25)
        assert stopping.stopped > stood + 1, "it was bad meanwhile"
        assert state["stills"] <= 2 and state["behind"] < 2.2, (SEED, state)

        state = far.state()
        assert state["stills"] <= 1 and state["behind"] < 1.5, (SEED, state)

        state = cut.moves_on(before, 6, 20, "behind the cut")
        assert 1500 < state["longest"] < 6000 and state["stills"] <= 3, (SEED, state)
        wait_for(lambda: cut.state()["behind"] < 1.5, 120, f"nearness again, it is {cut.state()}; that")
        assert plays(cut, 3)["stills"] <= 1, SEED
