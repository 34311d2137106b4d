"""kill -9 of every program in turn while somebody watches: the picture goes on and chat comes back, nobody touches the page."""
import os
import random

from harness import Platform
from kills import Case, assert_promises, run
from page_watch import WatchedPage

SEED = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))


def test_the_page_plays_on():
    with Platform() as platform:
        platform.channel("alice")
        token = platform.token("alice")
        assert_promises(*run(platform, Case("each"), 6, SEED, lambda: WatchedPage(platform, "alice", token)))
