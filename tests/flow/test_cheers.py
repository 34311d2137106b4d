"""Bits in a running chat: cheers that are typed, that subctl makes, that are refused or held, and what clients hear of them."""
import contextlib
import json
import sqlite3
import subprocess

import pytest

from cheering import QUIET, UNLIMITED, balance, cheers, grant, modctl, said_by, subctl
from chat_nodes import history, joined
from chat_peers import Page, tags
from chat_platform import everybody, running
from harness import install_npm, program, wait_for
from test_people_clients import CLIENTS, Listener

HELD = "fuck this"  # the list that automod comes with holds it


@pytest.fixture
def chat():
    with running(*QUIET) as chat:
        yield chat


def test_a_cheer_is_typed_paid_told_and_shown(chat):
    grant(chat, 500)
    ada, bob, page = everybody(chat)
    bob.send("@client-nonce=abc PRIVMSG #demo :Cheer100 hello cheer50")
    line = ada.until("PRIVMSG")[-1]
    assert line.endswith("PRIVMSG #demo :Cheer100 hello cheer50")
    assert (tags(line)["bits"], tags(line)["badges"], tags(line)["display-name"]) == ("150", "bits/100", "bob")
    state = tags(bob.until("USERSTATE")[-1])
    assert (state["client-nonce"], state["badges"]) == ("abc", "bits/100")
    told = page.until("message")
    assert (told["bits"], told["badges"], told["user"]["login"]) == (150, [["bits", "100"]], "bob")
    assert balance(chat) == 350
    event, = cheers(chat)
    assert (event["is_anonymous"], event["message"], event["bits"], event["user_login"]) == (False, "Cheer100 hello cheer50", 150, "bob")
    bob.send("PRIVMSG #demo :and now without")
    line = ada.until("PRIVMSG")[-1]
    assert ("bits" in tags(line), tags(line)["badges"]) == (False, "bits/100")

    page.send(json.dumps({"type": "message", "channel": "demo", "text": "cheer1 again", "key": "k1"}))
    assert page.until("confirmed")["key"] == "k1"
    page.send(json.dumps({"type": "message", "channel": "demo", "text": "cheer1 again", "key": "k1"}))
    assert page.until("confirmed")["duplicate"] is True
    assert balance(chat) == 349
    row = subctl(chat, "cheerers", "demo")
    assert (row["user"], row["bits"], row["metal"]) == ("bob", 151, "bronze")


def test_what_is_refused_takes_nothing(chat):
    ada, bob, page = everybody(chat)
    bob.send("PRIVMSG #demo :cheer5 for who never had bits")
    assert "bits" not in tags(ada.until("PRIVMSG")[-1])
    grant(chat, 10)
    bob.send("PRIVMSG #demo :cheer11")
    assert tags(bob.until("NOTICE")[-1])["msg-id"] == "cheer_not_enough_bits"
    bob.send("PRIVMSG #demo :cheer100001")
    assert tags(bob.until("NOTICE")[-1])["msg-id"] == "cheer_too_many_bits"
    page.send(json.dumps({"type": "message", "channel": "demo", "text": "hello", "key": "k1", "anonymous": True}))
    assert page.until("error")["code"] == "no_cheer"
    page.send(json.dumps({"type": "message", "channel": "demo", "text": "cheer11", "key": "k2"}))
    assert page.until("error")["code"] == "not_enough_bits"
    ada.send("PRIVMSG #demo :/subscribers")
    bob.until("subs_on")
    bob.send("PRIVMSG #demo :cheer5")
    assert tags(bob.until("NOTICE")[-1])["msg-id"] == "msg_subsonly"
    ada.send("PRIVMSG #demo :/subscribersoff")
    bob.until("subs_off")
    ada.send("PRIVMSG #demo :/timeout bob 600")
    bob.until("CLEARCHAT")
    bob.send("PRIVMSG #demo :cheer5")
    assert tags(bob.until("NOTICE")[-1])["msg-id"] == "msg_timedout"
    assert "banned from demo" in subctl(chat, "cheer", "demo", "bob", "--message", "cheer5", status=1)
    assert balance(chat) == 10 and cheers(chat) == []
    ada.send("PRIVMSG #demo :cheer5 of the broadcaster's own")
    assert "bits" not in page.until("message")


def test_an_anonymous_cheer_names_nobody(chat):
    grant(chat, 1000)
    ada, bob, page = everybody(chat)
    page.send(json.dumps({"type": "message", "channel": "demo", "text": "cheer100 guess who", "key": "k1", "anonymous": True}))
    line = ada.until("PRIVMSG")[-1]
    assert line.split(" ")[1] == ":ananonymouscheerer!ananonymouscheerer@ananonymouscheerer.tmi.twitch.tv"
    assert (tags(line)["bits"], tags(line)["badges"], tags(line)["user-id"], tags(line)["first-msg"]) == ("100", "", "407665396", "0")
    told = page.until("message")
    assert (told["user"]["name"], told["anonymous"], told["bits"]) == ("AnAnonymousCheerer", True, 100)
    assert "bob" not in line and "bob" not in json.dumps(told) and "bob" not in json.dumps(cheers(chat))
    assert balance(chat) == 900
    bob.send("PRIVMSG #demo :no badge of it")
    assert tags(ada.until("PRIVMSG", "no badge")[-1])["badges"] == ""
    ada.send(f"PRIVMSG #demo :/delete {tags(line)['id']}")
    gone = bob.until("CLEARMSG")[-1]
    assert (tags(gone)["login"], tags(gone)["target-msg-id"]) == ("ananonymouscheerer", tags(line)["id"])


def test_subctl_cheers_once_for_its_key_and_one_node_says_it(chat):
    grant(chat, 1000)
    ada, bob, page = everybody(chat)
    with running(*QUIET, "--history", "none", directory=chat.directory, name="other") as other:
        there = other.irc_peer("justinfan7")
        there.join("demo")
        first = subctl(chat, "cheer", "demo", "bob", "--message", "cheer1000 well played", "--key", "p1")
        again = subctl(chat, "cheer", "demo", "bob", "--message", "cheer1000 well played", "--key", "p1")
        assert (first["bits"], first["balance"], first["repeated"], again["repeated"]) == (1000, 0, False, True)
        wait_for(lambda: said_by(chat) + said_by(other) == 1, 10, "the cheer to be said by one of them")
    assert balance(chat) == 0


def test_a_cheer_is_told_on_every_node_once_and_so_is_an_answer_to_nobody():
    with joined(2) as nodes:
        grant(nodes[0], 100)
        ada = nodes[1].irc_peer("ada", nodes[1].ada)
        ada.join("demo")
        page = nodes[0].page(nodes[0].bob)
        page.join("demo")
        page.send(json.dumps({"type": "message", "channel": "demo", "text": "cheer10 guess", "key": "k1", "anonymous": True}))
        line = ada.until("PRIVMSG")[-1]
        assert (tags(line)["bits"], tags(line)["display-name"]) == ("10", "AnAnonymousCheerer")
        page.send(json.dumps({"type": "message", "channel": "demo", "text": "it was me", "key": "k2", "reply_to": tags(line)["id"]}))
        line = ada.until("PRIVMSG")[-1]
        assert line.endswith("it was me") and tags(line)["reply-parent-user-login"] == "ananonymouscheerer"
        made = subctl(nodes[0], "cheer", "demo", "bob", "--message", "cheer5 both hear it")
        heard = ada.until("PRIVMSG")[-1]
        assert (tags(heard)["id"], tags(heard)["bits"], tags(heard)["badges"]) == (made["message_id"], "5", "bits/1")
        page.say("demo", "the end", "k3")
        assert ada.until("PRIVMSG")[-1].endswith("the end")
        assert len(history(nodes[0])) == len(history(nodes[1])) == 4
        assert balance(nodes[0]) == 85


def test_spellings_and_who_cheers_with_an_action(chat):
    grant(chat, 100_000)
    ada, bob, _ = everybody(chat)
    for text, bits in (("CHEER1 cHeEr2 Cheer3", "6"), ("/me cheer4 dances", "4"), ("cheer0 Cheer05 cheer cheers5 xcheer5 cheer-5 cheer5!", None),
                       ("cheer99990", "99990")):
        bob.send(f"PRIVMSG #demo :{text}")
        assert tags(ada.until("PRIVMSG")[-1]).get("bits") == bits
    assert balance(chat) == 0
    for text in ("cheer99999999999999999999999999", "cheer100000 cheer1", "cheer9223372036854775807 cheer9223372036854775807"):
        bob.send(f"PRIVMSG #demo :{text}")
        assert tags(bob.until("NOTICE")[-1])["msg-id"] == "cheer_too_many_bits"
        assert "too many bits" in subctl(chat, "cheer", "demo", "bob", "--message", text, status=1)


def test_slow_mode_takes_nothing_of_who_waits(chat):
    grant(chat, 10)
    ada, bob, _ = everybody(chat)
    ada.send("PRIVMSG #demo :/slow 60")
    bob.until("ROOMSTATE")
    bob.send("PRIVMSG #demo :cheer1")
    ada.until("PRIVMSG")
    bob.send("PRIVMSG #demo :cheer2")
    assert tags(bob.until("NOTICE", "msg_slowmode")[-1])["msg-id"] == "msg_slowmode"
    assert balance(chat) == 9


def test_a_held_cheer_waits_with_its_bits():
    with running(*UNLIMITED, "--automod", program("automod"), "--automod-deadline", "10s") as chat:
        grant(chat, 100)
        ada, bob, page = everybody(chat)
        page.send(json.dumps({"type": "message", "channel": "demo", "text": f"cheer10 {HELD}", "key": "k1"}))
        held = page.until("error")
        assert held["code"] == "held"
        assert balance(chat) == 90 and cheers(chat) == []
        modctl(chat, "queue", "deny", "demo", held["id"])
        assert page.until("decided")["status"] == "denied"
        assert balance(chat) == 100
        page.send(json.dumps({"type": "message", "channel": "demo", "text": f"cheer20 {HELD}", "key": "k2"}))
        held = page.until("error")
        modctl(chat, "queue", "approve", "demo", held["id"])
        line = ada.until("PRIVMSG")[-1]
        assert (tags(line)["bits"], tags(line)["id"], tags(line)["badges"]) == ("20", held["id"], "bits/1")
        assert balance(chat) == 80 and len(cheers(chat)) == 1
        page.send(json.dumps({"type": "message", "channel": "demo", "text": f"cheer81 {HELD}", "key": "k3"}))
        assert page.until("error")["code"] == "not_enough_bits"

        made = subctl(chat, "cheer", "demo", "bob", "--message", f"cheer30 {HELD}")  # its words are looked at, too
        waits = lambda: [row for row in modctl_queue(chat) if made["message_id"] in row]
        wait_for(waits, 10, "it to be held")
        assert balance(chat) == 50
        modctl(chat, "queue", "deny", "demo", made["message_id"])
        assert balance(chat) == 80
        assert subctl(chat, "cheerers", "demo")["bits"] == 20


def test_the_audit_log_has_the_address_from_where_a_cheer_was_said():
    with running(*UNLIMITED, "--automod-deadline", "10s", "--forwarded-for") as chat:
        grant(chat, 100)
        ada, bob, _ = everybody(chat)
        page = Page(chat.ws, headers=["X-Forwarded-For: 203.0.113.7"])
        assert page.log_in(chat.ticket(chat.bob))["type"] == "authenticated"
        page.join("demo")
        page.say("demo", f"cheer10 {HELD}", "k1")
        modctl(chat, "queue", "approve", "demo", page.until("error")["id"])
        ada.until("PRIVMSG", "cheer10")
        page.say("demo", "cheer20", "k2")
        ada.until("PRIVMSG", "cheer20")
        bob.send("PRIVMSG #demo :cheer30")
        ada.until("PRIVMSG", "cheer30")
        told = subprocess.run([program("modctl"), "--dir", str(chat.directory), "--json", "audit", "list", "--action", "bits.cheer"], check=True,
                              capture_output=True, text=True, timeout=30).stdout
        entries = [json.loads(line) for line in told.splitlines()]
        booked = {entry["context"]["bits"]: (entry["actor"]["name"], entry["actor"]["address"]) for entry in entries}
        assert booked == {10: ("bob", "203.0.113.7"), 20: ("bob", "203.0.113.7"), 30: ("bob", "loopback")}
        with contextlib.closing(sqlite3.connect(f"file:{chat.directory}/store.db?mode=ro", uri=True)) as store:
            beside = store.execute("SELECT whole FROM cheers UNION ALL SELECT whole FROM held_messages").fetchall()
        assert len(beside) == 4 and not [whole for (whole,) in beside if "address" in whole or "203.0.113.7" in whole]


def modctl_queue(chat):
    return subprocess.run([program("modctl"), "--dir", str(chat.directory), "--json", "queue", "list", "demo"], check=True,
                          capture_output=True, text=True, timeout=30).stdout.splitlines()


@pytest.fixture(scope="module")
def clients():
    install_npm(CLIENTS)


def test_tmi_js_hears_a_cheer(clients):
    with running(*QUIET) as chat, Listener("tmi", chat.host, chat.ws, "ada", chat.ada) as ada:
        grant(chat, 100)
        ada.until("joined")
        bob = chat.irc_peer("bob", chat.bob)
        bob.send("PRIVMSG #demo :Cheer100 hello")
        assert ada.until("cheer") == {"event": "cheer", "name": "bob", "bits": "100", "text": "Cheer100 hello", "badges": {"bits": "100"}}


def test_twurple_hears_a_cheer(clients):
    with running(*QUIET, host="127.7.0.3", irc=6667) as chat, Listener("twurple", chat.host, chat.irc, "ada", chat.ada) as ada:
        grant(chat, 100)
        ada.until("joined")
        bob = chat.irc_peer("bob", chat.bob)
        bob.send("PRIVMSG #demo :Cheer100 hello")
        while (message := ada.until("message"))["text"] != "Cheer100 hello":
            pass
        assert (message["bits"], message["cheer"], message["badges"]) == (100, True, {"bits": "100"})
