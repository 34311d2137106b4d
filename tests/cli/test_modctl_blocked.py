"""What modctl tells of lines that AutoMod blocked: in a night's log, in a replay, and around an act."""
import json
import sqlite3
import subprocess
import time

import pytest

from harness import program
from modctl_platform import TIME, Modctl


@pytest.fixture
def modctl(tmp_path):
    return Modctl(tmp_path)


@pytest.fixture
def night(modctl):
    """Said, held and blocked."""
    modctl.seed("said", "demo", "ada", "a1", "1000000", "welcome")
    modctl.seed("block", "demo", "eve", "x1", "1000000", "bullying", "3", "first")
    modctl.seed("block", "demo", "bob", "x2", "2500000", "custom", "3", "second", "vip")
    modctl.seed("said", "demo", "bob", "b1", "2000000", "hello")
    modctl.seed("said", "demo", "cyd", "c1", "3000000", "good night")
    modctl.seed("hold", "demo", "eve", "h1", "swearing", "3", "darn it")  # now
    modctl.seed("block", "demo", "eve", "x3", "4000000000000", "bullying", "3", "third")  # of the year 2096
    modctl.seed("block", "other", "eve", "x4", "2500000", "bullying", "3", "elsewhere")
    return modctl


def lines(modctl, *more):
    return [json.loads(line) for line in modctl("log", "demo", *more).splitlines()]


def test_the_log_has_blocked_lines_at_their_time(night):
    said = lines(night)
    assert [line["id"] for line in said] == ["a1", "x1", "b1", "x2", "c1", "h1", "x3"]
    assert said[1] == {"id": "x1", "at": "1970-01-01T00:16:40.000Z", "channel": "demo", "user": {"id": "1004", "login": "eve", "name": "eve"},
                       "roles": [], "text": "first", "verdict": "block",
                       "blocked": {"reason": "automod", "category": "bullying", "rule": "phrase", "level": 3, "score": 0.0, "boundaries": [[0, 3]]}}
    assert said[3]["blocked"]["reason"] == "blocked_term" and said[3]["blocked"]["category"] == "" and said[3]["roles"] == ["vip"]


@pytest.mark.parametrize("asked, ids", [
    (["--shown"], ["a1", "b1", "c1"]), (["--user", "eve"], ["x1", "h1", "x3"]), (["--user", "bob"], ["b1", "x2"]),
    (["--since", "1970-01-01T00:33:20Z", "--until", "1970-01-01T00:50:00Z"], ["b1", "x2"]),
    (["--since", "1h"], ["h1", "x3"]), (["--until", "1970-01-01T00:16:40Z"], []), (["--since", "1h", "--user", "bob"], [])])
def test_some_of_the_log(night, asked, ids):
    assert [line["id"] for line in lines(night, *asked)] == ids


def test_a_replay_tells_what_would_not_be_blocked(night):
    replayed = subprocess.run([program("automod"), "--diff"], input=night("log", "demo"), capture_output=True, text=True, timeout=60)
    assert (replayed.returncode, replayed.stderr) == (0, "")
    differs = {line["id"]: (line["was"], line["verdict"]) for line in map(json.loads, replayed.stdout.splitlines())}
    assert {id_: differs[id_] for id_ in ("x1", "x2", "x3")} == dict.fromkeys(("x1", "x2", "x3"), ("block", "allow"))


def test_many_blocked_lines_are_all_there(modctl):
    modctl.seed("block", "demo", "bob", "m0", "1", "bullying", "3", "x")
    modctl.seed("said", "demo", "bob", "s", "2000", "x")
    with sqlite3.connect(modctl.directory / "chat.db") as chat:
        chat.executemany("INSERT INTO blocked SELECT channel_id, ?, 'm' || (? - 1), channel_name, ?, user_id, login, text, more, verdict "
                         "FROM blocked WHERE number = 1", [(i, i, i) for i in range(2, 3001)])
    assert [line["id"] for line in lines(modctl)] == [*(f"m{i}" for i in range(1999)), "s", *(f"m{i}" for i in range(1999, 3000))]


def test_an_older_log_has_none(night):
    with sqlite3.connect(night.directory / "chat.db") as chat:
        chat.execute("DROP TABLE blocked")
    assert [line["id"] for line in lines(night)] == ["a1", "b1", "c1", "h1"]
    night("ban", "demo", "eve")
    assert night.json("audit", "explain", "1")[0]["blocked"] == []


def test_a_ban_is_explained_by_what_was_blocked(modctl):
    now = int(time.time() * 1000)
    for id_, user, at, text in (("old", "bob", now - 660_000, "long ago"), ("x1", "bob", now - 300_000, "you \x1b[31mfool"),
                                ("x2", "eve", now - 300_000, "hers"), ("x3", "bob", now + 300_000, "again"), ("late", "bob", now + 900_000, "later")):
        modctl.seed("block", "demo", user, id_, str(at), "bullying", "3", text)
    modctl.seed("block", "other", "bob", "x4", str(now), "bullying", "3", "elsewhere")
    modctl("timeout", "demo", "bob", "1h")
    said = TIME.sub("TIME", modctl("audit", "explain", "1"))
    assert ("\nAutoMod: message x1 of bob was blocked at TIME for automod: bullying, level 3 (phrase)\n  you \\x1b[31mfool\n"
            "AutoMod: message x3 of bob was blocked at TIME for automod: bullying, level 3 (phrase)\n  again\n") in said
    assert all(text not in said for text in ("long ago", "hers", "elsewhere", "later"))
    [whole] = modctl.json("audit", "explain", "1", "--around", "0")
    assert [line["id"] for line in whole["blocked"]] == ["x1", "x3"] and whole["verdicts"] == []
    assert whole["blocked"][0] | {"at": ""} == {"id": "x1", "at": "", "user": "bob", "text": "you \x1b[31mfool", "reason": "automod",
                                               "category": "bullying", "rule": "phrase", "level": 3, "score": 0.0, "boundaries": [[0, 3]]}
    assert modctl.json("audit", "explain", "1", "--history", "none")[0]["blocked"] == []
    modctl("clear", "demo")  # upon nobody
    assert modctl.json("audit", "explain", "2")[0]["blocked"] == []
