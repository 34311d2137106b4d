"""chanctl from outside: exit code, empty standard error, standard output."""
import json
import os
import re
import signal
import sqlite3
import subprocess
import time

import pytest

from cli_tool import CliTool
from harness import program

SECRET = re.compile(r"[a-z2-7]{32}\n\Z")


@pytest.fixture
def chanctl(tmp_path):
    return CliTool("chanctl", tmp_path)


@pytest.fixture
def demo(chanctl):
    chanctl("user", "add", "Alice")
    chanctl("channel", "add", "demo", "--owner", "alice", "--title", "Erste Töne")
    return chanctl


def test_users(chanctl):
    assert chanctl("user", "list") == "NAME  DISPLAY NAME  ID  SINCE\n"
    assert chanctl("user", "add", "Alice") == "added user alice (id 1001)\n"
    assert chanctl("user", "add", "bob", "--display", "Bob the Builder") == "added user bob (id 1002)\n"
    listed = re.sub(r"\d{4}-\S+Z", "TIME", chanctl("user", "list"))
    assert listed == ("NAME   DISPLAY NAME     ID    SINCE\n"
                      "alice  Alice            1001  TIME\n"
                      "bob    Bob the Builder  1002  TIME\n")
    first = chanctl.json("user", "list")[0]
    assert {**first, "created_at": None} == {"id": "1001", "name": "alice", "display_name": "Alice", "color": None, "bot": False,
                                            "premium": "none", "created_at": None}


def test_what_is_there_already(demo):
    assert demo.refused("user", "add", "ALICE") == (
        'chanctl: the user "alice" exists\nchanctl: hint: with --if-missing that is no error\n')
    assert demo("user", "add", "alice", "--if-missing") == "user alice is there (id 1001)\n"
    assert 'the channel "demo" exists' in demo.refused("channel", "add", "demo", "--owner", "alice")
    assert demo("channel", "add", "demo", "--owner", "alice", "--if-missing") == "channel demo of alice is there (id 1001)\n"
    demo("user", "add", "bob")
    assert demo.refused("user", "add", "eve", "--display", "\u0410lic\u0435") == (  # Cyrillic A and e
        'chanctl: the name "\u0410lic\u0435" looks like the user "alice"\n'
        "chanctl: hint: choose one that nobody takes for another's\n")
    assert "belongs to alice, not to bob" in demo.refused("channel", "add", "demo", "--owner", "bob", "--if-missing")


def test_names_that_cannot_be(demo):
    for bad in ("a b", "x" * 26, "ä", "justinfan7", ""):
        assert "chanctl: hint: " in demo.refused("user", "add", bad)
    assert "reserved" in demo.refused("channel", "add", "api", "--owner", "alice")
    assert "chanctl user list" in demo.refused("channel", "add", "x", "--owner", "nobody")
    assert "chanctl channel list" in demo.refused("channel", "show", "nowhere")


def test_channels(demo):
    assert demo("channel", "list") == ("NAME  OWNER  STATE    VIEWERS  TITLE\n"
                                       "demo  alice  offline  0        Erste Töne\n")
    shown = re.sub(r"\d{4}-\S+Z", "TIME", demo("channel", "show", "#Demo"))
    assert shown == ("name        demo\nid          1001\nowner       alice\ntitle       Erste Töne\nversion     1\n"
                     "stream key  none\nstate       offline\nviewers     0 (peak 0)\nsince       TIME\n")
    [shown] = demo.json("channel", "show", "demo")
    assert shown["live"] is False and shown["stream_id"] is None and shown["owner"] == "alice"


def test_a_title_is_set_from_the_version_that_was_seen(demo):
    assert demo("channel", "set-title", "demo", "Second", "--if-version", "1") == "channel demo is at version 2\n"
    assert demo.refused("channel", "set-title", "demo", "Lost", "--if-version", "1") == (
        'chanctl: the channel "demo" is at version 2, not 1\n'
        "chanctl: hint: see what it is now with 'chanctl channel show demo'\n")
    [changed] = demo.json("channel", "set-title", "demo", "Third")
    assert (changed["title"], changed["version"]) == ("Third", 3)
    assert "140" in demo.refused("channel", "set-title", "demo", "x" * 141)


def test_a_key_is_printed_once_and_alone(demo):
    first, second = demo("key", "rotate", "demo"), demo("key", "rotate", "demo")
    assert SECRET.match(first) and SECRET.match(second) and first != second
    [shown] = demo.json("key", "rotate", "demo")
    assert shown["channel"] == "demo" and SECRET.match(shown["key"] + "\n")
    assert "stream key  made" in demo("channel", "show", "demo")
    assert demo.refused("key", "rotate", "nowhere").startswith('chanctl: no channel "nowhere"\n')
    everything = demo("events") + demo("channel", "list", "--json") + demo("channel", "show", "demo")
    assert first.strip() not in everything and second.strip() not in everything


def test_a_new_key_leaves_who_publishes_and_says_so(demo, tmp_path):
    """A channel's lock is what ingestd holds while a stream is open."""
    store = sqlite3.connect(demo.environment["SLUICE_DIR"] + "/store.db")
    for left, told in ((60_000, True), (-1, False)):
        with store:
            store.execute("REPLACE INTO leases VALUES ('stream_lock:1001', 'x', 'here', ?)", [int(time.time() * 1000) + left])
        done = demo.run("key", "rotate", "demo")
        assert done.returncode == 0 and SECRET.match(done.stdout)
        assert ("sluice kick demo" in done.stderr) == told, done.stderr
        assert told or done.stderr == ""
    with store:
        store.execute("REPLACE INTO leases VALUES ('stream_lock:1001', 'x', 'here', ?)", [int(time.time() * 1000) + 60_000])
    folder = demo.environment.pop("SLUICE_DIR")
    done = demo.run("--dir", folder, "key", "rotate", "demo", "--json")
    assert json.loads(done.stdout)["channel"] == "demo" and f"sluice kick --dir '{folder}' demo" in done.stderr


def test_tokens(demo):
    token = demo("token", "issue", "alice", "--scope", "chat:read,chat:edit")
    assert SECRET.match(token)
    [second] = demo.json("token", "issue", "alice", "--scope", "chat:read", "--scope", "chat:edit", "--expires", "1h")
    assert second["scope"] == "chat:read,chat:edit" and second["expires_at"] > second["created_at"]
    assert demo("token", "revoke", stdin="oauth:" + token) == "token 1 is revoked\n"
    assert demo("token", "revoke", "--id", "2") == "token 2 is revoked\n"
    assert demo("token", "revoke", "--id", "2") == "token 2 is revoked\n"
    listed = re.sub(r"\d{4}-\S+Z", "TIME", demo("token", "list", "alice"))
    assert listed == ("ID  STATE    SCOPE                MADE                      EXPIRES\n"
                      "1   revoked  chat:read,chat:edit  TIME  never\n"
                      "2   revoked  chat:read,chat:edit  TIME  TIME\n")
    assert "no such token" in demo.refused("token", "revoke", "--id", "99")
    assert "no such token" in demo.refused("token", "revoke", stdin="nonsense\n")
    assert "standard input" in demo.refused("token", "revoke", code=2)
    assert "chat:edit" in demo.refused("token", "issue", "alice", "--scope", "chat:shout", code=2)
    assert "--scope" in demo.refused("token", "issue", "alice", code=2)


def test_passphrases(demo):
    made = demo("passphrase", "set", "demo", stdin="").strip()
    assert 10 <= len(made) <= 79
    assert demo("passphrase", "set", "demo", stdin="a-phrase-of-mine\n") == ""
    assert json.loads(demo("passphrase", "set", "demo", "--json", stdin="a-phrase-of-mine\n")) == {"channel": "demo"}
    assert "10 to 79" in demo.refused("passphrase", "set", "demo", stdin="short\n")
    assert demo("passphrase", "clear", "demo") == ""
    assert "phrase-of-mine" not in demo("events") + demo("channel", "show", "demo")


def test_events_are_ndjson(demo):
    demo("channel", "set-title", "demo", "Next")
    demo("key", "rotate", "demo")
    events = [json.loads(line) for line in demo("events").splitlines()]
    assert [e["event"] for e in events] == ["channel.create", "channel.update", "stream_key.regenerate"]
    assert [e["cursor"] for e in events] == [1, 2, 3]
    assert events[1]["data"]["title"] == "Next" and events[1]["channel_id"] == "1001"
    assert events[2]["data"] == {"channel": "demo"}
    later = [json.loads(line) for line in demo("events", "--since", "2").splitlines()]
    assert later == events[2:]
    assert demo("events", "--since", "now") == ""
    assert "cursor" in demo.refused("events", "--since", "yesterday", code=2)


def test_events_are_followed_until_interrupted(demo):
    with subprocess.Popen([program("chanctl"), "events", "--follow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env=demo.environment) as follower:
        assert json.loads(follower.stdout.readline())["event"] == "channel.create"
        for title in ("one", "two", "three"):
            demo("channel", "set-title", "demo", title)
            assert json.loads(follower.stdout.readline())["data"]["title"] == title
        follower.send_signal(signal.SIGINT)
        out, err = follower.communicate(timeout=30)
        assert (follower.returncode, out, err) == (130, "", "")


def test_a_new_platform_is_for_its_owner_only(demo):
    folder = demo.environment["SLUICE_DIR"]
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert os.stat(folder + "/store.db").st_mode & 0o777 == 0o600
    assert os.stat(folder + "/bus").st_mode & 0o777 == 0o700


def test_which_platform(demo, tmp_path):
    other = str(tmp_path / "other")
    assert demo("user", "add", "zoe", "--dir", other) == "added user zoe (id 1001)\n"
    assert "zoe" not in demo("user", "list")
    assert "zoe" in demo("--dir", other, "user", "list")
    assert "zoe" in demo("user", "list", "--store", f"sqlite:{other}/store.db")
    assert "sqlite:PATH" in demo.refused("user", "list", "--store", "mysql:x", code=2)


def test_wrong_usage(chanctl):
    for arguments in ([], ["user"], ["user", "add"], ["channel", "add", "x"], ["user", "list", "extra"],
                      ["channel", "set-title", "demo"], ["nonsense"], ["user", "add", "x", "--nonsense"]):
        assert "chanctl: hint: " in chanctl.refused(*arguments, code=2), arguments


def test_help_and_version_touch_nothing(chanctl):
    assert "channel set-title" in chanctl("--help")
    assert "--if-version" in chanctl("channel", "set-title", "--help")
    assert chanctl("--version").startswith("chanctl ")
    assert not os.path.exists(chanctl.environment["SLUICE_DIR"])
