"""subctl from outside: exit code, standard error, standard output; and what chanctl says of looks."""
import json
import os
import re
import subprocess

import pytest

from harness import program

TIME = re.compile(r"\d{4}-\d\d-\d\dT\S+Z")


class Tool:
    def __init__(self, folder):
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "SLUICE_DIR": str(folder / "platform")}

    def run(self, name, *arguments, stdin=""):
        return subprocess.run([program(name), *arguments], input=stdin, capture_output=True, text=True,
                              env=self.environment, timeout=60)

    def chanctl(self, *arguments):
        done = self.run("chanctl", *arguments)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def __call__(self, *arguments, stdin=""):
        done = self.run("subctl", *arguments, stdin=stdin)
        assert (done.returncode, done.stderr) == (0, ""), done
        return TIME.sub("TIME", done.stdout)

    def json(self, *arguments):
        done = self.run("subctl", *arguments, "--json")
        assert (done.returncode, done.stderr) == (0, ""), done
        return [json.loads(line) for line in done.stdout.splitlines()]

    def refused(self, *arguments, code=1, stdin="", name="subctl"):
        done = self.run(name, *arguments, stdin=stdin)
        assert (done.returncode, done.stdout) == (code, ""), done
        return done.stderr


@pytest.fixture
def subctl(tmp_path):
    tool = Tool(tmp_path)
    for name in ("alice", "bob", "cyd", "dan"):
        tool.chanctl("user", "add", name)
    tool.chanctl("channel", "add", "demo", "--owner", "alice")
    return tool


def test_tiers_need_no_platform(tmp_path):
    tool = Tool(tmp_path)
    assert tool("tiers") == ("TIER  PLAN  USD A MONTH  EMOTES\n"
                             "1     1000  4.99         5\n"
                             "2     2000  9.99         10\n"
                             "3     3000  24.99        20\n")
    assert tool.json("tiers")[2] == {"tier": 3, "plan": "3000", "title": "Tier 3", "price_cents": 2499, "currency": "USD",
                                     "emotes": 20}
    said = tool.refused("list", "demo")
    assert "there is no platform: no /" in said and "hint: name its folder by --dir" in said
    assert not (tmp_path / "platform").exists()


def test_subscribing_is_done_once(subctl):
    assert subctl("subscribe", "demo", "bob", "--tier", "2") == "bob is subscribed to demo (tier 2) until TIME: month 1\n"
    said = subctl.refused("subscribe", "demo", "bob")
    assert said.startswith("subctl: ALREADY_SUBSCRIBED: bob is subscribed to demo already\nsubctl: hint: until ")
    first = subctl.json("subscribe", "demo", "cyd", "--key", "k1")[0]
    again = subctl.json("subscribe", "demo", "cyd", "--key", "k1")[0]
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert {**first, "repeated": True} == again
    assert "was another request's" in subctl.refused("subscribe", "demo", "dan", "--key", "k1")
    assert [entry["user"] for entry in subctl.json("list", "demo")] == ["bob", "cyd"]
    assert subctl("list", "demo").splitlines()[0] == "NAME  PLAN  MONTHS  STREAK  UNTIL"


def test_renewing_sharing_cancelling(subctl):
    assert "bob is not subscribed to demo" in subctl.refused("renew", "demo", "bob")
    subctl("subscribe", "demo", "bob", "--tier", "3")
    assert subctl("renew", "demo", "bob") == "bob is subscribed to demo (tier 3) until TIME: month 2\n"
    assert subctl("share", "demo", "bob", "--message", "hi", "--streak") == "bob has told demo of month 2\n"
    assert "already" in subctl.refused("share", "demo", "bob")
    assert subctl("renew", "demo", "bob", "--tier", "prime") == "bob is subscribed to demo (prime) until TIME: month 3\n"
    assert subctl("show", "demo", "bob") == ("channel     demo\nuser        bob\nfollows     no\n"
                                             "subscribed  prime until TIME\nmonths      3\nin a row    3\ngift        no\n")
    assert subctl("cancel", "demo", "bob", "--reason", "refunded") == "bob is subscribed to demo no more\n"
    assert "subscribed  no; prime ended TIME" in subctl("show", "demo", "bob")
    assert subctl.json("show", "demo", "cyd") == [{"channel": "demo", "user": "cyd", "follows_since": None, "subscription": None}]
    assert subctl.json("list", "demo") == []


def test_gifts(subctl):
    assert subctl("gift", "demo", "cyd", "dan", "--from", "bob") == "bob has given subscriptions to demo to: cyd, dan\n"
    assert subctl.refused("gift", "demo", "cyd", "--from", "bob").startswith("subctl: ALREADY_SUBSCRIBED: cyd")
    assert "only 0 followers could be given" in subctl.refused("gift", "demo", "--from", "bob", "--count", "1")
    subctl.chanctl("user", "add", "eve")
    subctl("follow", "demo", "eve")
    given = subctl.json("gift", "demo", "--from", "bob", "--count", "1", "--key", "g", "--anonymous")[0]
    assert ([each["user"] for each in given["subscriptions"]], given["total"], given["repeated"]) == (["eve"], 3, False)
    assert subctl.json("gift", "demo", "--from", "bob", "--count", "1", "--key", "g", "--anonymous")[0]["repeated"] is True
    for wrong in (("gift", "demo", "--from", "bob"), ("gift", "demo", "eve", "--from", "bob", "--count", "2"),
                  ("gift", "demo", "eve"), ("gift", "demo", "--from", "bob", "--count", "101"),
                  ("subscribe", "demo", "eve", "--tier", "4"), ("subscribe", "demo")):
        subctl.refused(*wrong, code=2)


def test_follows(subctl):
    assert subctl("follow", "demo", "bob") == "bob follows demo\n"
    assert subctl("follow", "demo", "bob") == "bob follows demo already\n"
    assert subctl("follow", "demo", "-", stdin="# a list\ncyd\n\n dan \r\n") == "cyd follows demo\ndan follows demo\n"
    assert [entry["user"] for entry in subctl.json("followers", "demo")] == ["dan", "cyd", "bob"]
    assert len(subctl.json("followers", "demo", "--limit", "2")) == 2
    assert subctl("unfollow", "demo", "bob") == "bob follows no more demo\n"
    assert subctl("unfollow", "demo", "bob") == "bob did not follow demo\n"
    assert subctl("followers", "demo").count("TIME") == 2
    assert "alice is the broadcaster of demo" in subctl.refused("follow", "demo", "alice")


def test_bits_and_cheers(subctl):
    assert subctl("bits", "show", "bob") == "bob never had bits\n"
    for name in ("bob", "cyd"):
        assert subctl("bits", "grant", name, "--amount", "500", "--key", f"p-{name}") == f"{name} is granted 500 bits and has 500\n"
    assert subctl("bits", "grant", "bob", "--amount", "500", "--key", "p-bob") == "bob is granted 500 bits and has 500, as before\n"
    assert subctl("bits", "grant", "bob", "--amount", "1") == "bob is granted 1 bit and has 501\n"
    assert subctl("bits", "show", "bob") == "bob has 501 bits\n"
    words = ("--message", "Cheer100 well played")
    assert subctl("cheer", "demo", "bob", *words, "--key", "o1") == "bob cheers demo with 100 bits and has 401 left\n"
    assert subctl("cheer", "demo", "bob", *words, "--key", "o1") == "bob cheers demo with 100 bits and has 401 left, as before\n"
    assert 'the key "o1" was another request\'s' in subctl.refused("cheer", "demo", "bob", "--message", "Cheer100 and more", "--key", "o1")
    assert subctl("cheer", "demo", "cyd", "--message", "cheer500", "--anonymous") == "cyd cheers demo with 500 bits and has 0 left\n"
    assert subctl("cheerers", "demo") == "NAME  BITS  BADGE\nbob   100   bronze 100\n"
    row, = subctl.json("cheerers", "demo")
    assert (row["user"], row["bits"], row["badge"], row["metal"]) == ("bob", 100, 100, "bronze")
    assert "cyd" not in subctl.chanctl("events")
    assert subctl.refused("cheer", "demo", "bob", "--message", "cheer402") == (
        "subctl: bob has 401 bits, and the message cheers with 402\nsubctl: hint: subctl bits grant bob gives more\n")
    assert "has no cheer word" in subctl.refused("cheer", "demo", "bob", "--message", "hello cheer0 cheer")
    assert "is the broadcaster of demo" in subctl.refused("cheer", "demo", "alice", "--message", "cheer1")
    assert "up to 100000 in one message" in subctl.refused("cheer", "demo", "bob", "--message", "cheer99999999999999999999")
    for amount in ("0", "-1", "100000001", "99999999999999999999"):
        subctl.refused("bits", "grant", "bob", "--amount", amount, code=2)
    for name in ("nobody", "ananonymouscheerer"):
        assert name in subctl.refused("bits", "grant", name, "--amount", "1")
        assert name in subctl.refused("cheer", "demo", name, "--message", "cheer1")
    assert subctl("bits", "show", "bob") == "bob has 401 bits\n"


def test_of_a_list_each_is_dealt_with_by_itself(subctl):
    done = subctl.run("subctl", "subscribe", "demo", "-", "--key", "batch", stdin="bob\nnobody\nalice\ncyd\n")
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["bob", "cyd"]
    assert 'no user "nobody"' in done.stderr and "alice is the broadcaster of demo" in done.stderr
    again = subctl.run("subctl", "subscribe", "demo", "-", "--key", "batch", "--json", stdin="bob\nnobody\ndan\n")
    lines = [json.loads(line) for line in again.stdout.splitlines()]
    assert (lines[0]["repeated"], lines[1]["error"], lines[2]["repeated"]) == (True, "not_found", False)
    assert again.stderr == ""


def test_who_and_where_must_be(subctl):
    assert "chanctl channel list" in subctl.refused("follow", "nowhere", "bob")
    assert "chanctl user list" in subctl.refused("show", "demo", "nobody")
    assert "chanctl user list" in subctl.refused("gift", "demo", "bob", "--from", "nobody")


def test_colors_bots_and_emotes(subctl, tmp_path):
    chanctl = subctl.chanctl
    assert chanctl("color", "bob", "dodger_blue") == "bob is #1E90FF\n"
    assert chanctl("color", "bob", "none") == "bob has no color of its own\n"
    assert "hint: use #RRGGBB, none, or one of Blue, BlueViolet" in subctl.refused("color", "bob", "bluish", name="chanctl")
    assert chanctl("bot", "bob", "on") == "bob is a verified bot\n"
    assert [user["bot"] for user in map(json.loads, chanctl("user", "list", "--json").splitlines())] == [False, True, False, False]
    assert chanctl("bot", "bob", "off") == "bob is no verified bot\n"
    subctl.refused("bot", "bob", "maybe", name="chanctl", code=2)
    picture = tmp_path / "wave.png"
    picture.write_bytes(b"png")
    assert chanctl("emote", "add", "Wave", "--image-1x", str(picture)) == "added emote Wave (id 1)\n"
    assert chanctl("emote", "add", "aliceHi", "--channel", "demo", "--tier", "2") == "added emote aliceHi (id 2)\n"
    assert 'the emote "Wave" exists' in subctl.refused("emote", "add", "Wave", name="chanctl")
    assert "there is no file" in subctl.refused("emote", "add", "Other", "--image-2x", "/nowhere.png", name="chanctl")
    subctl.refused("emote", "add", "Other", "--tier", "1", name="chanctl", code=2)
    assert chanctl("emote", "list") == ("CODE     CHANNEL  KIND          TIER  BITS  ID\n"
                                        "Wave     -        global        -     -     1\n"
                                        "aliceHi  demo     subscription  2     -     2\n")
    assert json.loads(chanctl("emote", "list", "--json").splitlines()[0])["images"]["1x"] == str(picture)
    assert "--channel" in subctl.refused("emote", "remove", "aliceHi", name="chanctl")
    assert chanctl("emote", "remove", "aliceHi", "--channel", "demo") == "removed emote aliceHi\n"


def test_emotes_for_bits_and_for_single_users(subctl):
    chanctl = subctl.chanctl
    assert chanctl("emote", "add", "aliceGem", "--channel", "demo", "--bits", "5000") == "added emote aliceGem (id 1)\n"
    assert chanctl("emote", "add", "secret", "--granted-only") == "added emote secret (id 2)\n"
    chanctl("emote", "add", "Wave")
    for wrong in (("--bits", "100"), ("--channel", "demo", "--bits", "0"), ("--channel", "demo", "--bits", "100", "--tier", "1"),
                  ("--channel", "demo", "--bits", "100", "--granted-only")):
        subctl.refused("emote", "add", "Other", *wrong, name="chanctl", code=2)
    assert chanctl("emote", "list") == ("CODE      CHANNEL  KIND     TIER  BITS  ID\n"
                                        "Wave      -        global   -     -     3\n"
                                        "secret    -        granted  -     -     2\n"
                                        "aliceGem  demo     bits     -     5000  1\n")
    gem = json.loads(chanctl("emote", "list", "--json").splitlines()[2])
    assert (gem["kind"], gem["tier"], gem["bits"]) == ("bits", None, 5000)
    assert chanctl("emote", "grants") == "CODE  CHANNEL  USER  SINCE\n"
    assert chanctl("emote", "grant", "secret", "bob") == "bob has secret\n"
    assert chanctl("emote", "grant", "secret", "bob") == "bob has secret already\n"
    assert json.loads(chanctl("emote", "grant", "aliceGem", "cyd", "--channel", "demo", "--json")) == {
        "code": "aliceGem", "user": "cyd", "changed": True}
    assert "Wave is everybody's" in subctl.refused("emote", "grant", "Wave", "bob", name="chanctl")
    assert "alice is the broadcaster of demo" in subctl.refused("emote", "grant", "aliceGem", "alice", "--channel", "demo", name="chanctl")
    assert "--channel" in subctl.refused("emote", "grant", "aliceGem", "bob", name="chanctl")
    assert "chanctl user list" in subctl.refused("emote", "grant", "secret", "nobody", name="chanctl")
    assert TIME.sub("TIME", chanctl("emote", "grants")) == ("CODE      CHANNEL  USER  SINCE\n"
                                                            "aliceGem  demo     cyd   TIME\n"
                                                            "secret    -        bob   TIME\n")
    assert [json.loads(line)["code"] for line in chanctl("emote", "grants", "--user", "bob", "--json").splitlines()] == ["secret"]
    assert chanctl("emote", "revoke", "secret", "bob") == "bob is granted secret no more\n"
    assert chanctl("emote", "revoke", "secret", "bob") == "bob was not granted secret\n"
    assert chanctl("emote", "grants", "--user", "bob").count("\n") == 1
    names = [json.loads(line)["event"] for line in chanctl("events").splitlines()]
    assert names[-3:] == ["emote.grant", "emote.grant", "emote.revoke"]


def test_turbo_and_prime(subctl):
    chanctl = subctl.chanctl
    assert chanctl("premium", "bob", "turbo") == "bob has turbo\n"
    assert chanctl("premium", "cyd", "prime") == "cyd has prime\n"
    assert chanctl("premium", "cyd", "none") == "cyd has neither turbo nor prime\n"
    assert [user["premium"] for user in map(json.loads, chanctl("user", "list", "--json").splitlines())] == ["none", "turbo", "none", "none"]
    assert "hint: give turbo, prime or none" in subctl.refused("premium", "bob", "gold", name="chanctl", code=2)
    assert "chanctl user list" in subctl.refused("premium", "nobody", "turbo", name="chanctl")
