"""Lines that AutoMod blocks: kept for modctl's log, replay and explanations, seen nowhere in chat."""
import contextlib
import json
import signal
import sqlite3
import subprocess
import time

import pytest

from chat_nodes import joined
from chat_peers import tags
from chat_platform import running
from harness import get, program, wait_for

QUIET = ("--cooldown", "0s", "--message-rate", "100000", "--join-rate", "1000", "--repeat-time", "0s", "--room-rate", "0")
INSULT = "you are all idiots"  # the classifier's score: from level 1 on it is too much, from 3 on it is blocked
HELD = "well fuck this"  # the list that automod comes with holds it


@pytest.fixture
def chat():
    with running(*QUIET, "--automod", "automod") as chat:
        chat.seed("automod", "demo", "3")
        yield chat


def modctl(chat, *arguments):
    done = subprocess.run([program("modctl"), "--dir", str(chat.directory), *arguments], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def log(chat, *more):
    return [json.loads(line) for line in modctl(chat, "log", "demo", *more).splitlines()]


def logged(chat, *texts):
    """The log, once it has these."""
    wait_for(lambda: set(texts) <= {line["text"] for line in log(chat)}, 10, f"{texts} in the log")
    return log(chat)


def differing(lines, *options):
    """{id: (was, verdict)} of what automod would judge otherwise now."""
    judged = subprocess.run([program("automod"), "--diff", *options], input="".join(json.dumps(line) + "\n" for line in lines),
                            capture_output=True, text=True, timeout=60)
    assert (judged.returncode, judged.stderr) == (0, "")
    return {line["id"]: (line["was"], line["verdict"]) for line in map(json.loads, judged.stdout.splitlines())}


def peers(chat):
    ada, bob, page = chat.irc_peer("ada", chat.ada), chat.irc_peer("bob", chat.bob), chat.page(chat.bob)
    for peer in (ada, bob, page):
        peer.join("demo")
    return ada, bob, page


def says(peer, text):
    """'USERSTATE', or the id of the refusal."""
    peer.send(f"PRIVMSG #demo :{text}")
    while True:
        line = peer.line()
        if " USERSTATE " in line:
            return "USERSTATE"
        if " NOTICE " in line:
            return tags(line)["msg-id"]


def posts(page, text, key):
    page.say("demo", text, key)
    while True:
        found = page.object()
        if found.get("key") == key and found["type"] in ("confirmed", "error"):
            return found.get("code", "confirmed")


def next_millisecond():
    """What is said from here on is later than what was before, also in the log."""
    now = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == now:
        pass


def kill(chat):
    chat.daemon.process.send_signal(signal.SIGKILL)
    chat.daemon.process.wait()


def test_a_blocked_line_is_in_the_log_and_a_replay_tells_what_would_differ(chat):
    ada, bob, _ = peers(chat)
    ada.send("PRIVMSG #demo :/vip bob")
    ada.until("vip_success")
    assert says(ada, "welcome") == "USERSTATE"
    next_millisecond()
    assert says(bob, INSULT) == "msg_rejected_mandatory"
    ada.send("PRIVMSG #demo :/unvip bob")
    ada.until("unvip_success")
    next_millisecond()
    assert says(bob, "good night") == "USERSTATE"
    lines = logged(chat, INSULT, "good night")
    assert [line["text"] for line in lines] == ["welcome", INSULT, "good night"]
    first, blocked, last = lines
    assert blocked["verdict"] == "block" and blocked["roles"] == ["vip"] and "held" not in blocked
    assert blocked["user"] == {"id": last["user"]["id"], "login": "bob", "name": "bob"} and blocked["channel"] == "demo"
    assert first["at"] <= blocked["at"] <= last["at"]
    why = blocked["blocked"]
    assert (why["reason"], why["category"], why["rule"], why["level"]) == ("automod", "bullying", "toxicity", 3)
    assert 0.6 <= why["score"] < 0.9
    assert "verdict" not in first and "verdict" not in last and (first["roles"], last["roles"]) == (["broadcaster"], [])

    assert differing(lines, "--level", "0") == {blocked["id"]: ("block", "allow")}
    assert differing(lines, "--level", "2") == {blocked["id"]: ("block", "hold")}
    assert differing(lines, "--level", "4") == {}
    assert differing(lines, "--level", "4", "--exempt", "vip") == {blocked["id"]: ("block", "allow")}  # by its roles then

    assert log(chat, "--user", "bob") == [blocked, last] and log(chat, "--user", "ada") == [first]
    assert log(chat, "--shown") == [first, last]
    assert log(chat, "--since", blocked["at"], "--until", last["at"])[0] == blocked
    assert log(chat, "--until", blocked["at"]) == [first]


def test_a_held_line_has_the_roles_that_it_was_judged_with(chat):
    ada, bob, _ = peers(chat)
    ada.send("PRIVMSG #demo :/vip bob")
    ada.until("vip_success")
    for text in (HELD, f"\x01ACTION {HELD}!\x01"):
        assert says(bob, text) == "msg_rejected"
    ada.send("PRIVMSG #demo :/unvip bob")
    ada.until("unvip_success")
    waits = [held["id"] for held in map(json.loads, modctl(chat, "queue", "list", "demo", "--json").splitlines())]
    modctl(chat, "queue", "approve", "demo", waits[0])
    ada.until("PRIVMSG", HELD)
    lines = logged(chat, HELD, HELD + "!")
    assert [(line["id"], line["verdict"], line["roles"]) for line in lines] == [(id_, "hold", ["vip"]) for id_ in reversed(waits)]
    assert [line.get("action") for line in lines] == [True, None]
    assert {line["id"]: line["held"]["state"] for line in lines} == dict(zip(waits, ("allowed", "held")))
    assert differing(lines, "--level", "3") == {}
    assert differing(lines, "--level", "3", "--exempt", "vip") == {id_: ("hold", "allow") for id_ in waits}


def test_a_blocked_line_is_in_no_history_and_has_no_number(chat):
    ada, bob, page = peers(chat)
    assert says(bob, "one") == "USERSTATE"
    joined = chat.page().join("demo")
    assert posts(page, INSULT, "k1") == "rejected"
    assert says(bob, INSULT) == "msg_rejected_mandatory"
    assert says(bob, "two") == "USERSTATE"
    logged(chat, INSULT, "two")

    def check():
        fresh = chat.page().join("demo")
        assert [message["text"] for message in fresh["history"]] == ["one", "two"]
        assert [message["seq"] for message in fresh["history"]] == [1, 2]
        resumed = chat.page().join("demo", after=joined["cursor"])
        assert [message["text"] for message in resumed["history"]] == ["two"]

    check()
    seen = ada.until("PRIVMSG", ":two")
    assert not any("idiots" in line for line in seen)
    assert chat.ask("rooms")["rooms"][0]["seq"] == 2
    for stop in (lambda: chat.daemon.stop(), lambda: kill(chat)):
        stop()
        chat.start()
        check()
    assert sorted(line["text"] for line in log(chat)) == ["one", "two", INSULT, INSULT]


def test_a_blocked_line_outlives_a_kill_a_moment_later(chat):
    _, bob, _ = peers(chat)
    assert says(bob, INSULT) == "msg_rejected_mandatory"
    with contextlib.closing(sqlite3.connect(f"file:{chat.directory}/chat.db?mode=ro", uri=True)) as file:
        wait_for(lambda: file.execute("SELECT count(*) FROM blocked").fetchone() == (1,), 10, "the line to be kept")
    kill(chat)
    assert [line["text"] for line in log(chat)] == [INSULT]
    chat.start()
    assert [line["text"] for line in log(chat)] == [INSULT]


def test_one_that_is_told_to_stop_has_kept_what_it_blocked_last(chat):
    _, bob, _ = peers(chat)
    assert says(bob, INSULT) == "msg_rejected_mandatory"
    chat.daemon.process.send_signal(signal.SIGTERM)
    chat.daemon.process.wait(20)
    assert [line["text"] for line in log(chat)] == [INSULT]
    chat.start()


def test_a_ban_for_blocked_lines_is_explained(chat):
    chat.seed("word", "demo", "spoiler")
    ada, bob, _ = peers(chat)
    assert says(bob, INSULT) == "msg_rejected_mandatory"
    assert says(bob, "a spoiler") == "msg_rejected_mandatory"
    assert says(bob, "a \x01spoiler\x02 again") == "msg_rejected_mandatory"
    ada.send("PRIVMSG #demo :/ban bob enough")
    ada.until("ban_success")
    logged(chat, INSULT, "a spoiler")
    bans = modctl(chat, "audit", "list", "--action", "ban", "--json").splitlines()
    id_ = str(json.loads(bans[-1])["id"])
    words = modctl(chat, "audit", "explain", id_)
    assert " was blocked at " in words and f" for automod: bullying, level 3 (toxicity)\n  {INSULT}\n" in words
    assert " for blocked_term (phrase)\n  a spoiler\n" in words
    told = json.loads(modctl(chat, "audit", "explain", id_, "--json"))
    assert told["verdicts"] == [] and told["blocked"][0]["text"] == INSULT
    assert {line["reason"] for line in told["blocked"]} == {"automod", "blocked_term"} and told["blocked"][0]["score"] > 0.6
    assert told["blocked"][1]["boundaries"] == [[2, 8]] and told["blocked"][1]["category"] == ""


def test_one_sent_again_is_kept_once_and_a_key_hides_no_other_text(chat):
    page = peers(chat)[2]
    for text in (INSULT, INSULT, INSULT + " here"):
        assert posts(page, text, "same") == "rejected"
    lines = logged(chat, INSULT, INSULT + " here")
    assert [line["text"] for line in lines] == [INSULT, INSULT + " here"] and lines[0]["id"] == lines[1]["id"]


def test_a_flood_is_kept_up_to_its_bound_and_counted(chat):
    ada, bob, _ = peers(chat)
    for begin in range(0, 150, 50):  # up to 64 may wait
        bob.send(*(f"PRIVMSG #demo :{INSULT} {number}" for number in range(begin, begin + 50)))
        for _ in range(50):
            bob.until("msg_rejected_mandatory")
    next_millisecond()
    assert says(bob, "and this is said") == "USERSTATE"
    lines = logged(chat, "and this is said", f"{INSULT} 99")
    assert [line["text"] for line in lines] == [*(f"{INSULT} {number}" for number in range(100)), "and this is said"]
    wait_for(lambda: chat.metric("sluice_chat_blocked_lost 50"), 10, "the others to be counted")
    assert chat.metric("sluice_chat_history_lost 0")


def test_without_a_history_they_are_refused_and_not_kept():
    with running(*QUIET, "--automod", "automod --level 3", "--history", "none") as chat:
        chat.seed("word", "demo", "spoiler")
        bob = peers(chat)[1]
        assert says(bob, "a spoiler") == "msg_rejected_mandatory"
        assert get(f"http://127.0.0.1:{chat.metrics}/health")[0] == 200
        assert not (chat.directory / "chat.db").exists()


@pytest.mark.parametrize("own_history", [True, False], ids=["a file each", "one file"])
def test_no_other_node_is_told(own_history):
    with joined(2, options=("--automod", "automod --level 3"), own_history=own_history) as nodes:
        first, second = nodes
        first.seed("word", "demo", "spoiler")
        ada, bob = second.irc_peer("ada", second.ada), first.irc_peer("bob", first.bob)
        for peer in (ada, bob):
            peer.join("demo")
        assert says(bob, "a spoiler") == "msg_rejected_mandatory"
        assert says(bob, "hello") == "USERSTATE"
        assert not any("spoiler" in line for line in ada.until("PRIVMSG", ":hello"))
        nodes.kill(1)
        assert says(bob, "hello again") == "USERSTATE"
        second.start()  # it asks the other for what it has missed
        wait_for(lambda: [message["text"] for message in second.page().join("demo")["history"]][-2:] == ["hello", "hello again"],
                 10, "what was said meanwhile")
        files = [first.directory / (f"chat-{number}.db" if own_history else "chat.db") for number in range(2)]

        def texts(file):
            return [line["text"] for line in log(first, "--history", str(file))]

        wait_for(lambda: "hello again" in texts(files[1]) and "a spoiler" in texts(files[0]), 10, "both in the log")
        assert ("a spoiler" in texts(files[1])) == (not own_history)
        assert not any(message["text"] == "a spoiler" for node in nodes for message in node.page().join("demo")["history"])
