"""Whose first message in a room it is, on nodes that did not listen to the room when they spoke on another."""
import sqlite3

import pytest

from chat_nodes import joined
from harness import wait_for

MORE_THAN_ASKED_FOR = 700


@pytest.fixture(scope="module")
def nodes():
    with joined() as nodes:
        yield nodes


def say(page, channel, text):
    page.say(channel, text, text.replace(" ", "-"))
    return page.until("confirmed")


def kept(nodes, channel):
    """The logins of those whose first message in the channel is in the nodes' common history."""
    directory = nodes[0].directory
    with sqlite3.connect(directory / "store.db") as store, sqlite3.connect(directory / "chat.db") as archive:
        number = store.execute("SELECT id FROM channels WHERE name = ?", [channel]).fetchone()[0]
        speakers = [user for user, in archive.execute("SELECT user_id FROM speakers WHERE channel_id = ?", [number])]
        return {store.execute("SELECT name FROM users WHERE id = ?", [user]).fetchone()[0] for user in speakers}


def speaks_long_ago_on_a(nodes, channel):
    """bob says his first message; then more is said than another node asks for when it comes to listen."""
    a = nodes[0]
    ada, bob, reader = a.page(a.ada), a.page(a.bob), a.page()
    for page in (ada, bob, reader):
        page.join(channel, history=0)
    say(bob, channel, f"hello {channel}")
    assert reader.until("message")["first"]
    wait_for(lambda: "bob" in kept(nodes, channel), 10, "bob's message is in the history")
    for number in range(MORE_THAN_ASKED_FOR):
        say(ada, channel, f"{channel} {number}")


def is_first_on_b(nodes, channel):
    """Whether a reader on a is told that bob's next message, by IRC and without a join, is his first."""
    a, b = nodes
    bob, reader = b.irc_peer("bob", b.bob), a.page()
    reader.join(channel, history=0)
    bob.send(f"PRIVMSG #{channel} :again in {channel}")
    while (told := reader.until("message"))["text"] != f"again in {channel}":
        pass
    return told.get("first", False)


def test_in_a_room_that_was_not_open(nodes):
    nodes[0].seed("channel", "unopened", "ada")
    speaks_long_ago_on_a(nodes, "unopened")
    assert not is_first_on_b(nodes, "unopened")


def test_in_a_room_that_is_open_and_not_listened_to(nodes):
    a, b = nodes
    a.seed("channel", "opened", "ada")
    ada = a.page(a.ada)
    ada.join("opened")
    say(ada, "opened", "I was here before")
    wait_for(lambda: "ada" in kept(nodes, "opened"), 10, "ada's message is in the history")
    b.daemon.stop()
    b.start()  # its room is open then, with what was said
    nodes.wait_joined()
    assert any(room["channel"] == "opened" for room in b.ask("rooms")["rooms"])
    speaks_long_ago_on_a(nodes, "opened")
    assert not is_first_on_b(nodes, "opened")


def test_who_has_never_spoken_is_first(nodes):
    nodes[0].seed("channel", "fresh", "ada")
    assert is_first_on_b(nodes, "fresh")
