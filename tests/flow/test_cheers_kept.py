"""Cheers that are paid and that a kill, a stop or nobody at all comes between: said once, or given back."""
import signal
import sqlite3

import pytest

from cheering import QUIET, balance, cheers, events, grant, said_by, subctl
from chat_nodes import joined
from chat_platform import everybody, running
from harness import wait_for


@pytest.fixture
def chat():
    with running(*QUIET) as chat:
        yield chat


def test_a_cheer_of_subctl_that_nobody_was_there_for_is_said_at_the_next_start(chat):
    grant(chat, 10)
    chat.daemon.process.send_signal(signal.SIGKILL)
    chat.daemon.process.wait()
    subctl(chat, "cheer", "demo", "bob", "--message", "cheer10 good morning")
    chat.start()
    page = chat.page(chat.ada)
    wait_for(lambda: [m["text"] for m in page.join("demo")["history"]] == ["cheer10 good morning"], 10, "the cheer")
    chat.daemon.stop()
    chat.start()
    page = chat.page(chat.ada)
    assert [(m["text"], m["bits"], m["badges"]) for m in page.join("demo")["history"]] == [("cheer10 good morning", 10, [["bits", "1"]])]


def test_a_kill_between_payment_and_saying_loses_and_repeats_nothing(chat):
    grant(chat, 100_000)
    _, bob, _ = everybody(chat)
    for round_ in range(5):
        before = len(cheers(chat))
        for number in range(20):
            bob.send(f"PRIVMSG #demo :cheer1 {round_}-{number}")
        wait_for(lambda: len(cheers(chat)) > before + 3 * round_, 10, "some to be paid")
        chat.daemon.process.send_signal(signal.SIGKILL)
        chat.daemon.process.wait()
        chat.start()
        bob = chat.irc_peer("bob", chat.bob)
        bob.join("demo")
        paid = sorted(event["message"] for event in cheers(chat))
        page = chat.page(chat.ada)
        kept = lambda: sorted(m["text"] for m in page.join("demo", history=100)["history"])
        wait_for(lambda: kept() == paid, 10, "what was paid to be said, once each")
    assert balance(chat) == 100_000 - len(cheers(chat))


def test_a_key_of_long_ago_pays_for_nothing_new(chat):
    """What a key's message was is forgotten after five minutes; that it was paid is not, and it is not said again for the same bits."""
    grant(chat, 100)
    _, _, page = everybody(chat)
    page.say("demo", "cheer1 hi", "k1")
    page.until("confirmed")
    chat.daemon.stop()
    with sqlite3.connect(chat.directory / "chat.db") as history:
        history.execute("UPDATE messages SET at_ms = at_ms - 600000")
    chat.start()
    page = chat.page(chat.bob)
    page.join("demo")
    for text in ("cheer99 for nothing", "cheer1 hi"):
        page.say("demo", text, "k1")
        assert page.until("error")["code"] == "busy"
    assert balance(chat) == 99 and len(cheers(chat)) == 1
    assert [(m["text"], m["bits"]) for m in chat.page(chat.ada).join("demo", history=100)["history"]] == [("cheer1 hi", 1)]


def test_a_cheer_that_nobody_said_for_an_hour_is_given_back(chat):
    grant(chat, 10)
    chat.daemon.process.send_signal(signal.SIGKILL)
    chat.daemon.process.wait()
    made = subctl(chat, "cheer", "demo", "bob", "--message", "cheer10 good morning", "--key", "p1")
    with sqlite3.connect(chat.directory / "store.db") as store:
        store.execute("UPDATE events SET at_ms = at_ms - 3660000 WHERE name = 'channel.cheer'")
    chat.start()
    wait_for(lambda: balance(chat) == 10, 10, "the bits to be given back")
    chat.daemon.stop()
    chat.start()  # once
    assert balance(chat) == 10 and said_by(chat) == 0
    returned, = events(chat, "channel.cheer.return")
    assert (returned["message_id"], returned["bits"], returned["cumulative_bits"]) == (made["message_id"], 10, 0)
    assert subctl(chat, "cheer", "demo", "bob", "--message", "cheer10 good morning", "--key", "p1")["state"] == "returned"


def test_a_page_that_sends_again_after_a_kill_is_said_once():
    """With Redis the key is with a run that is gone, and the page's repeat is one with what the start says."""
    with joined(1) as nodes:
        chat = nodes[0]
        grant(chat, 1000)
        page = chat.page(chat.bob)
        page.join("demo")
        for round_ in range(4):
            before, texts = len(cheers(chat)), [f"cheer1 {round_}-{number}" for number in range(15)]
            for text in texts:
                page.say("demo", text, text)
            wait_for(lambda: len(cheers(chat)) > before + 3 * round_, 10, "some to be paid")
            nodes.kill(0)
            chat.start()
            page = chat.page(chat.bob)
            page.join("demo")
            for text in texts:
                page.say("demo", text, text)
            reader = chat.page(chat.ada)
            kept = lambda: sorted(m["text"] for m in reader.join("demo", history=100)["history"])
            paid = lambda: sorted(event["message"] for event in cheers(chat))
            wait_for(lambda: kept() == paid(), 20, "what is paid to be said, once each")
        assert len(set(paid())) == len(paid())
        assert balance(chat) == 1000 - len(paid())
