"""The page behind bad networks: it finds the distance at which it plays through, and comes near again where the path is good."""
import contextlib
import os
import random
import time

from bad_network import BadNetwork
from harness import Platform, wait_for
from ingest import records
from kills import ledgers, now_ms
from multitrack import numbered_clip, publish
from page_watch import WatchedPage

PATIENCE = 150      # s in which a viewer's distance is found, on a machine that is late itself
MACHINE_LATE = 250  # ms: as much as makes a standstill
STARTS_OVER = 8000  # ms: a page whose picture came back sooner did not begin from the start (player/patience.js)
SEED = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))


class Viewer:
    """A page behind a path."""

    def __init__(self, held, platform, path):
        self.platform, self.path = platform, held.enter_context(path)
        self.page = held.enter_context(WatchedPage(platform, "alice", "", path.url))

    def mark(self):
        self.path.late, self.marked = 0, now_ms()
        self.since = self.page.mark()

    def plays(self, media_seconds):
        """The state after so much more has been played than at the mark; the standstills are those since."""
        return self.page.moves_on(self.since, media_seconds, 4 * media_seconds + 60, "through all that")

    def late(self, state):
        """How late (ms) the machine let things happen since the mark: in the page, on the path, in the parts' being written."""
        rows = records(ledgers(self.platform)[-1], "P")
        delays = [(int(row[10]), int(row[10]) - int(row[9]) / 1000) for row in rows if row[1] == "source"]
        parts = max(delay for at, delay in delays if at >= self.marked) - min(delay for _, delay in delays)
        return max(state["late"], self.path.late * 1000, parts)

    def plays_through(self, media_seconds, stills, behind, during=lambda: True):
        """So much from the mark on, with no more standstills than that, and near the edge in the end. Where a machine that others use was late itself,
        it may try again: a page that finds its distance gets there."""
        begun, seen = time.monotonic(), []
        while True:
            state = self.plays(media_seconds)
            if state["stills"] <= stills and state["behind"] < behind and during():
                return
            late = self.late(state)
            seen.append({"stills": state["stills"], "longest": state["longest"], "behind": state["behind"], "machine late": round(late)})
            assert (late > MACHINE_LATE or not during()) and time.monotonic() < begun + PATIENCE, (SEED, media_seconds, seen)
            self.mark()


def test_three_viewers(tmp_path):
    """One far away, one whose path stops every few seconds, one whose path is cut for four seconds once. Each time the clip begins again a
    segment ends with a part of a single frame."""
    clip = numbered_clip(tmp_path / "clip.flv", (320, 180), 2)
    with contextlib.ExitStack() as held:
        platform = held.enter_context(Platform())
        publish(platform.publish_url(platform.channel("alice")), clip, "--loop", "600")
        platform.wait_live("alice", 30)
        paths = [BadNetwork(SEED, delay=0.1), BadNetwork(SEED + 1, pauses=(3, 0.1, 0.7)), BadNetwork(SEED + 2)]
        far, stopped, cut = [Viewer(held, platform, path) for path in paths]

        stopped.mark()
        stopped.plays(12)
        for viewer in far, stopped, cut:
            viewer.mark()
        cut.path.stop_for(4)
        state = cut.plays(6)
        assert 1500 < state["longest"] < STARTS_OVER, (SEED, state)

        stood = stopped.path.stopped
        stopped.plays_through(25, 2, 2.5, lambda: stopped.path.stopped > stood + 1)
        far.plays_through(30, 1, 1.5)
        cut.page.moves_on(cut.page.mark(), 3, 60, "once more")
        wait_for(lambda: cut.page.state()["behind"] < 1.5, 120, f"nearness again, it is {cut.page.state()}; that")


def test_a_viewer_whose_answers_take_seconds(tmp_path):
    """Its first picture takes longer than any standstill should, and is waited for."""
    clip = numbered_clip(tmp_path / "clip.flv", (320, 180), 2)
    with Platform() as platform, BadNetwork(SEED, delay=3) as path:
        publish(platform.publish_url(platform.channel("alice")), clip, "--loop", "150")
        platform.wait_live("alice", 30)
        with WatchedPage(platform, "alice", "", path.url) as page:
            assert page.state()["loads"] == 1
