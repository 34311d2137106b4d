"""Who founded a channel's subscribers, who is new in its chat, and who comes back, as chats are told."""
import sqlite3
import time

import pytest

from cheering import QUIET, subctl
from chat_peers import tags
from chat_platform import everybody, running


@pytest.fixture
def chat():
    with running(*QUIET) as chat:
        yield chat


def test_founders_are_the_first_ten(chat):
    ada, bob, _ = everybody(chat)
    subctl(chat, "subscribe", "demo", "bob")
    assert tags(ada.until("USERNOTICE")[-1])["badges"] == "founder/0"
    bob.send("PRIVMSG #demo :first")
    told = tags(ada.until("PRIVMSG")[-1])
    assert (told["badges"], told["badge-info"], told["subscriber"]) == ("founder/0", "founder/1", "1")
    for number in range(10):
        chat.seed("user", f"fan{number}")
        subctl(chat, "subscribe", "demo", f"fan{number}")
    badges = [tags(ada.until("USERNOTICE")[-1])["badges"] for _ in range(10)]
    assert badges == ["founder/0"] * 9 + ["subscriber/0"]


def test_who_is_new_and_comes_back_is_told(chat):
    _, bob, _ = everybody(chat)
    bob.send("PRIVMSG #demo :hello")
    bob.until("USERSTATE")
    chat.daemon.stop()
    day = 24 * 3600 * 1000
    now = int(time.time() * 1000)
    with sqlite3.connect(chat.directory / "chat.db") as history:
        history.execute("UPDATE messages SET at_ms = at_ms - ?", [day])
        history.execute("UPDATE speakers SET first_ms = first_ms - ?", [day])
        ada_id = sqlite3.connect(chat.directory / "store.db").execute("SELECT id FROM users WHERE name = 'ada'").fetchone()[0]
        channel = history.execute("SELECT channel_id FROM speakers").fetchone()[0]
        history.execute("INSERT INTO speakers VALUES (?, ?, ?)", [channel, ada_id, now - 31 * day])
    for _ in range(2):  # a restart within the visit changes nothing
        chat.start()
        ada, bob, page = everybody(chat)
        bob.send("PRIVMSG #demo :back again")
        told = tags(ada.until("PRIVMSG")[-1])
        assert (told["first-msg"], told["returning-chatter"]) == ("0", "1")
        assert page.until("message")["returning"] is True
        ada.send("PRIVMSG #demo :here for long")
        assert tags(bob.until("PRIVMSG")[-1])["returning-chatter"] == "0"
        chat.daemon.stop()
