"""Who comes back under another name after a ban: found by address and fingerprint, told to moderators, held where the room says so."""
import contextlib
import json
import signal
import sqlite3
import subprocess

import pytest

from chat_peers import Page, tags
from chat_platform import running
from harness import program, wait_for

QUIET = ("--cooldown", "0s", "--message-rate", "1000", "--join-rate", "1000", "--repeat-time", "0s", "--automod", "none", "--forwarded-for")
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@contextlib.contextmanager
def scene(*options):
    with running(*QUIET, *options) as chat:
        chat.tokens = {"ada": chat.ada, "bob": chat.bob, "cyd": chat.seed("token", "cyd", "chat:read,chat:edit")}
        yield chat


@pytest.fixture
def chat():
    with scene() as chat:
        yield chat


def modctl(chat, *arguments):
    done = subprocess.run([program("modctl"), "--dir", str(chat.directory), "--json", *arguments], check=True, capture_output=True, text=True, timeout=30)
    return [json.loads(line) for line in done.stdout.splitlines()]


def come(chat, name, address=None, fingerprint=None, join=True):
    """A page of the user's, behind a proxy that says its address."""
    page = Page(chat.ws, host=chat.host, headers=[f"X-Forwarded-For: 192.0.2.1, {address}"] if address else ())
    more = {"fingerprint": fingerprint} if fingerprint else {}
    page.ask(type="auth", ticket=chat.ticket(chat.tokens[name]), **more)
    assert page.until("authenticated")
    if join:
        page.join("demo")
    return page


def say(page, text):
    page.say("demo", text, text)
    return page.until("confirmed")


def marks(chat):
    with contextlib.closing(sqlite3.connect(chat.directory / "store.db")) as store:
        return store.execute("SELECT mark FROM marks ORDER BY mark").fetchall()


def noted(chat, count):
    wait_for(lambda: len(marks(chat)) == count, 10, "what is noted of who spoke")


def written(chat):
    """What chatd had to write in the store until now is written: it does one thing after the other."""
    ada = come(chat, "ada")
    ada.say("demo", "/color #FF0000", "written")
    assert ada.until("notice")["code"] == "color_changed"


def bob_is_banned(chat, address=HOME, **more):
    """Having spoken."""
    say(come(chat, "bob", address, **more), "rude")
    noted(chat, (address is not None) + len(more))
    modctl(chat, "ban", "demo", "bob")


def flags(chat, *more):
    return [(flag["user"], flag["banned"], flag["matched"], flag["evaluation"]) for flag in modctl(chat, "evasion", "list", "demo", *more)]


def test_who_comes_from_a_banned_users_address_is_told_to_moderators_alone(chat):
    bob_is_banned(chat)
    ada, irc, other = come(chat, "ada"), chat.irc_peer("ada", chat.ada), chat.page()
    irc.join("demo")
    other.join("demo")
    cyd = come(chat, "cyd", HOME)
    told = ada.until("suspicious")
    assert (told["user"]["login"], told["banned"]["login"], told["matched"], told["status"]) == ("cyd", "bob", "address", "flagged")
    line = irc.until("NOTICE")[-1]
    assert tags(line)["msg-id"] == "suspicious_user" and "cyd may be avoiding a ban (possible): the same address as bob" in line
    assert say(cyd, "hello")
    while (seen := other.object())["type"] != "message":
        assert seen["type"] != "suspicious"
    assert flags(chat) == [("cyd", "bob", "address", "possible")]
    entry = modctl(chat, "audit", "list", "--action", "evasion")[0]
    assert (entry["action"], entry["target"], entry["actor"]["name"]) == ("evasion.flag", "user:cyd", "chatd")
    assert "flagged cyd for what looks like avoiding a ban from demo" in subprocess.run(
        [program("modctl"), "--dir", str(chat.directory), "audit", "explain", str(entry["id"])], check=True, capture_output=True, text=True).stdout

    irc.send("PRIVMSG #demo :/monitored")
    assert "cyd (possible: address of bob)" in irc.until("NOTICE")[-1]
    irc.send("PRIVMSG #demo :/unmonitor cyd my brother")
    lines = irc.until("msg-id=unmonitor_success")
    assert "cyd was cleared by ada" in "\n".join(lines)
    assert ada.until("suspicious")["status"] == "cleared"
    assert flags(chat) == [] and flags(chat, "--all") == [("cyd", "bob", "address", "possible")]
    again = come(chat, "cyd", HOME)
    say(again, "still here")
    assert flags(chat) == []
    irc.send("PRIVMSG #demo :/unmonitor cyd")
    assert tags(irc.until("NOTICE")[-1])["msg-id"] == "bad_unmonitor_none"
    assert modctl(chat, "audit", "verify")


def test_what_many_share_flags_nobody(chat):
    for address in (None, "127.0.0.1", "192.168.1.5", "10.0.0.1", "fd00::1", "nonsense"):
        say(come(chat, "bob", address), f"from {address}")
    modctl(chat, "ban", "demo", "bob")
    ada = come(chat, "ada")
    for address in (None, "127.0.0.1", "192.168.1.5", "10.0.0.1", "fd00::1", "nonsense", ELSEWHERE):
        say(come(chat, "cyd", address), f"me from {address}")
    assert flags(chat) == []
    noted(chat, 1)  # cyd's, from elsewhere
    say(ada, "done")
    while (told := ada.object()) and told.get("text") != "done":
        assert told["type"] != "suspicious"


def test_a_fingerprint_is_likely_wherever_it_comes_from_and_nothing_is_kept_in_clear(chat):
    bob_is_banned(chat, HOME, fingerprint="canvas:5f3a")
    cyd = come(chat, "cyd", ELSEWHERE, fingerprint="canvas:5f3a")
    say(cyd, "hello")
    assert flags(chat) == [("cyd", "bob", "fingerprint", "likely")]
    noted(chat, 4)
    for file in chat.directory.glob("store.db*"):
        kept = file.read_bytes()
        assert HOME.encode() not in kept and ELSEWHERE.encode() not in kept and b"canvas:5f3a" not in kept


def test_ipv6_is_known_by_its_household(chat):
    bob_is_banned(chat, "2001:db8:1:2::10")
    say(come(chat, "cyd", "2001:db8:1:3::10"), "next door")
    assert flags(chat) == []
    say(come(chat, "cyd", "2001:db8:1:2:ffff::1"), "same door")
    assert [flag[:3] for flag in flags(chat)] == [("cyd", "bob", "address")]


def test_where_the_room_holds_lines_wait_until_a_moderator_has_looked(chat):
    bob_is_banned(chat)
    modctl(chat, "settings", "demo", "ban-evasion=hold")
    assert modctl(chat, "settings", "demo")[0]["ban_evasion"] == "hold"
    ada, cyd = come(chat, "ada"), come(chat, "cyd", HOME)
    assert ada.until("suspicious")["status"] == "held"
    cyd.say("demo", "let me in", "k1")
    held = ada.until("held")
    assert (held["text"], held["category"]) == ("let me in", "ban_evasion")
    assert cyd.until("error")["code"] == "held"
    assert [each["text"] for each in modctl(chat, "queue", "list", "demo")] == ["let me in"]
    modctl(chat, "queue", "approve", "demo", held["id"])
    assert ada.until("message")["text"] == "let me in"
    modctl(chat, "evasion", "clear", "demo", "cyd")
    assert ada.until("suspicious")["status"] == "cleared"
    say(cyd, "free")
    modctl(chat, "settings", "demo", "ban-evasion=off")
    wait_for(lambda: modctl(chat, "settings", "demo")[0]["ban_evasion"] == "off", 10, "the setting")


def subctl(chat, *arguments):
    done = subprocess.run([program("subctl"), "--dir", str(chat.directory), "--json", *arguments], check=True, capture_output=True, text=True, timeout=30)
    return json.loads(done.stdout) if done.stdout else None


def test_a_cheer_that_waits_for_a_moderator_waits_with_its_bits(chat):
    bob_is_banned(chat)
    modctl(chat, "settings", "demo", "ban-evasion=hold")
    balance = lambda: subctl(chat, "bits", "show", "cyd")["balance"]
    cheered = lambda: chat.chanctl("events").count('"channel.cheer"')
    subctl(chat, "bits", "grant", "cyd", "--amount", "100")
    ada, cyd = come(chat, "ada"), come(chat, "cyd", HOME)
    assert ada.until("suspicious")["status"] == "held"
    cyd.say("demo", "cheer10 let me in", "k1")
    assert cyd.until("error")["code"] == "held"
    held = ada.until("held")
    assert (held["text"], held["category"], balance(), cheered()) == ("cheer10 let me in", "ban_evasion", 90, 0)
    modctl(chat, "queue", "deny", "demo", held["id"])
    assert cyd.until("decided")["status"] == "denied"
    assert balance() == 100
    cyd.say("demo", "cheer20 please", "k2")
    modctl(chat, "queue", "approve", "demo", ada.until("held")["id"])
    told = ada.until("message")
    assert (told["text"], told["bits"], told["badges"]) == ("cheer20 please", 20, [["bits", "1"]])
    assert (balance(), cheered()) == (80, 1)

    made = subctl(chat, "cheer", "demo", "cyd", "--message", "cheer30 from elsewhere")
    held = ada.until("held")
    assert (held["id"], held["category"], balance()) == (made["message_id"], "ban_evasion", 50)
    modctl(chat, "queue", "deny", "demo", held["id"])
    wait_for(lambda: balance() == 80, 10, "the bits to come back")
    assert subctl(chat, "cheerers", "demo")["bits"] == 20


def test_a_flag_ends_when_the_ban_is_lifted(chat):
    bob_is_banned(chat)
    modctl(chat, "settings", "demo", "ban-evasion=hold")
    ada, cyd = come(chat, "ada"), come(chat, "cyd", HOME)
    assert ada.until("suspicious")
    ada.say("demo", "/unban bob", "u1")
    assert ada.until("notice")["code"] == "unban_success"
    say(cyd, "free at once")
    assert flags(chat) == []


def test_kills_and_other_nodes_forget_nothing():
    with scene() as chat:
        say(come(chat, "bob", HOME), "rude")
        noted(chat, 1)
        chat.daemon.process.send_signal(signal.SIGKILL)
        chat.daemon.process.wait()
        modctl(chat, "ban", "demo", "bob")
        chat.start()
        with running(*QUIET, "--instance", "two", "--history", "none", directory=chat.directory, name="two") as two:
            two.tokens = chat.tokens
            ada, there = come(chat, "ada"), come(two, "ada")
            come(two, "cyd", HOME)
            for page in (ada, there):
                assert page.until("suspicious")["user"]["login"] == "cyd"
            modctl(chat, "settings", "demo", "ban-evasion=hold")
            ada.say("demo", "/slow 3", "s1")
            assert there.until("settings")
            assert ada.until("settings")
            cyd = come(chat, "cyd", ELSEWHERE)  # flagged by the other node, for what was seen there
            cyd.say("demo", "here", "k1")
            assert cyd.until("error")["code"] == "held"
            assert flags(chat) == [("cyd", "bob", "address", "possible")]
            assert len(modctl(chat, "audit", "list", "--action", "evasion.flag")) == 1
        chat.daemon.process.send_signal(signal.SIGKILL)
        chat.daemon.process.wait()
        chat.start()
        cyd = come(chat, "cyd", ELSEWHERE)
        cyd.say("demo", "after the kill", "k2")
        assert cyd.until("error")["code"] == "held"


def test_a_store_that_takes_nothing_is_tried_again_and_complained_of_sparingly(chat):
    def change(*statements):
        with contextlib.closing(sqlite3.connect(chat.directory / "store.db", timeout=10)) as store:
            for statement in statements:
                store.execute(statement)
            store.commit()

    def complaints(about):
        return chat.daemon.output().count(about)

    change(*(f"CREATE TRIGGER no_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no room'); END" for table in ("marks", "evasions")))
    for i in range(8):
        say(come(chat, "bob", HOME), f"hello {i}")
    written(chat)
    assert 1 <= complaints("from where people spoke is not noted yet") <= 2
    change("DROP TRIGGER no_marks")
    noted(chat, 1)
    modctl(chat, "ban", "demo", "bob")
    for i in range(8):
        say(come(chat, "cyd", HOME), f"me {i}")
    assert flags(chat) == []
    assert 1 <= complaints("whether somebody avoids a ban is not known") <= 2
    change("DROP TRIGGER no_evasions")
    come(chat, "cyd", HOME)
    wait_for(lambda: flags(chat) == [("cyd", "bob", "address", "possible")], 10, "the flag")


def test_for_no_days_nothing_is_kept():
    with scene("--evasion-days", "0") as chat:
        say(come(chat, "bob", HOME), "rude")
        modctl(chat, "ban", "demo", "bob")
        say(come(chat, "cyd", HOME), "hello")
        written(chat)
        assert marks(chat) == [] and flags(chat) == []


def test_a_proxy_is_not_believed_unasked():
    with running(*QUIET[:-1]) as chat:
        chat.tokens = {"ada": chat.ada, "bob": chat.bob}
        say(come(chat, "bob", HOME), "rude")
        written(chat)
        assert marks(chat) == []
