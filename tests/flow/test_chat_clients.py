"""Chat clients that people have, unmodified, against chatd: they log in, join, hear a page and are heard by it."""
import json
import os
import pathlib
import subprocess

import pytest

from chat_platform import running
from harness import install_npm

CLIENTS = pathlib.Path(__file__).parents[1] / "browser" / "chat-clients"


@pytest.fixture(scope="module", autouse=True)
def installed():
    """The clients, as the lock file has them."""
    install_npm(CLIENTS)


class Talker:
    """talk.mjs, which prints what happens to its client."""

    def __init__(self, client, host, port, nick=None, token="", **environment):
        command = ["node", str(CLIENTS / "talk.mjs"), client, host, str(port), "demo", *([nick] if nick else [])]
        self.process = subprocess.Popen(command, env={**os.environ, "SLUICE_TOKEN": token, **environment}, stdout=subprocess.PIPE,
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


# twurple's ports are fixed: it gets an address of its own.
@pytest.mark.parametrize("client,name", [("tmi", "tmi.js"), ("dank", "dank-twitch-irc"), ("twurple", "twurple"),
                                         ("framework", "irc-framework")])
def test_client_and_page_hear_each_other(client, name):
    where = {"host": "127.7.0.1", "irc": 6667} if client == "twurple" else {}
    with running("--cooldown", "0s", **where) as chat:
        page = chat.page(chat.ada)
        page.join("demo")
        port = chat.ws if client == "tmi" else chat.irc
        with Talker(client, chat.host, port, "bob", chat.bob) as talker:
            talker.until("said")
            assert said(page, f"hello from {name}")["user"]["login"] == "bob"
            assert hears(talker, page, "hello client") == ("ada", "hello client")

            hears(talker, page, "please answer")
            asked, answer = said(page, "please answer"), said(page, "answered")
            assert (answer["reply"]["id"], answer["reply"]["thread"]) == (asked["id"], asked["id"])

            hears(talker, page, "please leave")
            talker.until("own-part")
            talker.until("own-join")
            hears(talker, page, "welcome back")

            chat.daemon.stop()  # with a RECONNECT
            chat.start()
            page = chat.page(chat.ada)
            viewers = page.join("demo")["viewers"]
            while viewers < 2:
                viewers = page.until("presence")["viewers"]
            hears(talker, page, "after the restart")
            page.say("demo", "goodbye", "k-goodbye")
            assert talker.process.wait(15) == 0


def said(page, text):
    """The message of this text, as the page gets it."""
    while (message := page.until("message"))["text"] != text:
        pass
    return message


def hears(talker, page, text):
    """What the client hears of a page's line: (who, what)."""
    page.say("demo", text, f"k-{text}")
    while (heard := talker.until("message"))["from"] == "bob":
        pass  # dank-twitch-irc writes through a connection of its own, so it hears itself
    assert heard["text"] == text
    return heard["from"], heard["text"]


def test_tmi_js_reads_anonymously_and_comes_back_after_a_restart():
    with running("--cooldown", "0s") as chat:
        with Talker("tmi", chat.host, chat.ws) as talker:
            talker.until("said")
            assert [event["event"] for event in talker.events].count("pong") == 1
            chat.daemon.stop()
            talker.until("disconnected")
            chat.start()
            page = chat.page(chat.ada)
            page.join("demo")
            while page.until("presence")["viewers"] < 2:
                pass
            page.say("demo", "/me waves", "k1")
            heard = talker.until("message")
            assert (heard["text"], heard["action"]) == ("waves", True)


def test_tmi_js_comes_back_when_it_was_refused_for_the_moment():
    with running("--login-rate", "1") as chat:
        chat.irc_peer("bob", chat.bob)  # the only login of these ten seconds
        with Talker("tmi", chat.host, chat.ws, "bob", chat.bob) as talker:
            talker.until("reconnect")
            talker.until("said")
