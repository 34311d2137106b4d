"""Rooms that are closed when nobody has been there for a while, and read again from the history when somebody comes."""
import contextlib
import sqlite3
import subprocess

import pytest

from chat_nodes import health, joined
from chat_platform import running
from chat_peers import Page
from harness import program, wait_for

OPTIONS = ("--room-idle", "5s", "--cooldown", "0s", "--message-rate", "1000", "--repeat-time", "0s", "--automod", "none")
LONG_AGO = 2 * 3600 * 1000  # ms


@pytest.fixture(scope="module")
def chat():
    with running(*OPTIONS) as chat:
        yield chat


def said(page, channel, text, key=None):
    page.say(channel, text, key or text)
    return page.until("confirmed")


def open_rooms(chat):
    return [room["channel"] for room in chat.ask("rooms")["rooms"]]


def wait_closed(chat, channel):
    wait_for(lambda: channel not in open_rooms(chat), 30, f"#{channel} is closed")


def modctl(chat, *arguments):
    subprocess.run([program("modctl"), "--dir", str(chat.directory), "--as", "ada", *arguments], check=True, capture_output=True, timeout=30)


def test_who_comes_back_to_a_closed_room_has_missed_nothing(chat):
    chat.seed("channel", "quiet", "ada")
    ada, bob = chat.page(chat.ada), chat.page(chat.bob)
    for page in ada, bob:
        page.join("quiet")
    first = said(bob, "quiet", "one", "k1")
    said(ada, "quiet", "two")
    ada.say("quiet", f"/delete {first['id']}", "delete")
    ada.until("notice")
    last = said(bob, "quiet", "three")
    ada.close(), bob.close()
    wait_closed(chat, "quiet")

    back = chat.page(chat.bob)
    again = back.join("quiet", cursor={first["origin"]: first["seq"]})
    assert [message["text"] for message in again["history"]] == ["two", "three"] and not again["gap"]
    assert again["removed"]["ids"] == [first["id"]]
    assert again["cursor"][last["origin"]] == last["seq"]
    assert said(back, "quiet", "one", "k1")["duplicate"]
    confirmed = said(back, "quiet", "four")
    assert confirmed["seq"] == last["seq"] + 1  # its numbers go on
    message = back.until("message")
    assert message["text"] == "four" and "first" not in message
    assert [message["text"] for message in chat.page().join("quiet")["history"]] == ["two", "three", "four"]


def test_who_missed_more_than_the_history_shows_is_told_so(chat):
    chat.seed("channel", "long", "ada")
    bob = chat.page(chat.bob)
    bob.join("long")
    lines = [said(bob, "long", f"line {number}") for number in range(205)]
    bob.close()
    wait_closed(chat, "long")
    for seen, gap in (0, True), (4, False):
        again = chat.page().join("long", cursor={lines[seen]["origin"]: lines[seen]["seq"]})
        assert again["gap"] == gap and len(again["history"]) == 200


def test_what_moderators_did_while_it_was_closed_is_so(chat):
    chat.seed("channel", "acted", "ada")
    bob = chat.page(chat.bob)
    bob.join("acted")
    lines = [said(bob, "acted", text) for text in ("stays", "goes")]
    bob.close()
    wait_closed(chat, "acted")
    modctl(chat, "delete", "acted", lines[1]["id"])
    modctl(chat, "settings", "acted", "slow=30")
    back = chat.page(chat.bob)
    again = back.join("acted", history=10)
    assert [message["text"] for message in again["history"]] == ["stays"]
    assert again["settings"]["slow"] == 30, again
    back.close()
    wait_closed(chat, "acted")
    modctl(chat, "ban", "acted", "bob")
    back = chat.page(chat.bob)
    again = back.join("acted", history=10)
    assert again["history"] == []
    back.say("acted", "am I banned?", "b")
    assert back.until("error")["code"] == "banned"


def test_a_room_in_which_somebody_is_stays_open(chat):
    for channel in "watched", "left":
        chat.seed("channel", channel, "ada")
    reader, bob = chat.page(), chat.page(chat.bob)
    reader.join("watched")
    bob.join("left")
    said(bob, "left", "bye")
    bob.close()
    wait_closed(chat, "left")
    assert "watched" in open_rooms(chat)
    ada = chat.irc_peer("ada", chat.ada)
    ada.join("watched")
    ada.send("PRIVMSG #watched :still here")
    assert reader.until("message")["text"] == "still here"


def test_nothing_is_open_at_the_start_and_many_may_come_at_once(chat):
    chat.seed("channel", "rush", "ada")
    bob = chat.page(chat.bob)
    bob.join("rush")
    for number in range(50):
        said(bob, "rush", f"line {number}")
    chat.daemon.stop()
    chat.start()
    assert open_rooms(chat) == []
    pages = [Page(chat.ws) for _ in range(60)]
    for page in pages:
        page.ask(type="join", channel="rush", history=50)
    for page in pages:
        assert [message["text"] for message in page.until("joined")["history"]] == [f"line {number}" for number in range(50)]
    ada = chat.irc_peer("ada", chat.ada)
    ada.join("rush")
    ada.send("PRIVMSG #rush :all here?")
    assert [page.until("message")["text"] for page in pages] == ["all here?"] * 60


def test_a_channel_is_found_however_its_name_is_typed(chat):
    chat.seed("channel", "typed", "ada")
    answers = [chat.ask_all({"command": "act", "channel": channel, "as": "ada", "line": "/mods"})[0] for channel in ("##typed", "#TYPED", "##typed")]
    assert answers[0] == answers[1] == answers[2] and "error" not in answers[0], answers
    assert open_rooms(chat).count("typed") == 1


def test_time_that_is_too_short_is_refused(tmp_path):
    done = subprocess.run([program("chatd"), "--dir", str(tmp_path), "--room-idle", "1s"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "--room-idle: 1s is too short" in done.stderr and "choose 5s or longer" in done.stderr


def test_another_node_hears_of_a_room_that_is_not_open_here():
    """Two nodes, each with a history of its own: what one alone knows of, from long before it was started, it tells who opens the room elsewhere."""
    with joined(own_history=True) as nodes:
        a, b = nodes
        on_a = a.page(a.ada)
        on_a.join("demo")
        b.daemon.stop()
        for number in range(30):
            said(on_a, "demo", f"old {number}")
        a.daemon.stop()
        with contextlib.closing(sqlite3.connect(f"{a.directory}/chat-0.db")) as archive:
            archive.execute("UPDATE messages SET at_ms = at_ms - ?1, more = iif(more ->> 'order' > 0, json_set(more, '$.order', more ->> 'order' - ?1), more)",
                            [LONG_AGO])
            archive.commit()
        for node in nodes:
            node.start()
        nodes.wait_joined()
        assert open_rooms(a) == open_rooms(b) == []
        found = b.page().join("demo", history=100)
        assert [message["text"] for message in found["history"]] == [f"old {number}" for number in range(30)]
        assert open_rooms(a) == ["demo"]


@contextlib.contextmanager
def locked(path):
    """Nobody writes the file meanwhile; it can be read."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        database.rollback()
        database.close()


def history_is_well(chat):
    return health(chat)[1]["history"]["status"] == "healthy"


def test_what_is_taken_off_while_it_is_closed_is_shown_to_nobody_though_it_cannot_be_written(chat):
    chat.seed("channel", "unwritten", "ada")
    bob = chat.page(chat.bob)
    bob.join("unwritten")
    rude, fine = (said(bob, "unwritten", text) for text in ("rude", "fine"))
    bob.close()
    wait_closed(chat, "unwritten")
    with locked(f"{chat.directory}/chat.db"):
        modctl(chat, "delete", "unwritten", rude["id"])
        wait_for(lambda: not history_is_well(chat), 30, "the history cannot be written")

        def shown():
            page = chat.page()
            again = page.join("unwritten", cursor={rude["origin"]: rude["seq"] - 1})
            page.close()
            assert again["removed"]["ids"] == [rude["id"]]
            return [message["text"] for message in again["history"]]

        assert wait_for(shown, 20, "it is read, though not written") == ["fine"]
    wait_for(lambda: history_is_well(chat), 30, "the history is written again")


def test_who_comes_back_after_a_clear_takes_everything_off(chat):
    chat.seed("channel", "cleared", "ada")
    bob = chat.page(chat.bob)
    bob.join("cleared")
    lines = [said(bob, "cleared", f"line {number}") for number in range(230)]
    bob.close()
    wait_closed(chat, "cleared")
    modctl(chat, "clear", "cleared")
    modctl(chat, "timeout", "cleared", "cyd", "60")

    def removed():
        page = chat.page()
        told = page.join("cleared", cursor={lines[-1]["origin"]: lines[-1]["seq"]}).get("removed", {})
        page.close()
        return told if "users" in told and "all" in told else None

    assert wait_for(removed, 10, "it is told of all that was done")["all"] >= lines[-1]["at"]


def test_a_history_that_cannot_be_read_is_read_later(chat):
    chat.seed("channel", "unread", "ada")
    bob = chat.page(chat.bob)
    bob.join("unread")
    said(bob, "unread", "before")
    bob.close()
    wait_closed(chat, "unread")
    with contextlib.closing(sqlite3.connect(f"{chat.directory}/chat.db", isolation_level=None)) as archive:
        archive.execute("ALTER TABLE origins RENAME TO origins_away")
        assert chat.page(chat.bob).join("unread", history=10)["history"] == []
        archive.execute("ALTER TABLE origins_away RENAME TO origins")

    def shown():
        page = chat.page()
        found = [message["text"] for message in page.join("unread", history=10)["history"]]
        page.close()
        return found

    wait_for(lambda: shown() == ["before"], 20, "the open room is given its past")
    back = chat.page(chat.bob)
    back.join("unread")
    said(back, "unread", "after")
    assert "first" not in back.until("message")


def test_a_ban_holds_and_acts_are_answered_where_the_history_is_slow():
    """Of nodes, which ask their history who spoke in a room that is open and that they do not follow."""
    with joined(own_history=True) as nodes:
        a, b = nodes
        for channel in "race", "other":
            a.seed("channel", channel, "ada")
        on_a = a.page(a.ada)
        on_a.join("race")
        said(on_a, "race", "hello")
        on_a.close()
        wait_for(lambda: written(a, 1), 10, "the line is in the history")
        modctl(a, "ban", "race", "bob")
        a.daemon.stop()
        a.start()
        nodes.wait_joined()
        assert open_rooms(a) == ["race"]  # of late something was said
        bob = a.page(a.bob)
        with locked(f"{a.directory}/chat-0.db"):
            modctl(a, "ban", "other", "cyd")  # the writer waits for the lock, and this node's answers for the writer
            bob.ask(type="join", channel="race")
            bob.ask(type="message", channel="race", text="am I banned?", key="k")
            asked = a.ask_all({"command": "act", "channel": "race", "as": "ada", "line": "/mods"})
        assert bob.until("error")["code"] == "banned"
        assert "error" not in asked[0], asked


def written(chat, count):
    with contextlib.closing(sqlite3.connect(f"file:{chat.directory}/chat-0.db?mode=ro", uri=True)) as archive:
        return archive.execute("SELECT count(*) FROM messages").fetchone()[0] == count
