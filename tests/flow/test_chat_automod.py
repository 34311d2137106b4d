"""chatd and automod: what is blocked, held, allowed, refused and published later, and what outlives a kill of either."""
import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from chat_peers import answered, tags
from chat_platform import running
from harness import get, program, wait_for

QUIET = ("--cooldown", "0s", "--message-rate", "100000", "--join-rate", "1000", "--repeat-time", "0s", "--room-rate", "0")
HELD = "well fuck this"  # the list that automod comes with holds it
SILENT = ("--automod", "sleep 1000")


@pytest.fixture
def chat():
    with running(*QUIET) as chat:
        yield chat


def everybody(chat):
    """ada, whose channel it is, and bob by IRC; each with a page."""
    peers = chat.irc_peer("ada", chat.ada), chat.irc_peer("bob", chat.bob), chat.page(chat.ada), chat.page(chat.bob)
    for peer in peers:
        peer.join("demo")
    return peers


def said(page, text, key):
    page.say("demo", text, key)
    while True:
        found = page.object()
        if found["type"] in ("confirmed", "error") and found.get("key") == key:
            return found


def modctl(chat, *arguments):
    done = subprocess.run([program("modctl"), "--dir", str(chat.directory), *arguments], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def held(chat):
    """The ids of what waits, in order."""
    return [line.split(" ")[0] for line in chat.seed("held", "demo").splitlines()]


def pages_see(page, text):
    while True:
        message = page.until("message")
        if message["text"] == text:
            return message


def children(chat):
    task = pathlib.Path(f"/proc/{chat.daemon.process.pid}/task")
    return [int(pid) for thread in task.iterdir() for pid in (thread / "children").read_text().split()]


def automod_of(chat):
    """The pid of the child, once it answers."""
    wait_for(lambda: children(chat), 10, "a child of chatd")
    return children(chat)[0]


def automod_health(chat):
    body = get(f"http://127.0.0.1:{chat.metrics}/health")[2]
    return json.loads(body)["dependencies"]["automod"]


def history(chat):
    return [message["text"] for message in chat.page().join("demo")["history"]]


def test_what_is_blocked_is_seen_by_nobody(chat):
    chat.seed("word", "demo", "spoiler")
    ada, bob, ada_page, bob_page = everybody(chat)
    told, line = answered(bob, "a spoiler for you")
    assert told == "msg_rejected_mandatory" and line.endswith("conflicts with the channel's moderation settings.")
    refused = said(bob_page, "another spoiler", "k1")
    assert (refused["code"], refused["key"]) == ("rejected", "k1") and "id" not in refused
    assert answered(ada, "no spoiler from me")[0] == "USERSTATE"  # the broadcaster is exempt
    assert answered(bob, "hello")[0] == "USERSTATE"
    assert ada.until("PRIVMSG")[-1].endswith(":hello")
    assert [pages_see(ada_page, text)["seq"] for text in ("no spoiler from me", "hello")] == [1, 2]
    assert chat.metric('sluice_chat_automod_verdicts_total{verdict="block"} 2')
    assert held(chat) == []


def test_a_moderator_is_exempt_and_a_vip_is_not(chat):
    ada, bob, *_ = everybody(chat)
    ada.send("PRIVMSG #demo :/vip bob")
    ada.until("vip_success")
    assert answered(bob, HELD)[0] == "msg_rejected"
    ada.send("PRIVMSG #demo :/unvip bob", "PRIVMSG #demo :/mod bob")
    ada.until("mod_success")
    assert answered(bob, HELD)[0] == "USERSTATE"


def test_what_is_held_and_approved_is_said_once(chat):
    ada, bob, ada_page, bob_page = everybody(chat)
    told, line = answered(bob, HELD)
    assert told == "msg_rejected" and line.endswith(":Your message is being checked by mods and has not been sent.")
    waits = ada_page.until("held")
    assert (waits["user"]["login"], waits["text"], waits["reason"], waits["category"]) == ("bob", HELD, "automod", "swearing")
    assert waits["where"] == [[5, 8]] and held(chat) == [waits["id"]]
    refused = said(bob_page, HELD + " again", "k1")
    assert refused["code"] == "held" and refused["id"] == ada_page.until("held")["id"]
    assert said(bob_page, HELD + " again", "k1") == refused  # a repeat
    assert len(held(chat)) == 2

    for number in held(chat):
        chat.seed("allow", number)
    decided = ada_page.until("decided")
    assert (decided["id"], decided["status"], decided["by"]["login"]) == (waits["id"], "approved", "tester")
    own = bob_page.until("decided")
    assert own["status"] == "approved" and "by" not in own
    for peer in (ada, bob):  # the author's own connections, too
        assert tags(peer.until("PRIVMSG", HELD)[-1])["id"] == waits["id"]
        peer.until("PRIVMSG", HELD + " again")
    assert pages_see(ada_page, HELD)["user"]["login"] == "bob"
    repeat = said(bob_page, HELD + " again", "k1")
    assert repeat["type"] == "confirmed" and repeat["duplicate"] and repeat["id"] == refused["id"]
    assert history(chat) == [HELD, HELD + " again"]


def test_what_is_denied_or_expires_is_told_and_not_said():
    with running(*QUIET, "--held-time", "3s") as chat:
        _, bob, ada_page, bob_page = everybody(chat)
        assert answered(bob, HELD)[0] == "msg_rejected"
        chat.seed("deny", held(chat)[0])
        assert "msg-id=msg_rejected_mandatory" in bob.until("NOTICE")[-1]
        assert bob_page.until("decided")["status"] == "denied"
        assert answered(bob, HELD)[0] == "msg_rejected"
        assert bob.until("NOTICE")[-1].endswith(":Your message was not sent: no moderator has looked at it in time.")
        assert bob_page.until("decided")["status"] == "expired"
        assert [ada_page.until("decided")["status"] for _ in range(2)] == ["denied", "expired"]
        assert history(chat) == []


def test_moderators_rule_by_commands_and_by_the_control_socket(chat):
    ada, bob, _, _ = everybody(chat)
    for text in (HELD, HELD + "!", HELD + "?"):
        assert answered(bob, text)[0] == "msg_rejected"
    numbers = held(chat)
    told, line = answered(ada, "/held")
    assert told == "held" and all(f"{number} bob: {HELD}" in line for number in numbers)
    assert answered(bob, f"/allow {numbers[0]}")[0] == "no_permission"
    ada.send(f"PRIVMSG #demo :/allow {numbers[0]} harmless")
    assert tags(bob.until("PRIVMSG", HELD)[-1])["id"] == numbers[0]
    assert tags(ada.until("NOTICE")[-1])["msg-id"] == "automod_allowed"
    assert answered(ada, f"/deny {numbers[1]}")[0] == "automod_denied"
    act = lambda line, by="ada": chat.ask_all({"command": "act", "channel": "demo", "as": by, "line": line})[0]
    assert act("/held")["text"].endswith(f"{numbers[2]} bob: {HELD}?")
    assert act(f"/allow {numbers[2]}", by="bob")["error"]["notice"] == "no_permission"
    assert act(f"/allow {numbers[2]}")["notice"] == "automod_allowed"
    assert act(f"/deny {numbers[2]}")["error"]["notice"] == "automod_decided"
    assert act("/deny nothing")["error"]["notice"] == "automod_not_held"
    assert answered(ada, "/held")[0] == "no_held"
    wait_for(lambda: history(chat) == [HELD, HELD + "?"], 5, "what was allowed, and no more")


def test_what_is_approved_of_somebody_banned_meanwhile_is_not_said_and_is_told_and_logged(chat):
    """By a command and at a shell; what was let through of others still is said."""
    ada, bob, _, bob_page = everybody(chat)
    for text in (HELD, HELD + "!"):
        assert answered(bob, text)[0] == "msg_rejected"
    first, second = held(chat)
    assert answered(ada, "/timeout bob 600")[0] == "timeout_success"
    told, line = answered(ada, f"/allow {first}")
    assert told == "automod_allowed" and line.endswith(":The message is allowed, but it is not shown: its author is banned or timed out.")
    assert modctl(chat, "queue", "approve", "demo", second) == f"message {second} of bob is allowed; it is not shown: bob is banned or timed out\n"
    assert [bob_page.until("decided")["status"] for _ in range(2)] == ["approved", "approved"]
    assert answered(ada, "/unban bob")[0] == "untimeout_success"
    bob.send("PRIVMSG #demo :good morning")
    ada.until("PRIVMSG", "good morning")
    assert history(chat) == ["good morning"]
    log = lambda: [json.loads(line) for line in modctl(chat, "log", "demo").splitlines()]
    wait_for(lambda: len(log()) == 3, 10, "the chat log")
    assert [(line["id"], line["held"]["state"]) for line in log()[:2]] == [(first, "allowed"), (second, "allowed")]


def test_moderators_rule_from_their_page(chat):
    _, bob, ada_page, bob_page = everybody(chat)
    for text in (HELD, HELD + "!"):
        assert answered(bob, text)[0] == "msg_rejected"
    ada_page.ask(type="queue", channel="demo")
    first, second = ada_page.until("queue")["held"]
    assert (first["text"], second["text"]) == (HELD, HELD + "!")
    rule = {"type": "rule", "channel": "demo", "id": first["id"], "verdict": "allow"}
    bob_page.ask(**rule, key="b1")
    assert bob_page.until("notice")["code"] == "no_permission"
    ada_page.ask(**rule, key="a1")
    pages_see(bob_page, HELD)
    told = ada_page.until("notice")
    assert (told["key"], told["code"]) == ("a1", "automod_allowed")
    ada_page.ask(**rule, key="a2")
    assert ada_page.until("notice")["code"] == "automod_decided"
    ada_page.ask(**{**rule, "id": second["id"], "verdict": "deny"}, key="a3")
    assert ada_page.until("notice")["code"] == "automod_denied"
    ada_page.ask(**{**rule, "id": "no such"}, key="a4")
    assert ada_page.until("notice")["code"] == "automod_not_held"
    assert history(chat) == [HELD]


def test_words_and_levels_take_effect_while_it_runs(chat):
    page = chat.page(chat.bob)
    page.join("demo")
    keys = iter(range(10_000))

    def becomes(text, code):
        wait_for(lambda: said(page, text, f"k{next(keys)}").get("code") == code, 10, f"{text} to be {code}")

    assert said(page, "a spoiler", "first")["type"] == "confirmed"
    chat.seed("word", "demo", "spoiler")
    becomes("a spoiler", "rejected")
    chat.seed("word", "demo", "ending")  # the room is subscribed already
    becomes("an ending", "rejected")
    assert said(page, "a spoiler", "again")["code"] == "rejected"
    assert said(page, HELD, "held")["code"] == "held"
    chat.seed("automod", "demo", "4")
    becomes("LOOK AT ALL THESE CAPITALS", "rejected")


@contextlib.contextmanager
def unreadable(chat, table):
    """Reading fails where it asks for the table."""
    def rename(name, to):
        with contextlib.closing(sqlite3.connect(chat.directory / "store.db", timeout=20)) as store:
            store.executescript(f"PRAGMA legacy_alter_table=ON; ALTER TABLE {name} RENAME TO {to}")

    rename(table, "away")
    try:
        yield
    finally:
        rename("away", table)


def test_words_that_cannot_be_read_are_asked_for_again_and_what_was_known_holds(chat):
    page = chat.page(chat.bob)
    page.join("demo")
    keys = iter(range(10_000))

    def code(text):
        return said(page, text, f"k{next(keys)}").get("code")

    chat.seed("word", "demo", "spoiler")
    with unreadable(chat, "word_entries"):
        assert code("a spoiler") is None
        assert "cannot be read" in chat.daemon.output() and "the defaults" in chat.daemon.output()
        assert code(HELD) == "held"
    wait_for(lambda: code("a spoiler") == "rejected", 10, "the room's words")
    with unreadable(chat, "word_entries"):
        chat.seed("automod", "demo", "4")
        wait_for(lambda: "what it was" in chat.daemon.output(), 10, "a read that failed")
        assert code("a spoiler") == "rejected"
        assert code("LOOK AT ALL THESE CAPITALS") == "held"
    wait_for(lambda: code("LOOK AT ALL THESE CAPITALS") == "rejected", 10, "the room's level")


def test_a_kill_of_automod_costs_no_line_and_no_order(chat):
    chat.seed("late", "demo", "allow")
    ada, bob, ada_page, _ = everybody(chat)
    lines = [f"line {number}" for number in range(400)]
    first = automod_of(chat)

    def kill():
        os.kill(automod_of(chat), signal.SIGKILL)

    for begin in range(0, 400, 40):
        if begin in (120, 240):
            killer = threading.Thread(target=kill)
            killer.start()
        bob.send(*[f"PRIVMSG #demo :{line}" for line in lines[begin:begin + 40]])
        if begin in (120, 240):
            killer.join()
        sent = time.monotonic()
        for _ in range(40):
            bob.until("USERSTATE")
        assert time.monotonic() - sent < 2
    assert [pages_see(ada_page, line)["seq"] for line in lines] == list(range(1, 401))
    assert automod_of(chat) != first
    wait_for(lambda: automod_health(chat)["status"] == "healthy", 10, "automod's health")
    assert chat.metric("sluice_chat_automod_restarts_total 2")
    chat.seed("late", "demo", "hold")
    assert answered(bob, "and it judges again: " + HELD)[0] == "msg_rejected"


def test_held_messages_outlive_a_kill_of_chatd(chat):
    _, bob, ada_page, _ = everybody(chat)
    for text in (HELD, HELD + "!", HELD + "?"):
        assert answered(bob, text)[0] == "msg_rejected"
    first, second, third = held(chat)

    def kill_and_start():
        chat.daemon.process.send_signal(signal.SIGKILL)
        chat.daemon.process.wait()

    kill_and_start()
    chat.seed("allow", first)
    chat.seed("deny", second)
    chat.start()
    joined = chat.page().join("demo")
    assert [(message["text"], message["id"]) for message in joined["history"]] == [(HELD, first)]
    reader = chat.irc_peer("justinfan5")
    reader.join("demo")
    chat.seed("allow", third)  # it was held by the run before
    assert tags(reader.until("PRIVMSG")[-1])["id"] == third
    wait_for(lambda: history(chat) == [HELD, HELD + "?"], 10, "both in the history")
    for _ in range(2):
        kill_and_start()
        chat.start()
        assert len(history(chat)) == len(set(history(chat))) and set(history(chat)) == {HELD, HELD + "?"}


def test_a_kill_right_after_an_approval_says_it_once(chat):
    """Seen or not before the kill, it is in the history after it, and no second time."""
    _, bob, _, _ = everybody(chat)
    for round_ in range(4):
        text = f"{HELD} {round_}"
        peer = chat.irc_peer("bob", chat.bob)
        peer.join("demo")
        assert answered(peer, text)[0] == "msg_rejected"
        chat.seed("allow", held(chat)[0])
        if round_ % 2:
            peer.until("PRIVMSG", text)
        chat.daemon.process.send_signal(signal.SIGKILL)
        chat.daemon.process.wait()
        chat.start()
        wait_for(lambda: history(chat).count(text) == 1, 10, text)
    assert history(chat) == [f"{HELD} {round_}" for round_ in range(4)]


def test_two_nodes_publish_what_they_took(chat):
    ada, bob, *_ = everybody(chat)
    with running(*QUIET, directory=chat.directory, name="other", *("--history", str(chat.directory / "other.db"))) as other:
        there = other.irc_peer("ada", chat.ada)
        there.join("demo")
        assert answered(bob, HELD)[0] == "msg_rejected"
        chat.seed("allow", held(chat)[0])
        ada.until("PRIVMSG", HELD)
        speaker = other.irc_peer("bob", chat.bob)
        speaker.join("demo")
        assert answered(speaker, "hello there")[0] == "USERSTATE"
        seen = there.until("PRIVMSG")
        assert seen[-1].endswith(":hello there") and not any("fuck" in line for line in seen)


def test_one_that_never_answers_is_late(request):
    with running(*QUIET, *SILENT) as chat:
        _, bob, ada_page, bob_page = everybody(chat)
        begun = time.monotonic()
        assert answered(bob, "hello")[0] == "msg_rejected"  # a room's default
        assert 0.15 < time.monotonic() - begun < 2
        waits = ada_page.until("held")
        assert (waits["reason"], waits["category"]) == ("automod", "deadline")
        assert automod_health(chat)["status"] != "healthy"
        chat.seed("late", "demo", "allow")
        wait_for(lambda: answered(bob, "hello again")[0] == "USERSTATE", 10, "late lines to pass")
        assert not chat.metric("sluice_chat_automod_late_total 0")


def test_late_can_be_the_same_for_all_rooms():
    with running(*QUIET, *SILENT, "--automod-late", "allow", "--automod-deadline", "20ms") as chat:
        bob = chat.irc_peer("bob", chat.bob)
        bob.join("demo")
        assert answered(bob, "hello")[0] == "USERSTATE"


@pytest.mark.parametrize("command", ["yes", "no-such-program", "exit 3", "head -c 100 /dev/zero"])
def test_one_that_is_no_automod_does_not_stop_the_chat(command):
    with running(*QUIET, "--automod", command, "--automod-late", "allow", "--automod-deadline", "50ms") as chat:
        bob = chat.irc_peer("bob", chat.bob)
        bob.join("demo")
        for number in range(20):
            assert answered(bob, f"line {number}")[0] == "USERSTATE"
        assert automod_health(chat)["status"] != "healthy"


def test_none_lets_everything_pass():
    with running(*QUIET, "--automod", "none") as chat:
        bob = chat.irc_peer("bob", chat.bob)
        bob.join("demo")
        assert answered(bob, HELD)[0] == "USERSTATE"
        assert children(chat) == []


def test_a_reload_swaps_the_command(tmp_path):
    settings = tmp_path / "chatd.conf"
    settings.write_text("automod = none\n")
    with running(*QUIET, "--config", str(settings)) as chat:
        bob = chat.irc_peer("bob", chat.bob)
        bob.join("demo")
        assert answered(bob, HELD)[0] == "USERSTATE"
        for command, told in (("automod --level 1", "msg_rejected"), ("none", "USERSTATE"), ("automod", "msg_rejected")):
            settings.write_text(f"automod = {command}\n")
            chat.daemon.process.send_signal(signal.SIGHUP)
            wait_for(lambda: answered(bob, HELD)[0] == told, 10, command)


def test_a_line_that_waits_is_published_though_chatd_is_told_to_stop():
    with running(*QUIET, *SILENT, "--automod-late", "allow", "--automod-deadline", "800ms") as chat:
        bob = chat.irc_peer("bob", chat.bob)
        bob.join("demo")
        bob.send("PRIVMSG #demo :last words", "PING :there")
        bob.until("PONG")
        chat.daemon.process.send_signal(signal.SIGTERM)
        chat.daemon.process.wait(20)
        chat.start()
        assert history(chat) == ["last words"]
