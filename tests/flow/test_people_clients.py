"""Chat clients that people have, unmodified: what they make of subscriptions, gifts, raids, whispers, emotes and colors."""
import json
import os
import pathlib
import subprocess

import pytest

from chat_platform import running
from harness import install_npm, program

CLIENTS = pathlib.Path(__file__).parents[1] / "browser" / "chat-clients"


@pytest.fixture(scope="module", autouse=True)
def installed():
    """The clients, as the lock file has them."""
    install_npm(CLIENTS)


class Listener:
    """people.mjs, which prints what happens to its client."""

    def __init__(self, client, host, port, nick, token):
        self.process = subprocess.Popen(["node", str(CLIENTS / "people.mjs"), client, host, str(port), "demo", nick],
                                        env={**os.environ, "SLUICE_TOKEN": token}, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.events = []

    def until(self, event):
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            assert self.events[-1]["event"] != "error", self.events[-3:]
            if self.events[-1]["event"] == event:
                return self.events[-1]
        raise AssertionError(f"{event} never came: {self.events} {self.process.stderr.read()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def subctl(chat, *arguments):
    subprocess.run([program("subctl"), "--dir", str(chat.directory), *arguments], check=True, capture_output=True, timeout=30)


def support(chat):
    """Everything that supporters do, in this order: sub, resub, subgift, submysterygift and its subgift, raid."""
    chat.seed("user", "eve")
    subctl(chat, "follow", "demo", "eve")
    subctl(chat, "subscribe", "demo", "ada2", "--tier", "2")
    subctl(chat, "renew", "demo", "ada2")
    subctl(chat, "share", "demo", "ada2", "--message", "two months", "--streak")
    subctl(chat, "gift", "demo", "cyd", "--from", "ada2")
    subctl(chat, "gift", "demo", "--from", "ada2", "--count", "1", "--tier", "3")
    chat.seed("raid", "demo", "ada2")


def test_tmi_js_hears_of_supporters():
    with running("--cooldown", "0s") as chat, Listener("tmi", chat.host, chat.ws, "bob", chat.bob) as bob:
        chat.chanctl("user", "add", "ada2", "--display", "AdaTwo")
        bob.until("joined")
        support(chat)
        tier2 = {"prime": False, "plan": "2000", "planName": "Tier 2"}
        assert bob.until("sub") == {"event": "sub", "name": "AdaTwo", "method": tier2}
        assert bob.until("resub") == {"event": "resub", "name": "AdaTwo", "streak": 2, "text": "two months", "months": "2",
                                      "method": tier2}
        gift = bob.until("subgift")
        assert (gift["name"], gift["recipient"], gift["method"]["plan"]) == ("AdaTwo", "cyd", "1000")
        gifts = bob.until("submysterygift")
        assert (gifts["name"], gifts["count"], gifts["method"]["plan"]) == ("AdaTwo", 1, "3000")
        assert bob.until("subgift")["recipient"] == "eve"
        assert bob.until("raided") == {"event": "raided", "name": "AdaTwo", "viewers": 42}


def test_tmi_js_whispers_colors_and_emotes():
    with running("--cooldown", "0s", "--message-rate", "1000") as chat, Listener("tmi", chat.host, chat.ws, "bob", chat.bob) as bob:
        chat.chanctl("emote", "add", "Wave")
        bob.until("joined")
        ada = chat.irc_peer("ada", chat.ada)
        ada.send("PRIVMSG #tmijs :/w bob hello bob")
        assert bob.until("whisper") == {"event": "whisper", "from": "#ada", "text": "hello bob"}
        ada.send("PRIVMSG #demo :whisper nobody")
        assert bob.until("whisper-failed")["reason"] == "whisper_invalid_login"
        ada.send("PRIVMSG #demo :whisper ada")
        assert ada.until("WHISPER")[-1].endswith("WHISPER ada :psst")
        assert bob.until("whisper-done")["answer"] == "ada,psst"
        ada.send("PRIVMSG #demo :color HotPink")
        assert bob.until("color-done")["answer"] == "HotPink"
        ada.send("PRIVMSG #demo :color nope")
        assert bob.until("color-failed")["reason"] == "usage_color"
        chat.chanctl("color", "ada", "Coral")
        subctl(chat, "subscribe", "demo", "cyd")
        ada.join("demo")
        bob.until("sub")  # whatever was told before it has been heard
        ada.send("PRIVMSG #demo :hé Wave")
        while (message := bob.until("message"))["text"] != "hé Wave":
            pass
        assert (message["emotes"], message["color"]) == ({"1": ["3-6"]}, "#FF7F50")


def test_twurple_hears_of_supporters():
    with running("--cooldown", "0s", host="127.7.0.2", irc=6667) as chat, Listener("twurple", chat.host, chat.irc, "bob", chat.bob) as bob:
        chat.chanctl("user", "add", "ada2", "--display", "AdaTwo")
        bob.until("joined")
        support(chat)
        first = bob.until("sub")
        assert (first["name"], first["info"]["plan"], first["info"]["months"], first["info"]["isPrime"]) == ("ada2", "2000", 1, False)
        again = bob.until("resub")["info"]
        assert (again["months"], again["streak"], again["message"], again["displayName"]) == (2, 2, "two months", "AdaTwo")
        gift = bob.until("subgift")
        assert gift["recipient"] == "cyd"
        assert (gift["info"]["gifter"], gift["info"]["gifterGiftCount"], gift["info"]["giftDuration"]) == ("ada2", 1, 1)
        gifts = bob.until("submysterygift")["info"]
        assert (gifts["count"], gifts["plan"], gifts["gifterGiftCount"]) == (1, "3000", 2)
        assert bob.until("subgift")["recipient"] == "eve"
        raid = bob.until("raided")
        assert (raid["name"], raid["info"]["viewerCount"]) == ("ada2", 42)
        ada = chat.irc_peer("ada", chat.ada)
        ada.send("PRIVMSG #any :/w bob hello bob")
        assert bob.until("whisper") == {"event": "whisper", "from": "ada", "text": "hello bob"}
