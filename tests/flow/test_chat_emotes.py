"""Emotes for bits and for single users, Turbo and Prime, in a chat of two nodes."""
import itertools
import json
import sqlite3

import pytest

from cheering import events, grant, subctl
from chat_nodes import joined
from chat_peers import tags
from harness import wait_for

counter = itertools.count()


@pytest.fixture
def nodes():
    with joined() as nodes:
        yield nodes


def everybody(nodes):
    """Ada, who reads on the second node; bob on both; a page on the second."""
    a, b = nodes
    ada, reader = b.irc_peer("ada", b.ada), b.page()
    bobs = [node.irc_peer("bob", node.bob) for node in nodes]
    for peer in (ada, reader, *bobs):
        peer.join("demo")
    return ada, reader, bobs


def said(listener, speaker, text):
    """The tags of the line that `listener` gets of it."""
    text = f"{text} {next(counter)}"
    speaker.send(f"PRIVMSG #demo :{text}")
    return tags(listener.until("PRIVMSG", f":{text}")[-1])


def emote_sets(peer):
    """As the next USERSTATE tells them, behind all that have come."""
    asked = f"sets-{next(counter)}"
    peer.send(f"PING :{asked}")
    peer.until("PONG", asked)
    peer.send("JOIN #demo")
    return tags(peer.until("USERSTATE")[-1])["emote-sets"]


def test_a_cheer_brings_an_emote_from_the_next_message_on(nodes):
    a, _ = nodes
    a.chanctl("emote", "add", "adaBit", "--channel", "demo", "--bits", "100")
    a.chanctl("emote", "add", "adaGem", "--channel", "demo", "--bits", "5000")
    a.chanctl("emote", "add", "Wave")
    grant(a, 500)
    ada, reader, bobs = everybody(nodes)
    wait_for(lambda: all(said(ada, bob, "Wave")["emotes"] for bob in bobs), 10, "both nodes know the emotes")
    assert said(ada, bobs[0], "cheer60 adaBit")["emotes"] == "", "60 bits are not enough"
    for bob in bobs:
        assert said(ada, bob, "adaBit")["emotes"] == "", "what one has not come by is text"
    # Sent at once: the first has to be paid for, and is said before the second.
    bobs[0].send("PRIVMSG #demo :cheer40 adaBit", "PRIVMSG #demo :adaBit at last")
    cheer, first = (tags(ada.until("PRIVMSG", text)[-1]) for text in ("cheer40 adaBit", "adaBit at last"))
    assert (cheer["bits"], cheer["emotes"]) == ("40", "")
    assert first["emotes"] == "1:0-5"
    assert said(ada, bobs[0], "adaGem adaBit")["emotes"] == "1:7-12"
    while (message := reader.until("message"))["text"] != "adaBit at last":
        pass
    assert message["emotes"] == [["1", 0, 5]]
    wait_for(lambda: said(ada, bobs[1], "adaBit")["emotes"] == "1:0-5", 10, "the other node knows it, too")
    assert [emote_sets(bob) for bob in bobs] == ["0,14", "0,14"]
    for node in nodes:  # also behind a restart
        node.daemon.stop()
        node.start()
        bob = node.irc_peer("bob", node.bob)
        bob.join("demo")
        assert emote_sets(bob) == "0,14"


def test_cheers_by_subctl_bring_emotes_and_anonymous_ones_do_not(nodes):
    a, _ = nodes
    a.chanctl("emote", "add", "adaBit", "--channel", "demo", "--bits", "150")
    grant(a, 1000)
    ada, _, bobs = everybody(nodes)

    def cheer(text, *more):
        subctl(a, "cheer", "demo", "bob", "--message", text, *more)
        return tags(ada.until("PRIVMSG", text)[-1])["emotes"]

    assert cheer("cheer100 adaBit", "--anonymous") == ""
    assert cheer("cheer101 adaBit") == ""
    for bob in bobs:  # the second cheer has come to the node, and the one before it
        wait_for(lambda: said(ada, bob, "hi")["badges"] == "bits/100", 10, "bob has cheered with 101")
        assert said(ada, bob, "adaBit")["emotes"] == "" and emote_sets(bob) == "0"
    assert cheer("cheer100 adaBit now") == "", "it is from the next message on"
    for bob in bobs:
        wait_for(lambda: said(ada, bob, "adaBit")["emotes"] == "1:0-5", 10, "bob has the emote")
    assert cheer("cheer100 adaBit again") == "1:9-14"


def test_emotes_are_granted_and_taken_back_while_everybody_is_there(nodes):
    a, b = nodes
    a.chanctl("emote", "add", "secret", "--granted-only")
    a.chanctl("emote", "add", "adaGold", "--channel", "demo", "--tier", "3")
    ada, _, bobs = everybody(nodes)
    text = "secret adaGold"
    assert all(said(ada, bob, text)["emotes"] == "" for bob in bobs)
    assert a.chanctl("emote", "grant", "secret", "bob") == "bob has secret"
    assert b.chanctl("emote", "grant", "adaGold", "bob", "--channel", "demo") == "bob has adaGold"
    for bob in bobs:
        wait_for(lambda: said(ada, bob, text)["emotes"] == "1:0-5/2:7-13", 10, "bob has both")
        assert emote_sets(bob) == "0,14,24"
    assert said(bobs[0], ada, text)["emotes"] == "2:7-13", "a channel's are its broadcaster's, the others are not"
    a.daemon.stop()
    a.start()
    nodes.wait_joined()
    bobs[0] = a.irc_peer("bob", a.bob)
    bobs[0].join("demo")
    assert said(ada, bobs[0], text)["emotes"] == "1:0-5/2:7-13"
    a.chanctl("emote", "revoke", "adaGold", "bob", "--channel", "demo")
    for bob in bobs:
        wait_for(lambda: said(ada, bob, text)["emotes"] == "1:0-5", 10, "the channel's is taken back")
    # Whoever was granted one that was removed has not the next of its name.
    a.chanctl("emote", "remove", "secret")
    a.chanctl("emote", "add", "secret", "--granted-only")
    a.chanctl("emote", "add", "Wave")
    for bob in bobs:
        wait_for(lambda: said(ada, bob, "Wave")["emotes"], 10, "the newest emote is known")
        assert said(ada, bob, text)["emotes"] == "" and emote_sets(bob) == "0"


def test_turbo_and_prime_are_badges_everywhere(nodes):
    a, b = nodes
    ada, reader, bobs = everybody(nodes)
    assert a.chanctl("premium", "bob", "turbo") == "bob has turbo"
    for bob in bobs:
        wait_for(lambda: said(ada, bob, "hi")["turbo"] == "1", 10, "bob has Turbo")
        line = said(ada, bob, "hi")
        assert (line["badges"], line["badge-info"], line["turbo"]) == ("turbo/1", "", "1")
    while "badges" not in (message := reader.until("message")):
        pass
    assert message["badges"] == [["turbo", "1"]]
    with sqlite3.connect(a.directory / "store.db") as store:  # as a node tells it that knows of no Turbo
        payload = json.loads(store.execute("SELECT payload FROM events WHERE name = 'user.update'").fetchone()[0])
        del payload["premium"]
        store.execute("INSERT INTO events (name, at_ms, payload) VALUES ('user.update', 0, ?)", [json.dumps({**payload, "color": "#123456"})])
    for bob in bobs:
        wait_for(lambda: said(ada, bob, "hi")["color"] == "#123456", 10, "bob has the color")
        assert said(ada, bob, "hi")["turbo"] == "1"
    bobs[0].send("PRIVMSG #demo :/w ada psst")
    whisper = tags(ada.until("WHISPER")[-1])
    assert (whisper["badges"], whisper["turbo"]) == ("turbo/1", "1"), "told on another node"
    subctl(a, "subscribe", "demo", "bob")
    notice = tags(ada.until("USERNOTICE")[-1])
    assert (notice["badges"], notice["turbo"]) == ("founder/0,turbo/1", "1")
    grant(a, 500)
    subctl(a, "cheer", "demo", "bob", "--message", "cheer100")
    assert tags(ada.until("PRIVMSG", "cheer100")[-1])["badges"] == "founder/0,bits/100,turbo/1", "also of what subctl says"
    b.daemon.stop()
    b.start()
    nodes.wait_joined()
    ada = b.irc_peer("ada", b.ada)
    ada.join("demo")
    assert tags(b.irc_peer("bob", b.bob).join("demo")[-2])["turbo"] == "1", "behind a restart"
    a.chanctl("premium", "bob", "prime")
    wait_for(lambda: said(ada, bobs[0], "hi")["badges"] == "founder/0,bits/100,premium/1", 10, "bob has Prime instead")
    assert said(ada, bobs[0], "hi")["turbo"] == "0"
    a.chanctl("premium", "bob", "none")
    wait_for(lambda: said(ada, bobs[0], "hi")["badges"] == "founder/0,bits/100", 10, "bob has neither")
    assert [event.get("premium") for event in events(a, "user.update")] == ["turbo", None, "prime", "none"]
