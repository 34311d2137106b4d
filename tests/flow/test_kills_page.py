"""kill -9 of every program in turn while somebody watches: the picture goes on and chat comes back, nobody touches the page."""
import os
import random
import signal
import time

from harness import Platform, wait_for
from ingest import parts
from kills import Case, assert_promises, run
from numbered import ReturningPublisher, ledger_of
from page_watch import WatchedPage

SEED = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))


def test_the_page_plays_on():
    with Platform() as platform:
        platform.channel("alice")
        token = platform.token("alice")
        assert_promises(*run(platform, Case("each"), 6, SEED, lambda: WatchedPage(platform, "alice", token)))


def test_the_page_plays_on_where_gaps_were_at_the_edge_for_a_moment_only():
    """ingestd is back just too late for a stream without gaps, which are written all at once, and media right behind them. Where it died at the
    beginning of a segment, this is a picture alone."""
    dice = random.Random(SEED)
    with Platform() as platform, ReturningPublisher(platform.publish_url(platform.channel("alice"))):
        platform.wait_live("alice")
        ledger = ledger_of(platform)
        with WatchedPage(platform, "alice", platform.token("alice")) as page:
            for _ in range(5):
                page.moves_on(page.mark(), 3, 30, "before a kill")
                old, before, begun = platform.pid("ingestd"), page.mark(), len(parts(ledger))
                wait_for(lambda: len(rows := parts(ledger)) > begun and "L" in rows[-1][12], 20, "a segment's last part")
                moment = time.monotonic() + dice.uniform(0, 0.1)
                wait_for(lambda: time.monotonic() >= moment, 5, "the beginning of the next")
                os.kill(old, signal.SIGKILL)
                gone = time.monotonic()
                new = wait_for(lambda: (pid := platform.pid("ingestd")) != old and pid, 10, "another ingestd")
                os.kill(new, signal.SIGSTOP)
                late = gone + dice.uniform(1.6, 1.9)
                wait_for(lambda: time.monotonic() >= late, 5, "the moment for it to go on")
                os.kill(new, signal.SIGCONT)
                away = time.monotonic() - gone
                state = page.moves_on(before, 3, 30, f"after {away:.2f} s without ingestd, seed {SEED}")
                assert state["longest"] < 1000 * away + 3500, (state, SEED)
