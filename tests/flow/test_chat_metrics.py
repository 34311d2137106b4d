"""What chatd counts, by the names that the platform's dashboards know."""
import contextlib
import re
import sqlite3
import subprocess

import pytest

from chat_peers import tags
from chat_platform import running
from harness import get, program, wait_for

QUIET = ("--cooldown", "0s", "--message-rate", "1000", "--repeat-time", "0s")


@pytest.fixture
def chat():
    with running(*QUIET) as chat:
        yield chat


def series(chat, name):
    """{labels: value} of a metric."""
    text = get(f"http://127.0.0.1:{chat.metrics}/metrics")[2].decode()
    found = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.M)
    return {tuple(re.findall(r'(\w+)="([^"]*)"', labels)): float(value) for labels, value in found}


def acts(chat, channel="1001"):
    """{action: how many} in a channel."""
    counted = {dict(labels)["action"]: value for labels, value in series(chat, "twitch_moderation_actions_total").items()
               if dict(labels)["channel_id"] == channel}
    return {act: int(value) for act, value in counted.items()}


def modctl(chat, *arguments):
    subprocess.run([program("modctl"), "--dir", str(chat.directory), *arguments], check=True, capture_output=True, timeout=30)


def test_acts_of_moderation_are_counted_whoever_does_them(chat):
    ada, bob = chat.irc_peer("ada", chat.ada), chat.irc_peer("bob", chat.bob)
    for peer in (ada, bob):
        peer.join("demo")
    assert acts(chat) == {}
    bob.send("PRIVMSG #demo :one")
    gone = tags(ada.until("PRIVMSG")[-1])["id"]
    for command, answer in ((f"/delete {gone}", "delete_message_success"), ("/timeout bob 600", "timeout_success"), ("/unban bob", "untimeout_success"),
                            ("/ban bob", "ban_success"), ("/ban bob", "already_banned"), ("/unban bob", "unban_success"), ("/mod bob", "mod_success"),
                            ("/mod bob", "bad_mod_mod"), ("/unmod bob", "unmod_success"), ("/vip bob", "vip_success"), ("/unvip bob", "unvip_success"),
                            ("/ban nobody", "invalid_user")):
        ada.send(f"PRIVMSG #demo :{command}")
        assert tags(ada.until(" NOTICE ")[-1])["msg-id"] == answer, command
    ada.send("PRIVMSG #demo :/slow 5")
    ada.until("ROOMSTATE")
    ada.send("PRIVMSG #demo :/clear")
    ada.until("CLEARCHAT #demo")
    one_each = dict.fromkeys(("delete", "timeout", "untimeout", "ban", "unban", "mod", "unmod", "vip", "unvip", "settings", "clear"), 1)
    wait_for(lambda: acts(chat) == one_each, 10, "each is counted once, and none that was refused")

    chat.seed("channel", "other", "bob")  # in which nobody is
    modctl(chat, "ban", "other", "cyd")
    modctl(chat, "ban", "demo", "cyd")
    wait_for(lambda: acts(chat)["ban"] == 2 and acts(chat, "1002") == {"ban": 1}, 10, "those of another program, too")


def test_channels_beyond_a_thousand_are_counted_together(chat):
    """What comes of a whole platform's log must not grow for ever."""
    with contextlib.closing(sqlite3.connect(chat.directory / "store.db", timeout=10)) as db, db:
        db.executemany("INSERT INTO events (name, channel_id, at_ms, payload) VALUES ('channel.chat.clear', ?, 0, '{}')",
                       [(channel,) for channel in [*range(5001, 6011), *range(5001, 6011)]])
    wait_for(lambda: acts(chat, "other") == {"clear": 20}, 20, "ten channels' acts are counted together")
    counted = {dict(labels)["channel_id"]: value for labels, value in series(chat, "twitch_moderation_actions_total").items()}
    assert len(counted) == 1001 and counted["5001"] == counted["6000"] == 2


def test_the_names_that_dashboards_know(chat):
    page = chat.page(chat.ada)
    page.join("demo")
    for number in range(3):
        page.say("demo", f"line {number}", f"k{number}")
        assert page.until("confirmed")
    assert series(chat, "twitch_chat_messages_total") == {(("channel_id", "1001"),): 3}
    wait_for(lambda: series(chat, "twitch_websocket_connections") == {(("server_instance", "chatd"),): 1}, 10, "the page is counted")
    wait_for(lambda: series(chat, "twitch_total_viewers") == {(): 1} == series(chat, "twitch_viewer_count"), 10, "and who is there")
