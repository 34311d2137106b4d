"""Words, AutoMod's settings, notes and bans by slash commands and by the control socket: what holds then, on all nodes, and what is told to whom."""
import json
import subprocess

import pytest

from chat_nodes import joined
from chat_peers import answered
from chat_platform import everybody, running
from harness import program, wait_for

QUIET = ("--cooldown", "0s", "--message-rate", "100000", "--join-rate", "1000", "--repeat-time", "0s", "--room-rate", "0")
PATIENT = ("--automod-deadline", "5s")  # on a busy machine a verdict is late


@pytest.fixture
def chat():
    with running(*QUIET, *PATIENT) as chat:
        yield chat


def answer(peer, text):
    """What an IRC client is told of its line: ('USERSTATE' or a msg-id, the text)."""
    told, line = answered(peer, text)
    return told, "" if told == "USERSTATE" else line.split(" NOTICE ", 1)[1].split(" :", 1)[1]


def act(chat, line, by="ada"):
    return chat.ask_all({"command": "act", "channel": "demo", "as": by, "line": line})[0]


def modctl(chat, *arguments, stdin=None):
    return subprocess.run([program("modctl"), "--dir", str(chat.directory), *arguments], check=True, capture_output=True, text=True,
                          timeout=30, input=stdin).stdout


def audit(chat, action):
    """Who did so, from where, with what context; oldest first."""
    entries = [json.loads(line) for line in modctl(chat, "audit", "list", "--last", "0", "--action", action, "--json").splitlines()]
    return sorted(entries, key=lambda entry: int(entry["id"]))


def test_a_moderator_changes_the_channels_terms(chat):
    ada, bob, page = everybody(chat)
    assert answer(bob, "a spoiler, and heckled")[0] == "USERSTATE"
    assert answer(ada, "/term add spoiler") == ("term_added", 'The term "spoiler" now blocks what is said.')
    # What follows the answer is judged by it.
    assert answer(bob, "a spoiler for you")[0] == "msg_rejected_mandatory"
    page.say("demo", "another Sp0iler", "k1")
    assert page.until("error")["code"] == "rejected"
    assert answer(ada, "/term hold /h+eck/")[0] == "term_added"
    assert answer(bob, "oh hhheck")[0] == "msg_rejected"
    assert answer(ada, "/term allow hecks")[0] == "term_added"
    assert answer(ada, "/term add spoiler")[0] == "already_term"
    assert answer(ada, "/terms") == ("terms", "Terms of this channel: hold /h+eck/ | allow hecks | block spoiler")
    assert answer(ada, "/term add /b[/")[0] == "bad_term"
    assert answer(ada, "/term remove spoiler")[0] == "term_removed"
    assert answer(ada, "/term remove spoiler")[0] == "bad_term_none"
    assert answer(bob, "a spoiler for you")[0] == "USERSTATE"
    assert modctl(chat, "terms", "show", "demo").splitlines() == ["hold custom /h+eck/", "allow custom hecks"]
    changes = audit(chat, "terms.change")
    assert [change["actor"]["name"] for change in changes] == ["ada"] * 4
    assert {change["actor"]["address"] for change in changes} == {"loopback"} and changes[0]["channel"] == "demo"


def test_who_is_no_moderator_changes_and_sees_nothing(chat):
    _, bob, page = everybody(chat)
    refused = ("no_permission", "You don't have permission to perform that action.")
    for line in ("/term add spoiler", "/terms", "/automod 4", "/automodlate allow", "/banevasion off", "/settings", "/wordlist add mine", "/wordlists",
                 "/notes ada", "/unnote 1", "/bans"):
        assert answer(bob, line) == refused, line
        assert act(chat, line, by="bob")["error"]["notice"] == "no_permission", line
    page.say("demo", "/term add spoiler", "k1")
    told = page.until("notice")
    assert (told["key"], told["code"]) == ("k1", "no_permission")
    assert answer(bob, "a spoiler")[0] == "USERSTATE"
    assert audit(chat, "terms.") == audit(chat, "word_list.") == audit(chat, "automod.") == []


def test_pages_and_the_control_socket_change_them_too(chat):
    ada, bob, _ = everybody(chat)
    page = chat.page(chat.ada)
    page.join("demo")
    page.say("demo", "/term add spoiler", "k1")
    told = page.until("notice")
    assert (told["key"], told["code"]) == ("k1", "term_added")
    assert act(chat, "/term add ending") == {"notice": "term_added", "text": 'The term "ending" now blocks what is said.'}
    for text in ("a spoiler", "an ending"):
        assert answer(bob, text)[0] == "msg_rejected_mandatory"
    assert act(chat, "/term remove nothing")["error"]["notice"] == "bad_term_none"
    assert act(chat, "/term add /b[/")["error"]["notice"] == "bad_term"
    assert act(chat, "/automod 9")["error"]["notice"] == "usage_automod"
    assert act(chat, "/automod 3")["text"] == "AutoMod's level here is now 3."
    by_page, by_socket = audit(chat, "terms.change")
    assert by_page["actor"]["address"] == "loopback" and by_socket["actor"]["address"].startswith("local unix:")


def test_the_level_and_what_else_automod_is_set_to(chat):
    ada, bob, _ = everybody(chat)
    shouts = "LOOK AT ALL THESE CAPITALS"
    assert answer(bob, shouts)[0] == "msg_rejected"  # held
    assert answer(ada, "/automod") == ("automod_level", "AutoMod's level here is 2, of 0 (lets most pass) to 4 (strictest).")
    assert answer(ada, "/automod 4") == ("automod_level", "AutoMod's level here is now 4.")
    assert answer(bob, shouts)[0] == "msg_rejected_mandatory"
    assert answer(ada, "/automodlate allow")[0] == "automod_late"
    assert answer(ada, "/banevasion hold")[0] == "ban_evasion"
    assert answer(ada, "/settings")[1].endswith("automod-level 4, automod-at-deadline allow, ban-evasion hold.")
    settings = json.loads(modctl(chat, "settings", "demo", "--json"))
    assert (settings["automod_level"], settings["automod_at_deadline"], settings["ban_evasion"]) == (4, "allow", "hold")
    assert [entry["context"]["after"] for entry in audit(chat, "automod.settings")] == [{"level": 4}, {"at_deadline": "allow"}]
    assert len(audit(chat, "evasion.settings")) == 1


def test_lists_are_shared_and_their_owners(chat):
    ada, bob, _ = everybody(chat)
    answer(ada, "/mod bob")
    assert answer(bob, "/wordlist add House")[0] == "wordlist_added"
    assert answer(bob, "/wordlist put house spoiler") == ("wordlist_changed", "The entry is on the word list house, which has 1 entry.")
    assert answer(ada, "/wordlist put house more")[0] == "bad_wordlist_owner"  # the broadcaster neither
    assert answer(ada, "/wordlist remove house")[0] == "bad_wordlist_owner"
    assert answer(ada, "/wordlist add house")[0] == "bad_wordlist"
    assert answer(ada, "/wordlist subscribe house")[0] == "wordlist_subscribed"
    assert answer(ada, "/wordlists") == ("wordlists", "Word lists: house of bob (1 entry, holds here)")
    assert answer(ada, "/wordlist show house")[1] == "The word list house: block spoiler"
    assert answer(ada, "/unmod bob")[0] == "unmod_success"
    assert answer(bob, "a spoiler for you")[0] == "msg_rejected_mandatory"
    assert answer(bob, "/wordlist drop house spoiler")[0] == "no_permission"
    assert answer(ada, "/wordlist unsubscribe house")[0] == "wordlist_unsubscribed"
    assert answer(bob, "a spoiler for you")[0] == "USERSTATE"
    assert answer(ada, "/wordlist subscribe nothing")[0] == "bad_wordlist_none"
    assert [entry["action"] for entry in audit(chat, "word_list.")] == ["word_list.add", "word_list.change", "word_list.subscribe",
                                                                        "word_list.unsubscribe"]


def test_what_a_shared_list_allows_disarms_nobody(chat):
    ada, bob, _ = everybody(chat)
    answer(ada, "/mod bob")
    answer(bob, "/wordlist add house")
    answer(bob, "/wordlist put house heck")
    assert answer(ada, "/wordlist subscribe house")[0] == "wordlist_subscribed"
    answer(ada, "/term add spoiler")
    assert answer(ada, "/unmod bob")[0] == "unmod_success"
    assert answer(bob, "oh heck")[0] == "msg_rejected_mandatory"
    assert modctl(chat, "--as", "bob", "words", "put", "house", stdin="allow custom /.+/\n")
    wait_for(lambda: answer(bob, "oh heck")[0] == "USERSTATE", 10, "the list to allow what it has")
    assert answer(bob, "a spoiler")[0] == "msg_rejected_mandatory"


def test_heavy_patterns_are_refused_and_whatever_there_is_can_be_removed(chat):
    ada, bob, _ = everybody(chat)
    answer(ada, "/term add spoiler")
    for number in range(3):
        told = answer(ada, f"/term add /(\\pL{{900}}a|heck{number})/")
        assert told[0] == "bad_term" and "the pattern is too large" in told[1]
    refused = subprocess.run([program("modctl"), "--dir", str(chat.directory), "terms", "put", "demo"], capture_output=True, text=True,
                             timeout=30, input="/\\pL{900}/\n")
    assert refused.returncode != 0 and "the pattern is too large" in refused.stderr
    assert answer(bob, "a spoiler")[0] == "msg_rejected_mandatory"
    assert answer(ada, "/term list SPOIL") == ("terms", "Terms of this channel: block spoiler")
    assert answer(ada, "/term list block")[0] == "no_terms"
    assert answer(ada, "/term remove SPOILER")[0] == "term_removed"


def test_without_automod_a_term_is_kept():
    with running(*QUIET, "--automod", "none") as chat:
        ada, _, _ = everybody(chat)
        assert answer(ada, "/term add spoiler") == ("term_added", 'The term "spoiler" is kept; AutoMod is off here.')


def test_notes_bans_and_reasons(chat):
    ada, _, _ = everybody(chat)
    assert answer(ada, "/note bob was warned")[0] == "note_success"
    said = answer(ada, "/notes bob")
    assert said[0] == "notes" and said[1].startswith("Notes about bob: 1 by ada, ") and said[1].endswith(": was warned")
    assert answer(ada, "/unnote 1")[0] == "note_removed" and answer(ada, "/unnote 7")[0] == "bad_note_none"
    assert answer(ada, "/notes bob")[0] == "no_notes"
    assert answer(ada, "/bans")[0] == "no_bans"
    answer(ada, "/ban cyd spam")
    assert answer(ada, "/bans") == ("bans", "Banned or timed out: cyd: spam")
    answer(ada, "/unban cyd said sorry")
    answer(ada, "/vip cyd a good neighbour")
    assert [audit(chat, action)[0]["reason"] for action in ("unban", "vip.add")] == ["said sorry", "a good neighbour"]


def test_another_node_learns_it_by_the_event():
    with joined(options=("--automod", "automod --model none", *PATIENT)) as nodes:
        a, b = nodes
        ada, bob = a.irc_peer("ada", a.ada), b.irc_peer("bob", b.bob)
        for peer in (ada, bob):
            peer.join("demo")
        assert answer(bob, "a spoiler")[0] == "USERSTATE"
        assert answer(ada, "/term add spoiler")[0] == "term_added"
        wait_for(lambda: answer(bob, "a spoiler")[0] == "msg_rejected_mandatory", 10, "the term to hold on the other node")
        assert answer(ada, "/automod 4")[0] == "automod_level"
        wait_for(lambda: answer(bob, "LOOK AT ALL THESE CAPITALS")[0] == "msg_rejected_mandatory", 10, "the level to hold there")
        assert act(b, "/term remove spoiler")["notice"] == "term_removed"
        assert answer(bob, "a spoiler")[0] == "USERSTATE"
