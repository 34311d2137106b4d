"""modctl while chatd runs: what clients see of its acts, and what the records say of acts in chat."""
import json
import sqlite3
import subprocess

import pytest

from chat_peers import Page, tags
from chat_platform import running
from harness import program, wait_for

QUIET = ("--automod", "none", "--cooldown", "0s", "--message-rate", "10000", "--join-rate", "1000", "--repeat-time", "0s")


@pytest.fixture
def chat():
    with running(*QUIET) as chat:
        yield chat


def modctl(chat, *arguments, stdin=""):
    done = subprocess.run([program("modctl"), "--dir", str(chat.directory), *arguments], input=stdin, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def records(chat, *arguments):
    return [json.loads(line) for line in modctl(chat, *arguments, "--json").splitlines()]


def acts(chat):
    """What moderation did; the platform's own tokens are in the audit log, too."""
    return [entry for entry in records(chat, "audit", "list", "--last", "0") if not entry["action"].startswith("token.")]


def everybody(chat):
    ada, bob, page = chat.irc_peer("ada", chat.ada), chat.irc_peer("bob", chat.bob), chat.page(chat.bob)
    for peer in (ada, bob, page):
        peer.join("demo")
    return ada, bob, page


def said(chat, peer, witness, *texts):
    """Ids of lines that `peer` says, when `witness` has them and the chat log, too."""
    peer.send(*(f"PRIVMSG #demo :{text}" for text in texts))
    ids = [tags(witness.until("PRIVMSG")[-1])["id"] for _ in texts]
    wait_for(lambda: set(ids) <= {line["id"] for line in records(chat, "log", "demo")}, 10, "the chat log")
    return ids


def test_a_ban_is_obeyed_at_once_and_its_lifting_too(chat):
    ada, bob, page = everybody(chat)
    said(chat, bob, ada, "spam", "more spam")
    modctl(chat, "ban", "demo", "bob", "--reason", "spam")
    line = ada.until("CLEARCHAT")[-1]
    assert line.endswith("CLEARCHAT #demo :bob") and "ban-duration" not in tags(line)
    assert page.until("banned")["user"]["login"] == "bob"
    bob.send("PRIVMSG #demo :still here?")
    assert tags(bob.until("NOTICE")[-1])["msg-id"] == "msg_banned"
    assert chat.page().join("demo")["history"] == []
    [entry] = acts(chat)
    assert (entry["action"], entry["target"], entry["reason"], entry["channel"]) == ("ban", "user:bob", "spam", "demo")
    assert [message["text"] for message in entry["context"]["messages"]] == ["spam", "more spam"]
    wait_for(lambda: all("taken_off_at" in line for line in records(chat, "log", "demo")), 10, "the chat log's marks")
    assert "(taken off) more spam" in modctl(chat, "audit", "explain", str(entry["id"]))

    modctl(chat, "unban", "demo", "bob")
    modctl(chat, "timeout", "demo", "bob", "1s", "--as", "ada")
    assert tags(bob.until("CLEARCHAT", "ban-duration")[-1])["ban-duration"] == "1"
    modctl(chat, "unban", "demo", "bob", "--as", "ada")
    wait_for(lambda: records(chat, "bans", "demo") == [], 10)
    bob.send("PRIVMSG #demo :thanks")
    assert ada.until("PRIVMSG")[-1].endswith(":thanks")


def test_a_setting_is_a_partial_roomstate(chat):
    ada, bob, page = everybody(chat)
    modctl(chat, "settings", "demo", "slow=5")
    state = tags(bob.until("ROOMSTATE")[-1])
    assert {name: value for name, value in state.items() if name != "room-id"} == {"slow": "5"}
    assert page.until("settings")["settings"]["slow"] == 5
    modctl(chat, "settings", "demo", "slow=off", "followers-only=10m", "--as", "ada")
    states = [tags(bob.until("ROOMSTATE")[-1]) for _ in range(2)]  # one each: clients read of several one only
    assert [{**state, "room-id": ""} for state in states] == [{"room-id": "", "followers-only": "10"}, {"room-id": "", "slow": "0"}]
    bob.send("PRIVMSG #demo :may I?")
    assert tags(bob.until("NOTICE", "msg-id=msg_followersonly")[-1])


def test_messages_are_deleted_and_all_is_cleared(chat):
    ada, bob, page = everybody(chat)
    first, second, third = said(chat, bob, ada, "one", "two", "three")
    modctl(chat, "delete", "demo", "-", "--reason", "no", stdin=f"{first}\n{third}\n")
    for gone, text in ((first, "one"), (third, "three")):
        line = bob.until("CLEARMSG")[-1]
        assert line.endswith(f"CLEARMSG #demo :{text}") and (tags(line)["target-msg-id"], tags(line)["login"]) == (gone, "bob")
        assert page.until("deleted")["id"] == gone
    assert [message["text"] for message in chat.page().join("demo")["history"]] == ["two"]
    wait_for(lambda: len(records(chat, "log", "demo", "--shown")) == 1, 10, "the marks")
    modctl(chat, "clear", "demo")
    assert bob.until("CLEARCHAT")[-1].endswith("CLEARCHAT #demo") and page.until("cleared")
    assert [entry["action"] for entry in acts(chat)] == ["message.delete", "message.delete", "chat.clear"]


def test_a_role_holds_at_once(chat):
    ada, bob, page = everybody(chat)
    modctl(chat, "mod", "demo", "bob")
    wait_for(lambda: records(chat, "mods", "demo"), 10)
    bob.send("PRIVMSG #demo :/slow 7")
    assert tags(ada.until("ROOMSTATE")[-1])["slow"] == "7"
    [mod, slow] = acts(chat)
    assert mod["actor"]["name"].startswith("unix:") and (slow["actor"]["name"], slow["actor"]["address"]) == ("bob", "loopback")
    modctl(chat, "unmod", "demo", "bob")
    bob.send("PRIVMSG #demo :/slowoff")
    assert tags(bob.until("NOTICE", "no_permission")[-1])["msg-id"] == "no_permission"


def test_a_raid_is_banned_while_chat_goes_on(chat):
    """Every line of others arrives, in order; every raider goes; all of it is in the audit log."""
    ada, bob, _ = everybody(chat)
    before = int(modctl(chat, "audit", "verify").split()[0])
    names = [f"raider_{number}" for number in range(500)]
    with sqlite3.connect(chat.directory / "store.db", timeout=30) as store:
        store.executemany("INSERT INTO users (name, display_name, created_ms) VALUES (?, ?, 0)", [(name, name) for name in names])
    with subprocess.Popen([program("modctl"), "--dir", str(chat.directory), "ban", "demo", "-", "--reason", "raid"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as bulk:
        texts, told, banned = [], [], []
        for start in range(0, 500, 50):
            bulk.stdin.write("\n".join(names[start:start + 50]) + "\n")
            bulk.stdin.flush()
            texts.append(f"line {start}")
            ada.send(f"PRIVMSG #demo :{texts[-1]}")
            told += [bulk.stdout.readline() for _ in range(50)]
        bulk.stdin.close()
        assert (bulk.wait(30), bulk.stderr.read()) == (0, "")
    heard = []
    while len(banned) < 500 or len(heard) < len(texts):
        line = bob.line()
        if " CLEARCHAT " in line:
            banned.append(line.rsplit(":", 1)[1])
        elif " PRIVMSG " in line:
            heard.append(line.rsplit(":", 1)[1])
    assert banned == names and heard == texts and len(told) == 500
    assert int(modctl(chat, "audit", "verify").split()[0]) == before + 500
    assert {entry["reason"] for entry in acts(chat)} == {"raid"}


def test_what_was_done_in_chat_is_explained(chat):
    ada, bob, page = everybody(chat)
    ada.send("PRIVMSG #demo :/slow 3")
    bob.until("ROOMSTATE")
    said(chat, bob, ada, "the butler did it")
    ada.send("PRIVMSG #demo :/ban bob a spoiler")
    bob.until("CLEARCHAT")
    words = modctl(chat, "audit", "explain", str(acts(chat)[-1]["id"]))
    assert "ada banned bob from demo\n" in words and "from loopback\n" in words and "why: a spoiler\n" in words and "slow=3s" in words
    assert "messages kept with the entry: 1\n" in words and words.count("the butler did it") == 2


def test_where_an_act_came_from_is_in_the_audit_log():
    """The address that the proxy in front says of the moderator's page."""
    with running(*QUIET, "--forwarded-for") as chat:
        page = Page(chat.ws, headers=["X-Forwarded-For: 192.0.2.9"])
        assert page.log_in(chat.ticket(chat.ada))["type"] == "authenticated"
        page.join("demo")
        page.say("demo", "/timeout bob 60 a spoiler", "k1")
        page.until("banned")
        [entry] = acts(chat)
        assert (entry["action"], entry["actor"]["name"], entry["actor"]["address"]) == ("timeout", "ada", "192.0.2.9")
        assert "by ada (user 1001), from 192.0.2.9\n" in modctl(chat, "audit", "explain", str(entry["id"]))


def test_what_chatd_keeps_is_for_nobody_else(chat):
    for name in ("store.db", "store.db-wal", "store.db-shm", "chat.db", "chat.db-wal", "chat.db-shm"):
        assert (chat.directory / name).stat().st_mode & 0o777 == 0o600, name


def test_the_log_of_a_night_goes_into_automod(chat):
    ada, bob, page = everybody(chat)
    said(chat, bob, ada, "hello there", "kill yourself you idiot")
    page.say("demo", "from a page", "k1")
    ada.until("PRIVMSG")
    wait_for(lambda: len(records(chat, "log", "demo")) == 3, 10, "the chat log")
    log = modctl(chat, "log", "demo", "--since", "1h")
    judged = subprocess.run([program("automod"), "--level", "4", "--diff"], input=log, capture_output=True, text=True, timeout=60)
    assert (judged.returncode, judged.stderr) == (0, "")
    [differs] = [json.loads(line) for line in judged.stdout.splitlines()]
    assert differs["id"] == json.loads(log.splitlines()[1])["id"] and differs["was"] == "allow"


# ---- the control socket

def act(line, by="ada", channel="demo"):
    return {"command": "act", "channel": channel, "as": by, "line": line}


def test_acts_by_the_control_socket(chat):
    ada, bob, page = everybody(chat)
    said(chat, bob, ada, "spam")
    answers = chat.ask_all(act("/ban bob spam"), {"command": "rooms"}, act("unban bob"), act("/slow 5"), act("/clear"), act("/mods"))
    assert answers[0] == {"notice": "ban_success", "text": "bob is now banned from this channel."}
    assert answers[1]["rooms"][0]["channel"] == "demo"  # in its order, though it was known at once
    assert [answer["notice"] for answer in answers[2:]] == ["unban_success", "slow_on", "clear_success", "no_mods"]
    assert bob.until("CLEARCHAT")[-1].endswith("CLEARCHAT #demo :bob")
    assert tags(bob.until("ROOMSTATE")[-1])["slow"] == "5"
    assert bob.until("CLEARCHAT")[-1].endswith("CLEARCHAT #demo")
    entries = acts(chat)
    assert [entry["action"] for entry in entries] == ["ban", "unban", "room.settings", "chat.clear"]
    assert entries[0]["actor"]["name"] == "ada" and entries[0]["actor"]["address"].startswith("local unix:")
    assert entries[0]["reason"] == "spam" and entries[0]["context"]["messages"][0]["text"] == "spam"


def test_acts_that_the_control_socket_refuses(chat):
    before = modctl(chat, "audit", "head")
    refused = [answer["error"] for answer in chat.ask_all(
        act("/ban bob", by="cyd"), act("/ban nobody_here"), act("/ban ada"), act("/ban"), act("/dance"), act("/disconnect"),
        act("/clear", by="nobody"), act("/clear", channel="nowhere"), act(""), {"command": "act", "channel": 7, "as": "ada", "line": "/clear"},
        act("/w bob hello"), act("/color red"))]
    assert [error.get("notice") for error in refused[:5]] == ["no_permission", "invalid_user", "bad_ban_self", "usage_ban", "unrecognized_cmd"]
    assert all(error["what"] for error in refused)
    assert "no user" in refused[6]["what"] and "nowhere" in refused[7]["what"] and "needs" in refused[8]["what"] and "needs" in refused[9]["what"]
    assert "/w" in refused[10]["what"] and "/color" in refused[11]["what"]
    assert modctl(chat, "audit", "head") == before
