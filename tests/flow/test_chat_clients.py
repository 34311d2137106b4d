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

    def __init__(self, client, host, port, nick=None, token=""):
        command = ["node", str(CLIENTS / "talk.mjs"), client, host, str(port), "demo", *([nick] if nick else [])]
        self.process = subprocess.Popen(command, env={**os.environ, "SLUICE_TOKEN": token}, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.events = []

    def until(self, event):
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            assert self.events[-1]["event"] != "error", self.events
            if self.events[-1]["event"] == event:
                return self.events[-1]
        raise AssertionError(f"{event} never came: {self.events} {self.process.stderr.read()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


# twurple's ports are fixed: it gets an address of its own.
@pytest.mark.parametrize("client,spoken", [("tmi", "hello from tmi.js"), ("dank", "hello from dank-twitch-irc"),
                                           ("twurple", "hello from twurple")])
def test_client_and_page_hear_each_other(client, spoken):
    where = {"host": "127.7.0.1", "irc": 6667} if client == "twurple" else {}
    with running("--cooldown", "0s", **where) as chat:
        page = chat.page(chat.ada)
        page.join("demo")
        port = chat.ws if client == "tmi" else chat.irc
        with Talker(client, chat.host, port, "bob", chat.bob) as talker:
            talker.until("said")
            message = page.until("message")
            assert (message["text"], message["user"]["login"]) == (spoken, "bob")
            page.say("demo", "hello client", "k1")
            while (heard := talker.until("message"))["from"] == "bob":
                pass  # dank-twitch-irc writes through a connection of its own, so it hears itself
            assert (heard["from"], heard["text"]) == ("ada", "hello client")
            page.say("demo", "goodbye", "k2")
            assert talker.process.wait(15) == 0


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
