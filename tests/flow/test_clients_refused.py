"""Chat clients that people have, unmodified, ask for what chatd refuses: their authors' programs are told, and at once."""
import json
import os
import subprocess

import pytest

from chat_platform import running
from harness import install_npm
from test_people_clients import CLIENTS


@pytest.fixture(scope="module", autouse=True)
def installed():
    install_npm(CLIENTS)


@pytest.fixture(scope="module")
def chat():
    with running("--automod", "none", "--cooldown", "0s", "--message-rate", "1000") as chat:
        chat.seed("channel", "other", "bob")
        yield chat


def refused(chat, client):
    """{what was asked for: what the program was told}"""
    port = chat.ws if client == "tmi" else chat.irc
    done = subprocess.run(["node", str(CLIENTS / "refused.mjs"), client, chat.host, str(port), "demo", "ada"],
                          env={**os.environ, "SLUICE_TOKEN": chat.ada}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return {each["of"]: each["told"] for each in map(json.loads, done.stdout.splitlines())}


def test_tmi_js_is_told_of_commands_that_this_chat_has_not(chat):
    """By its calls' failures, and no warning of something that it could not read."""
    assert refused(chat, "tmi") == {"commercial": "bad_commercial_error", "host": "bad_host_error", "unhost": "not_hosting"}


def test_dank_is_told_of_texts_that_cannot_be_said(chat):
    told = refused(chat, "dank")
    assert "it is longer than 500 characters" in told["long"], told
    assert "nothing is left of its text" in told["empty"], told


def test_irc_framework_is_told_of_who_is_no_channel_and_joins_a_spaced_list(chat):
    why = "No such nick: lines go to one channel, and /w USER TEXT in it to a user"
    assert refused(chat, "framework") == {"message": {"error": "no_such_nick", "nick": "nobody", "reason": why}, "joined": ["#demo", "#other"],
                                          "next": {"error": "no_such_nick", "nick": "alice", "reason": why}}


def test_irc_framework_is_told_that_there_is_no_room():
    why = "Too many connections to this server. Try again later."
    with running("--automod", "none", "--connections", "1") as chat:
        reader = chat.irc_peer("justinfan1")
        assert refused(chat, "late") == {"notice": why, "error": {"error": "irc", "reason": f"Closing Link: {why}"}}
        reader.close()
