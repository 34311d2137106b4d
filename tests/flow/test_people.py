"""Followers, subscribers, emotes, colors and whispers in a running chat, changed beside it by subctl and chanctl."""
import json
import signal
import sqlite3
import subprocess
import time

import pytest

from chat_peers import tags
from chat_platform import running
from harness import program, wait_for

QUIET = ("--cooldown", "0s", "--message-rate", "1000", "--join-rate", "1000", "--repeat-time", "0s")


@pytest.fixture
def chat():
    with running(*QUIET) as chat:
        yield chat


def subctl(chat, *arguments):
    return subprocess.run([program("subctl"), "--dir", str(chat.directory), *arguments], check=True,
                          capture_output=True, text=True, timeout=30).stdout.strip()


def notice(peer, command, channel="demo"):
    peer.send(f"PRIVMSG #{channel} :{command}")
    line = peer.until("NOTICE")[-1]
    return tags(line)["msg-id"], line.split(" NOTICE ", 1)[1].split(" :", 1)[1]


def everybody(chat):
    ada, bob, page = chat.irc_peer("ada", chat.ada), chat.irc_peer("bob", chat.bob), chat.page(chat.bob)
    for peer in (ada, bob, page):
        peer.join("demo")
    return ada, bob, page


def said(listener, speaker, text):
    """The line that `listener` gets of it."""
    speaker.send(f"PRIVMSG #demo :{text}")
    return tags(listener.until("PRIVMSG", f":{text}")[-1])


def test_a_subscription_begins_and_ends_while_everybody_is_there(chat):
    ada, bob, page = everybody(chat)
    assert said(ada, bob, "before")["subscriber"] == "0"
    subctl(chat, "subscribe", "demo", "bob", "--tier", "2")
    told = tags(ada.until("USERNOTICE")[-1])
    assert (told["msg-id"], told["login"], told["msg-param-sub-plan"], told["badges"]) == ("sub", "bob", "2000", "founder/0")
    object_ = page.until("subscribed")
    assert (object_["user"]["login"], object_["tier"], object_["months"], object_["id"]) == ("bob", 2, 1, told["id"])
    assert chat.page().join("demo", cursor={})["notices"] == [object_]  # a page that was away
    assert "notices" not in chat.page().join("demo")
    bob.until("USERNOTICE")
    line = said(ada, bob, "after")
    assert (line["subscriber"], line["badges"], line["badge-info"]) == ("1", "founder/0", "founder/1")

    ada.send("PRIVMSG #demo :/subscribers")
    bob.until("subs_on")
    assert said(ada, bob, "mine")["mod"] == "0"
    subctl(chat, "cancel", "demo", "bob")
    wait_for(lambda: notice(bob, "still mine?")[0] == "msg_subsonly", 10, "the end of bob's subscription")


def test_months_are_shared_and_gifts_are_told(chat):
    ada, bob, page = everybody(chat)
    chat.chanctl("emote", "add", "Wave")
    subctl(chat, "subscribe", "demo", "bob")
    subctl(chat, "renew", "demo", "bob")
    subctl(chat, "share", "demo", "bob", "--message", "hi Wave", "--streak")
    assert tags(ada.until("USERNOTICE")[-1])["msg-id"] == "sub"
    line = ada.until("USERNOTICE")[-1]
    assert line.endswith("USERNOTICE #demo :hi Wave")
    told = tags(line)
    assert (told["msg-id"], told["msg-param-cumulative-months"], told["msg-param-streak-months"], told["emotes"],
            told["badge-info"]) == ("resub", "2", "2", "1:3-6", "founder/2")

    subctl(chat, "gift", "demo", "cyd", "--from", "bob")
    told = tags(ada.until("USERNOTICE")[-1])
    assert (told["msg-id"], told["login"], told["msg-param-recipient-user-name"], told["msg-param-sender-count"]) == ("subgift", "bob", "cyd", "1")
    for name in ("eve", "fay"):
        chat.seed("user", name)
        subctl(chat, "follow", "demo", name)
    subctl(chat, "gift", "demo", "--from", "bob", "--count", "2", "--anonymous")
    told = tags(ada.until("USERNOTICE")[-1])
    assert (told["msg-id"], told["login"], told["msg-param-mass-gift-count"]) == ("submysterygift", "ananonymousgifter", "2")
    gift = told["msg-param-community-gift-id"]
    each = [tags(ada.until("USERNOTICE")[-1]) for _ in range(2)]
    assert {told["msg-param-recipient-user-name"] for told in each} == {"eve", "fay"}
    assert {told["msg-param-community-gift-id"] for told in each} == {gift}

    chat.seed("raid", "demo", "bob")
    told = tags(ada.until("USERNOTICE")[-1])
    assert (told["msg-id"], told["msg-param-login"], told["msg-param-viewerCount"]) == ("raid", "bob", "42")
    kinds = [page.object()["type"] for _ in range(1)]
    while kinds[-1] != "raided":
        kinds.append(page.object()["type"])
    assert [kind for kind in kinds if kind not in ("presence", "message")] == ["subscribed", "subscribed", "gifted", "gifts", "gifted", "gifted", "raided"]


def test_two_nodes_tell_the_same_once_and_a_restart_repeats_nothing(chat):
    ada, _, _ = everybody(chat)
    with running(*QUIET, "--history", "none", directory=chat.directory, name="other") as other:
        there = other.irc_peer("justinfan7")
        there.join("demo")
        subctl(chat, "subscribe", "demo", "bob")
        here, elsewhere = tags(ada.until("USERNOTICE")[-1]), tags(there.until("USERNOTICE")[-1])
        assert here == elsewhere
    chat.daemon.process.send_signal(signal.SIGKILL)
    chat.daemon.process.wait()
    subctl(chat, "subscribe", "demo", "cyd")  # while nobody is there to tell it
    chat.start()
    again = chat.irc_peer("ada", chat.ada)
    again.join("demo")
    subctl(chat, "gift", "demo", chat.seed("user", "eve") and "eve", "--from", "bob")
    lines = again.until("USERNOTICE")
    assert tags(lines[-1])["msg-id"] == "subgift"
    bob = chat.irc_peer("bob", chat.bob)
    assert tags(bob.join("demo")[-2])["badges"] == "founder/0"


def test_a_subscription_that_expires_is_over_by_itself(chat):
    ada, bob, _ = everybody(chat)
    subctl(chat, "subscribe", "demo", "bob")
    assert tags(ada.until("USERNOTICE")[-1])["badges"] == "founder/0"
    chat.daemon.stop()
    soon = int((time.time() + 5) * 1000)
    with sqlite3.connect(chat.directory / "store.db") as store:
        store.execute("UPDATE subscriptions SET expires_ms = ?", [soon])
    chat.start()
    bob = chat.irc_peer("bob", chat.bob)
    assert tags(bob.join("demo")[-2])["badges"] == "founder/0"

    def badge():
        bob.send("PRIVMSG #demo :what am I")
        return tags(bob.until("USERSTATE")[-1])["badges"]
    wait_for(lambda: badge() == "", 20, "the badge to go")
    events = lambda: [json.loads(line)["event"] for line in chat.chanctl("events").splitlines()]
    wait_for(lambda: "channel.subscription.end" in events(), 20, "the end to be told")
    assert events().count("channel.subscription.end") == 1


def test_followers_only_mode(chat):
    ada, bob, page = everybody(chat)
    ada.send("PRIVMSG #demo :/followers")
    bob.until("followers_on_zero")
    assert notice(bob, "hi")[0] == "msg_followersonly_zero"
    subctl(chat, "follow", "demo", "bob")
    wait_for(lambda: speaks(bob), 10, "bob to speak as a follower")
    ada.send("PRIVMSG #demo :/followers 10")
    bob.until("NOTICE", "followers_on")
    who, text = notice(bob, "hi again")
    assert who == "msg_followersonly_followed" and "10 minutes" in text
    page.say("demo", "from a page", "k1")
    error = page.until("error")
    assert error["code"] == "followers_only" and 500 < error["retry_after"] <= 600
    subctl(chat, "unfollow", "demo", "bob")
    wait_for(lambda: notice(bob, "and now")[0] == "msg_followersonly", 10, "bob to be a stranger")


def speaks(peer):
    peer.send("PRIVMSG #demo :do I speak?")
    return "USERSTATE" in next(line for line in iter(peer.line, None) if "NOTICE" in line or "USERSTATE" in line)


def test_emotes_come_and_go_while_everybody_is_there(chat):
    ada, bob, page = everybody(chat)
    chat.chanctl("emote", "add", "Wave")
    chat.chanctl("emote", "add", "adaHi", "--channel", "demo")
    wait_for(lambda: said(ada, bob, "hé Wave adaHi")["emotes"] == "1:3-6", 10, "the emotes")
    subctl(chat, "subscribe", "demo", "bob")
    bob.until("USERNOTICE")
    assert said(ada, bob, "adaHi Wave 😀 adaHi")["emotes"] == "2:0-4,13-17/1:6-9"
    while (message := page.until("message"))["text"] != "adaHi Wave 😀 adaHi":
        pass
    assert message["emotes"] == [["2", 0, 4], ["1", 6, 9], ["2", 13, 17]]
    bob.send("JOIN #demo", "PART #demo", "JOIN #demo")
    assert tags(bob.until("USERSTATE")[-1])["emote-sets"] == "0,10011"
    chat.chanctl("emote", "remove", "Wave")
    wait_for(lambda: said(ada, bob, "Wave Wave")["emotes"] == "", 10, "the emote to be gone")


def test_a_color_is_chosen_in_chat_or_given(chat):
    ada, bob, page = everybody(chat)
    assert notice(bob, "/color DodgerBlue")[0] == "color_changed"
    assert said(ada, bob, "blue")["color"] == "#1E90FF"
    assert page.until("message")["color"] == "#1E90FF"
    assert notice(bob, "/color nope", "tmijs")[0] == "usage_color"
    assert notice(bob, "/color #00ff7f", "tmijs")[0] == "color_changed"
    chat.chanctl("color", "bob", "Red")
    wait_for(lambda: said(ada, bob, "red")["color"] == "#FF0000", 10, "the color")
    chat.daemon.stop()
    chat.start()
    assert "color=#FF0000" in chat.irc_peer("bob", chat.bob).join("demo")[-2]


def test_whispers_reach_their_user_alone(chat):
    ada, bob, page = everybody(chat)
    cyd = chat.irc_peer("cyd", chat.cyd)
    ada.send("PRIVMSG #tmijs :/w bob psst")
    assert bob.until("WHISPER")[-1].endswith(":ada!ada@ada.tmi.twitch.tv WHISPER bob :psst")
    whisper = page.until("whisper")
    assert (whisper["user"]["login"], whisper["text"]) == ("ada", "psst")
    page.say("demo", "/w cyd and you", "k1")
    assert page.until("notice")["code"] == "whisper_sent"
    assert not [line for line in cyd.until("WHISPER") if "psst" in line]
    assert notice(ada, "/w ada hi")[0] == "whisper_invalid_self"
    assert notice(ada, "/w nobody_here hi")[0] == "whisper_invalid_login"
    cyd.close()
    wait_for(lambda: chat.ask("rooms")["connections"] == 3, 10, "cyd to be gone")
    assert notice(ada, "/w cyd hi")[0] == "whisper_restricted_recipient"


def test_a_verified_bot_has_its_own_rate():
    with running("--cooldown", "1s", "--repeat-time", "0s", "--automod", "none") as chat:
        bob = chat.irc_peer("bob", chat.bob)
        bob.join("demo")

        def burst():
            bob.send(*[f"PRIVMSG #demo :line {i}" for i in range(60)], "PRIVMSG #demo :/mods")
            return sum("USERSTATE" in line for line in bob.until("no_mods"))
        assert burst() == 1
        chat.chanctl("bot", "bob", "on")
        total = []
        wait_for(lambda: total.append(burst()) or total[-1] > 1, 10, "bob to be a bot")
        assert sum(total) + 1 == 50
