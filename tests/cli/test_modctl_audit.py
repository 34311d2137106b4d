"""The records that modctl reads: what was said, what was done and why, and whether that is the truth."""
import json
import re
import sqlite3
import subprocess

import pytest

from harness import program
from modctl_platform import TIME, Modctl, me

HASH = "[0-9a-f]{64}"


@pytest.fixture
def modctl(tmp_path):
    return Modctl(tmp_path)


@pytest.fixture
def acts(modctl):
    """Five of them."""
    modctl("ban", "demo", "bob", "--reason", "one")
    modctl("mod", "demo", "cyd", "--as", "ada")
    modctl("timeout", "other", "eve", "10m", "--as", "ada")
    modctl("unban", "demo", "bob")
    modctl("clear", "demo", "--as", "cyd")
    return modctl


def test_the_audit_log_is_listed(acts):
    lines = TIME.sub("TIME", acts("audit", "list")).splitlines()
    assert lines[0].split() == ["ID", "AT", "BY", "ADDRESS", "ACTION", "CHANNEL", "TARGET", "UNTIL", "REASON"]
    assert lines[1].split() == ["1", "TIME", me(), "local", "ban", "demo", "user:bob", "one"]
    assert lines[3].split() == ["3", "TIME", "ada", "local", me(), "timeout", "other", "user:eve", "TIME"]
    assert acts.acts()[-2:] == [("unban", "user:bob"), ("chat.clear", "channel:demo")]


@pytest.mark.parametrize("asked, ids", [
    (["--channel", "demo"], [1, 2, 4, 5]), (["--by", "ada"], [2, 3]), (["--user", "bob"], [1, 4]), (["--action", "unban"], [4]),
    (["--channel", "demo", "--user", "bob", "--last", "1"], [4]), (["--since", "1h"], [1, 2, 3, 4, 5]), (["--until", "1h"], []),
    (["--since", "2026-01-01T00:00:00Z", "--until", "2026-01-02T00:00:00Z"], []), (["--action", "mod."], [2])])
def test_some_of_the_audit_log(acts, asked, ids):
    assert [entry["id"] for entry in acts.json("audit", "list", *asked)] == ids


def test_what_is_asked_for_must_be(acts):
    assert "no user" in acts.refused("audit", "list", "--by", "nobody")
    assert "is no time" in acts.refused("audit", "list", "--since", "yesterday", code=2)
    assert "audit list" in acts.refused("audit", "explain", "99")
    assert "no number" in acts.refused("audit", "explain", "last", code=2)


def test_a_log_that_is_whole(acts, tmp_path):
    head = acts("audit", "head")
    assert re.fullmatch(rf"5 {HASH}\n", head)
    assert acts("audit", "verify") == head
    assert acts.json("audit", "head") == [{"entry": 5, "hash": head.split()[1]}]
    heads = tmp_path / "heads"
    heads.write_text("# noted by hand\n\n0\n" + head)
    acts("unban", "other", "eve")
    heads.write_text(heads.read_text() + acts("audit", "verify", "--anchor", str(heads)))
    assert acts("audit", "verify", "--anchor", "-", stdin=heads.read_text()).startswith("6 ")
    assert heads.read_text().count("\n") == 5


def test_a_copy_of_the_store_is_an_archive_that_a_head_vouches_for(acts, tmp_path):
    head = tmp_path / "head"
    head.write_text(acts("audit", "verify"))
    with acts.sql() as store, sqlite3.connect(tmp_path / "archive.db") as archive:
        store.backup(archive)
    acts("unban", "other", "eve")
    copy = "--store", f"sqlite:{tmp_path}/archive.db"
    assert acts("audit", "verify", *copy, "--anchor", str(head)) == head.read_text()
    assert [entry["id"] for entry in acts.json("audit", "list", "--last", "0", *copy)] == [1, 2, 3, 4, 5]
    with sqlite3.connect(tmp_path / "archive.db") as archive:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            archive.execute("DELETE FROM audit WHERE id = 1")
        archive.executescript("DROP TRIGGER audit_is_never_cut; DELETE FROM audit WHERE id = 5")
    assert acts.run("audit", "verify", *copy, "--anchor", str(head)).returncode == 1


def test_a_platform_without_acts(modctl):
    assert modctl("audit", "verify") == modctl("audit", "head") == "0\n"


def tamper(modctl, statement):
    """As somebody does who may write the file."""
    with modctl.sql() as store:
        for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            store.execute(f"DROP TRIGGER {name}")
        store.execute(statement)


@pytest.mark.parametrize("statement, fault, entry", [
    ("UPDATE audit SET reason = 'none' WHERE id = 1", "changed", 1),
    ("UPDATE audit SET actor_name = 'eve' WHERE id = 3", "changed", 3),
    ("UPDATE audit SET context = '{}' WHERE id = 5", "changed", 5),
    ("DELETE FROM audit WHERE id = 2", "missing", 2),
    ("DELETE FROM audit WHERE id > 3", "cut", 4)])
def test_a_log_that_is_not(acts, statement, fault, entry):
    tamper(acts, statement)
    said = acts.refused("audit", "verify")
    assert f"entry {entry} was changed" in said or f"entry {entry} is missing" in said or "cut off after entry 3" in said
    done = acts.run("audit", "verify", "--json")
    told = json.loads(done.stdout.splitlines()[0])  # that its guards are gone is told behind it
    assert done.returncode == 1 and (told["fault"], told["entry"]) == (fault, entry)


def test_what_finds_entries_is_verified_too(acts):
    """An index that leaves an entry out, and stands in the schema as it was: a search does not find the entry, the log is whole."""
    with acts.sql() as store:
        [(written,)] = store.execute("SELECT sql FROM sqlite_schema WHERE name = 'audit_of_target'").fetchall()
        store.executescript(
            "DROP INDEX audit_of_target; CREATE INDEX audit_of_target ON audit(target_id, id) WHERE target_id IS NOT NULL AND id <> 4;")
        store.execute("PRAGMA writable_schema = ON")
        store.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'audit_of_target'", (written,))
    assert [entry["id"] for entry in acts.json("audit", "list", "--user", "bob")] == [1]  # and 4
    said = acts.refused("audit", "verify")
    assert "the audit log's store is damaged: row 4 missing from index audit_of_target" in said
    told = [json.loads(line) for line in acts.run("audit", "verify", "--json").stdout.splitlines()]
    assert len(told) >= 1 and told[0] == {"fault": "damaged", "entry": 0, "error": told[0]["error"]} and "row 4" in told[0]["error"]


@pytest.mark.parametrize("statement, told", [
    ("DROP TRIGGER audit_is_never_cut", "trigger audit_is_never_cut is missing"),
    ("DROP INDEX audit_of_actor", "index audit_of_actor is missing"),
    ("DROP TRIGGER audit_is_never_edited; CREATE TRIGGER audit_is_never_edited BEFORE UPDATE ON audit BEGIN SELECT 1; END",
     "trigger audit_is_never_edited is not as Sluice made it"),
    ("CREATE TRIGGER forgets AFTER INSERT ON audit BEGIN SELECT 1; END", "trigger forgets is not Sluice's")])
def test_what_guards_the_log_is_verified_too(acts, statement, told):
    with acts.sql() as store:
        store.executescript(statement)
    assert f"the audit log's {told}" in acts.refused("audit", "verify")


def test_a_log_that_was_written_anew_shows_against_any_anchor(acts, tmp_path):
    noted = acts("audit", "head")
    (tmp_path / "anew").mkdir()
    forged = Modctl(tmp_path / "anew")
    for number in range(7):
        forged("clear", "demo", "--reason", f"{number}")
    (tmp_path / "heads").write_text(noted + forged("audit", "verify"))  # a later head of the forged log does not hide it
    assert forged.refused("audit", "verify", "--anchor", str(tmp_path / "heads")).startswith(
        "modctl: audit entry 5 is not the one that an anchor names\n")
    (tmp_path / "short").mkdir()
    short = Modctl(tmp_path / "short")
    assert "has no entry 5" in short.refused("audit", "verify", "--anchor", "-", stdin=noted)


@pytest.mark.parametrize("line", ["5", "5 abc", f"x {'a' * 64}", f"-1 {'a' * 64}", f"5 {'A' * 64}", f"5 {'a' * 64} more"])
def test_what_is_no_anchor(acts, line, tmp_path):
    (tmp_path / "heads").write_text("# x\n" + line)
    assert f"{tmp_path}/heads: line 2 is no head" in acts.refused("audit", "verify", "--anchor", str(tmp_path / "heads"))
    assert "nowhere" in acts.refused("audit", "verify", "--anchor", str(tmp_path / "nowhere"))


def test_an_anchor_without_a_head_vouches_for_nothing(acts, tmp_path):
    """As where ssh, which was to send it, failed."""
    (tmp_path / "heads").write_text("# none yet\n\n")
    for path in (str(tmp_path / "heads"), "/dev/null"):
        assert f"{path}: there is no head in it" in acts.refused("audit", "verify", "--anchor", path)
    assert "standard input: there is no head in it" in acts.refused("audit", "verify", "--anchor", "-")


# ---- explain

def test_a_timeout_is_explained(modctl):
    modctl.seed("said", "demo", "cyd", "c1", "1000", "hello all")
    modctl.seed("said", "demo", "bob", "b1", "2000", "buy \x1b[31mthis")
    modctl.seed("hold", "demo", "bob", "h1", "swearing", "3", "darn it")
    modctl("settings", "demo", "slow=5", "automod-level=4")
    modctl("ban", "demo", "bob", "--reason", "first")
    modctl("unban", "demo", "bob")
    modctl("timeout", "demo", "bob", "1h", "--as", "ada", "--reason", "selling")
    modctl("settings", "demo", "slow=off", "emote-only=on", "automod-level=1", "ban-evasion=off")
    modctl("queue", "deny", "demo", "h1", "--as", "ada")
    said = TIME.sub("TIME", modctl("audit", "explain", "5"))
    assert said == (
        "entry 5, TIME\nada timed bob out in demo\n" f"by ada (user 1001), from local {me()}\n" "why: selling\nuntil: TIME\n"
        "settings then: slow=5s followers-only=off subs-only=off emote-only=off unique=off automod-level=4 automod-at-deadline=hold ban-evasion=flag\n"
        "AutoMod: message h1 of bob was held at TIME for automod: swearing, level 3; denied by ada at TIME\n  darn it\n"
        "\nmessages kept with the entry: 1\n  TIME  bob  b1  buy \\x1b[31mthis\n"
        "\nsaid in the channel around it, from the chat log\n"
        "  TIME  cyd  c1  hello all\n  TIME  bob  b1  buy \\x1b[31mthis\n"
        "\nearlier about bob in demo\n"
        f"  3  TIME  {me()} banned bob from demo             first\n"
        f"  4  TIME  {me()} lifted the ban of bob from demo\n"), said
    [whole] = modctl.json("audit", "explain", "5")
    assert whole["words"] == "ada timed bob out in demo"
    assert (whole["settings"]["slow"], whole["settings"]["emote_only"], whole["settings"]["automod_level"]) == (5, False, 4)
    assert [held["id"] for held in whole["verdicts"]] == ["h1"] and whole["verdicts"][0]["state"] == "denied"
    assert [said["id"] for said in whole["around"]] == ["c1", "b1"]
    assert [entry["id"] for entry in whole["earlier"]] == [3, 4]
    assert whole["entry"]["context"]["messages"][0]["text"] == "buy \x1b[31mthis"


def test_a_decision_and_a_change_are_explained(modctl):
    modctl.seed("hold", "demo", "bob", "h1", "swearing", "3", "darn it")
    modctl("queue", "approve", "demo", "h1", "--as", "ada")
    said = modctl("audit", "explain", "1")
    assert "ada let message h1 of bob be said in demo\n" in said and "\nAutoMod: message h1 of bob was held" in said
    modctl("settings", "demo", "slow=9")
    said = modctl("audit", "explain", "2")
    assert "slow=off" in said and 'after: {"slow":9}' in said and "why: no reason given" in said


def test_a_deleted_message_is_shown(modctl):
    modctl.seed("said", "demo", "bob", "b1", "2000", "what was said")
    modctl("delete", "demo", "b1")
    said = modctl("audit", "explain", "1", "--around", "0")
    assert f"{me()} deleted message b1 of bob in demo\n" in said and "the message, of 1970-01-01T00:00:02.000Z: what was said\n" in said
    assert modctl.json("audit", "explain", "1")[0]["message"]["id"] == "b1"


def test_around_is_what_was_asked_for(modctl):
    for number in range(30):
        modctl.seed("said", "demo", "cyd", f"c{number}", str(1000 * number), f"line {number}")
    modctl("clear", "demo")
    later = "4000000000000"  # of the year 2096
    modctl.seed("said", "demo", "bob", "late", later, "afterwards")
    assert [said["id"] for said in modctl.json("audit", "explain", "1", "--around", "2")[0]["around"]] == ["c28", "c29", "late"]
    assert modctl.json("audit", "explain", "1", "--around", "0")[0]["around"] == []
    assert "  the act  " in modctl("audit", "explain", "1")
    assert modctl.json("audit", "explain", "1", "--history", "none")[0]["around"] == []


def test_an_act_of_no_channel_is_explained(modctl):
    modctl("words", "add", "house", "--owner", "ada")
    assert f"{me()} made the word list house\n" in modctl("audit", "explain", "1")
    modctl.chanctl("token", "issue", "ada", "--scope", "chat:read")
    assert f"\n{me()}: token." in modctl("audit", "explain", "2")


# ---- log

@pytest.fixture
def night(modctl):
    modctl.seed("said", "demo", "ada", "a1", "1000000", "welcome")
    modctl.seed("said", "demo", "bob", "b1", "2000000", "you are all idiots", "off")
    modctl.seed("said", "demo", "cyd", "c1", "3000000", "good night")
    modctl.seed("said", "other", "cyd", "o1", "3000000", "elsewhere")
    modctl.seed("hold", "demo", "eve", "h1", "swearing", "3", "darn it")  # now
    modctl.seed("hold", "demo", "eve", "h2", "bullying", "2", "was allowed")
    modctl.seed("hold", "other", "eve", "h3", "bullying", "2", "elsewhere")
    modctl("queue", "approve", "demo", "h2")
    modctl("queue", "deny", "demo", "h1")
    modctl.seed("said", "demo", "eve", "h2", "4000000000000", "was allowed")
    return modctl


def lines(modctl, *more):
    return [json.loads(line) for line in modctl("log", "demo", *more).splitlines()]


def test_the_log(night):
    said = lines(night)
    assert [line["id"] for line in said] == ["a1", "b1", "c1", "h1", "h2"]
    assert said[0] == {"id": "a1", "at": "1970-01-01T00:16:40.000Z", "channel": "demo", "user": {"id": "1001", "login": "ada", "name": "ada"},
                       "roles": ["broadcaster"], "text": "welcome"}
    assert said[1]["taken_off_at"] == "1970-01-01T00:33:21.000Z" and "verdict" not in said[1]
    assert said[3]["verdict"] == said[4]["verdict"] == "hold"
    assert said[3]["held"] == {"reason": "automod", "category": "swearing", "level": 3, "state": "denied"} and said[4]["held"]["state"] == "allowed"
    assert said[4]["user"]["login"] == "eve"


@pytest.mark.parametrize("asked, ids", [
    (["--shown"], ["a1", "c1", "h2"]), (["--user", "eve"], ["h1", "h2"]), (["--since", "1970-01-01T00:33:20Z", "--until", "1970-01-01T00:50:00Z"], ["b1"]),
    (["--since", "1h"], ["h1", "h2"]), (["--since", "1h", "--until", "0s"], ["h1"]), (["--until", "1970-01-01T00:00:00Z"], [])])
def test_some_of_the_log(night, asked, ids):
    assert [line["id"] for line in lines(night, *asked)] == ids


def test_what_was_approved_and_never_said_is_in_the_log(night):
    """Its author was banned before it was said, or chatd was away for too long."""
    night.seed("hold", "demo", "bob", "h4", "swearing", "3", "never said")
    night("queue", "approve", "demo", "h4")
    said = lines(night)
    assert [line["id"] for line in said] == ["a1", "b1", "c1", "h1", "h4", "h2"]
    assert said[4]["verdict"] == "hold" and said[4]["held"]["state"] == "allowed" and said[4]["text"] == "never said"
    assert "h4" not in [line["id"] for line in lines(night, "--shown")]


def test_a_night_is_replayed_under_another_policy(night):
    """modctl log | automod --diff"""
    log = night("log", "demo")
    replayed = subprocess.run([program("automod"), "--level", "4", "--diff", "--summary"], input=log, capture_output=True, text=True, timeout=60)
    assert replayed.returncode == 0, replayed.stderr
    differs = {line["id"]: (line["was"], line["verdict"]) for line in map(json.loads, replayed.stdout.splitlines())}
    assert differs["b1"] == ("allow", "block") and differs["h2"][0] == "hold" and "c1" not in differs and "a1" not in differs
    judged = subprocess.run([program("automod")], input=log, capture_output=True, text=True, timeout=60)
    assert [json.loads(line)["id"] for line in judged.stdout.splitlines()] == ["a1", "b1", "c1", "h1", "h2"]


def test_a_long_log_is_whole(modctl):
    modctl.seed("said", "demo", "bob", "m0", "1", "x")
    with sqlite3.connect(modctl.directory / "chat.db") as chat:
        chat.executemany("INSERT INTO messages (id, channel_id, channel_name, origin, seq, at_ms, user_id, login, text, more) "
                         "VALUES (?, 1001, 'demo', 'x', ?, ?, 1002, 'bob', 'x', '{}')", [(f"m{i}", i, i + 1) for i in range(1, 3500)])
    assert [line["id"] for line in lines(modctl)] == [f"m{i}" for i in range(3500)]


def test_no_log(modctl):
    assert "there is no chat log" in modctl.refused("log", "demo")
    modctl.seed("said", "demo", "bob", "m0", "1", "x")
    assert "--history none" in modctl.refused("log", "demo", "--history", "none")
    assert "is no chat log" in modctl.refused("log", "demo", "--history", str(modctl.directory / "store.db"))
    (modctl.directory / "junk").write_text("junk" * 1000)
    assert "hint" in modctl.refused("log", "demo", "--history", str(modctl.directory / "junk"))
    assert modctl("log", "other") == ""


def test_an_older_log_is_read_and_left_as_it_is(modctl):
    modctl.seed("said", "demo", "bob", "m0", "1", "x")
    path = modctl.directory / "chat.db"
    with sqlite3.connect(path) as chat:
        chat.executescript("DROP INDEX messages_shown; ALTER TABLE messages DROP COLUMN taken_off_ms")
    assert [line["id"] for line in lines(modctl)] == ["m0"]
    with sqlite3.connect(path) as chat:
        assert "taken_off_ms" not in str(chat.execute("PRAGMA table_info(messages)").fetchall())
