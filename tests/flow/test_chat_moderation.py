"""Moderation by slash commands: what everybody sees, who may, and what outlives a kill of chatd."""
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

from chat_peers import tags
from chat_platform import everybody, running
from harness import program, wait_for

QUIET = ("--cooldown", "0s", "--message-rate", "1000", "--join-rate", "1000", "--repeat-time", "0s")


@pytest.fixture
def chat():
    with running(*QUIET) as chat:
        yield chat


def notice(peer, command, channel="demo"):
    """The (id, text) that answers a command."""
    peer.send(f"PRIVMSG #{channel} :{command}")
    line = peer.until("NOTICE")[-1]
    return tags(line)["msg-id"], line.split(" NOTICE ", 1)[1].split(" :", 1)[1]


def kept(chat):
    """Of the history, the texts that were not taken off."""
    with contextlib.closing(sqlite3.connect(f"file:{chat.directory}/chat.db?mode=ro", uri=True)) as db:
        return db.execute("SELECT text, taken_off_ms FROM messages WHERE taken_off_ms IS NULL").fetchall()


def test_a_timeout_is_seen_by_all_and_ends(chat):
    ada, bob, page = everybody(chat)
    bob.send("PRIVMSG #demo :spam")
    assert page.until("message")["text"] == "spam"
    assert notice(ada, "/timeout bob 2s enough")[0] == "timeout_success"
    line = bob.until("CLEARCHAT")[-1]
    assert line.endswith("CLEARCHAT #demo :bob") and tags(line)["ban-duration"] == "2" and tags(line)["target-user-id"]
    banned = page.until("banned")
    assert (banned["user"]["login"], banned["duration"]) == ("bob", 2)
    assert notice(bob, "more spam")[0] == "msg_timedout"
    page.say("demo", "from a page", "k1")
    assert page.until("error")["code"] == "timed_out"
    assert chat.page().join("demo")["history"] == []
    over = time.monotonic() + 2
    wait_for(lambda: time.monotonic() > over, 5, "the timeout's end")
    bob.send("PRIVMSG #demo :calm now")
    assert ada.until("PRIVMSG")[-1].endswith(":calm now")


def test_all_are_nudged_of_what_chatd_does(chat):
    """Nobody, chatd itself neither, has to wait for its next look at the log: tmi.js waits 600 ms for an answer."""
    ada, _, _ = everybody(chat)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(chat.directory / "bus" / "listener.sock"))
        listener.settimeout(20)
        assert notice(ada, "/ban cyd")[0] == "ban_success"
        first = listener.recv(64)
        assert notice(ada, "/slow 5")[0] == "slow_on"
        assert first.startswith(b"events ") and int(listener.recv(64).split()[1]) > int(first.split()[1])


def test_modes_are_changed_in_the_order_of_the_commands(chat):
    """However close one is behind the other: what a room is set to is the store's to say."""
    ada, _, _ = everybody(chat)
    for on, off, mode in (("/slow 5", "/slowoff", "slow"), ("/followers 10", "/followersoff", "followers"), ("/subscribers", "/subscribersoff", "subs"),
                          ("/emoteonly", "/emoteonlyoff", "emote_only"), ("/uniquechat", "/uniquechatoff", "r9k")):
        ada.send(f"PRIVMSG #demo :{on}", f"PRIVMSG #demo :{off}", f"PRIVMSG #demo :{off}")
        told = {tags(ada.until(" NOTICE ")[-1])["msg-id"] for _ in range(3)}
        already = f"already_{mode}_off" if mode in ("subs", "emote_only", "r9k") else f"{mode}_off"
        assert told == {f"{mode}_on", f"{mode}_off", already}, told


def test_bans_roles_and_modes_outlive_a_kill(chat):
    ada, bob, _ = everybody(chat)
    assert notice(ada, "/mod bob")[0] == "mod_success"
    assert notice(ada, "/ban cyd being cyd")[0] == "ban_success"
    ada.send("PRIVMSG #demo :/slow 5")
    assert tags(bob.until("ROOMSTATE")[-1])["slow"] == "5"
    bob.send("PRIVMSG #demo :stays", "PRIVMSG #demo :goes")
    gone = tags([ada.until("PRIVMSG")[-1] for _ in range(2)][1])["id"]
    assert notice(ada, f"/delete {gone}")[0] == "delete_message_success"
    line = bob.until("CLEARMSG")[-1]
    assert line.endswith(":goes") and tags(line)["target-msg-id"] == gone and tags(line)["login"] == "bob"
    wait_for(lambda: kept(chat) == [("stays", None)], 20, "the history to be written")

    chat.daemon.process.send_signal(signal.SIGKILL)
    chat.daemon.process.wait()
    chat.start()
    again, page = chat.irc_peer("bob", chat.bob), chat.page()
    joined = again.join("demo")
    assert "badges=moderator/1" in joined[-2] and tags(joined[-1])["slow"] == "5"
    assert [message["text"] for message in page.join("demo")["history"]] == ["stays"]
    assert notice(again, "/unban cyd")[0] == "unban_success"
    assert notice(again, "/unban cyd")[0] == "bad_unban_no_ban"
    assert notice(again, "/vip cyd")[0] == "no_permission"


def test_a_deleted_message_is_named_as_it_was_said(chat):
    """By its PRIVMSG's whole text: clients compare, and read a /me by its CTCP."""
    ada, bob, _ = everybody(chat)
    bob.send("PRIVMSG #demo :first")
    first = tags(ada.until("PRIVMSG")[-1])["id"]
    for sent in ("PRIVMSG #demo :plain", "PRIVMSG #demo :/me waves", f"@reply-parent-msg-id={first} PRIVMSG #demo :an answer",
                 f"@reply-parent-msg-id={first} PRIVMSG #demo :/me nods"):
        bob.send(sent)
        said = ada.until("PRIVMSG")[-1]
        assert notice(ada, f"/delete {tags(said)['id']}")[0] == "delete_message_success"
        assert bob.until("CLEARMSG")[-1].split(" CLEARMSG ")[1] == said.split(" PRIVMSG ")[1]


def test_what_was_said_long_ago_is_deleted_as_well(chat):
    """A room has the last 200 messages in mind; the archive has all."""
    chat.seed("channel", "other", "ada")
    ada, bob, page = everybody(chat)
    ada.join("other")
    bob.send("PRIVMSG #demo :first of many")
    old = tags(ada.until("PRIVMSG")[-1])["id"]
    for start in range(0, 250, 50):
        bob.send(*(f"PRIVMSG #demo :{number}" for number in range(start, start + 50)))
        ada.until(f"PRIVMSG #demo :{start + 49}")
    assert notice(ada, f"/delete {old}", "other")[0] == "bad_delete_message_error"
    assert notice(bob, f"/delete {old}")[0] == "no_permission"
    assert notice(ada, f"/delete {old}")[0] == "delete_message_success"
    line = bob.until("CLEARMSG")[-1]
    assert line.endswith("CLEARMSG #demo :first of many") and tags(line)["target-msg-id"] == old and tags(line)["login"] == "bob"
    assert page.until("deleted")["id"] == old
    assert notice(ada, f"/delete {old}")[0] == "bad_delete_message_error"
    assert notice(ada, "/delete 00000000-0000-0000-0000-000000000000") == (
        "bad_delete_message_error", "There is no such message here, or it has been deleted already.")

    def modctl(*arguments):
        return subprocess.run([program("modctl"), "--dir", str(chat.directory), "--json", *arguments], capture_output=True, text=True, timeout=30)

    assert [json.loads(line)["target"] for line in modctl("audit", "list", "--action", "message.delete").stdout.splitlines()] == [f"message:{old}"]
    second = json.loads(modctl("log", "demo").stdout.splitlines()[1])["id"]
    assert modctl("delete", "demo", second).returncode == 0
    line = bob.until("CLEARMSG")[-1]
    assert line.endswith("CLEARMSG #demo :0") and tags(line)["target-msg-id"] == second


def test_nothing_is_kept_and_what_is_out_of_mind_is_not_there():
    with running(*QUIET, "--history", "none") as chat:
        ada, _, _ = everybody(chat)
        assert notice(ada, "/delete 00000000-0000-0000-0000-000000000000")[0] == "bad_delete_message_error"


def test_what_was_done_while_chatd_was_away_holds(chat):
    """An act is the store's; whoever comes later finds it done."""
    ada, bob, _ = everybody(chat)
    bob.send("PRIVMSG #demo :said before")
    ada.until("PRIVMSG")
    chat.daemon.stop()
    with running(*QUIET, "--history", "none", directory=chat.directory, name="other") as other:
        moderator = other.irc_peer("ada", chat.ada)
        moderator.join("demo")
        assert notice(moderator, "/ban bob")[0] == "ban_success"
    os.remove(chat.directory / "chat.db")
    chat.start()
    assert notice(chat.irc_peer("bob", chat.bob), "hello")[0] == "msg_banned"


def test_two_nodes_on_one_store_do_the_same(chat):
    """The event log carries an act to every node."""
    ada, bob, page = everybody(chat)
    with running(*QUIET, "--history", "none", directory=chat.directory, name="other") as other:
        there = other.irc_peer("justinfan7")
        there.join("demo")
        ada.send("PRIVMSG #demo :/clear", "PRIVMSG #demo :/emoteonly")
        assert there.until("CLEARCHAT")[-1].endswith("CLEARCHAT #demo")
        assert tags(there.until("ROOMSTATE")[-1])["emote-only"] == "1"
        assert tags(there.until("NOTICE")[-1])["msg-id"] == "emote_only_on"
    assert page.until("cleared")


def test_lists_help_and_announcements(chat):
    ada, bob, page = everybody(chat)
    assert notice(bob, "/mods")[0] == "no_mods"
    assert notice(ada, "/mod BOB")[0] == "mod_success"
    assert notice(bob, "/mods") == ("room_mods", "The moderators of this channel are: bob")
    assert notice(bob, "/ban ada")[0] == "bad_ban_broadcaster"
    assert notice(bob, "/ban nobody_at_all")[0] == "invalid_user"
    assert notice(bob, "/help timeout")[1].startswith("/timeout <user> [time] [reason]")
    assert notice(bob, "/dance")[0] == "unrecognized_cmd"
    assert notice(bob, "/raid ada") == ("unavailable_command", "Raids cannot be started from chat on this platform.")
    bob.send("PRIVMSG #demo :/announceblue hear ye")
    line = ada.until("USERNOTICE")[-1]
    assert line.endswith("USERNOTICE #demo :hear ye") and (tags(line)["msg-id"], tags(line)["msg-param-color"]) == ("announcement", "BLUE")
    assert page.until("message")["announcement"] == "BLUE"
    page.say("demo", "/mods", "k1")
    answer = page.until("notice")
    assert (answer["key"], answer["code"]) == ("k1", "room_mods")
