"""Held messages, bans, roles, deletions and the audit log through kill -9 of every process of a platform, one after another and all in one
moment (moderation_kills.py). SLUICE_SEED=n repeats a run's decisions, SLUICE_ROUNDS=n makes it longer; a failure tells its seed."""
import os
import random

from moderation_kills import run

SEED = int(os.environ.get("SLUICE_SEED", random.randrange(1 << 30)))
ROUNDS = int(os.environ.get("SLUICE_ROUNDS", 3))


def test_what_was_acknowledged_is_there_once_after_a_kill_of_everything():
    book, killer = run(SEED, ROUNDS)
    assert killer.struck.count("all") == 1 + ROUNDS and {"chatd", "automod", "keep-sockets", "webd", "origind", "ingestd"} <= set(killer.struck)
    assert all(book.counts[what] for what in ("ban", "timeout", "unban", "mod", "vip", "held", "said", "allow", "deny", "delete")), book.counts
