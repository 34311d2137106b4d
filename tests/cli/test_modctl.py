"""modctl from outside: acts, lists on standard input, refusals. What chat makes of them: flow/test_modctl.py; the audit log: test_modctl_audit.py."""
import contextlib
import json
import signal
import subprocess

import pytest

from cli_tool import CliTool
from harness import program
from modctl_platform import TIME, Modctl, me


@pytest.fixture
def modctl(tmp_path):
    return Modctl(tmp_path)


def test_ban_and_unban(modctl):
    assert modctl("ban", "demo", "Bob", "--reason", "being bob") == "banned bob from demo\n"
    assert modctl("ban", "demo", "bob") == "bob is banned from demo already\n"
    heading, row = TIME.sub("TIME", modctl("bans", "demo")).splitlines()
    assert heading.split() == ["USER", "UNTIL", "SINCE", "BY", "REASON"]
    assert row == f"bob   for ever  TIME  {me()}  being bob"
    assert modctl("bans", "other") == "USER  UNTIL  SINCE  BY  REASON\n"
    assert modctl("unban", "demo", "@bob") == "lifted the ban of bob from demo\n"
    assert modctl("unban", "demo", "bob") == "bob is not banned from demo\n"
    [done] = modctl.json("ban", "#Demo", "bob")
    assert done == {"user": "bob", "result": "done", "channel": "demo", "until": None, "audit_id": 3}
    [again] = modctl.json("ban", "demo", "bob")
    assert again["result"] == "unchanged"
    [ban] = modctl.json("bans", "demo")
    assert (ban["user"], ban["until"], ban["reason"], ban["by"]["name"], ban["by"]["address"]) == ("bob", None, "", me(), "local")
    assert modctl.acts() == [("ban", "user:bob"), ("unban", "user:bob"), ("ban", "user:bob")]


def test_timeouts(modctl):
    assert TIME.sub("TIME", modctl("timeout", "demo", "bob", "90s", "--reason", "calm down")) == "timed bob out in demo until TIME\n"
    first = modctl.json("bans", "demo")[0]["until"]
    [longer] = modctl.json("timeout", "demo", "bob")
    assert longer["until"] > first and longer["result"] == "done"
    assert modctl("unban", "demo", "bob") == "lifted the timeout of bob in demo\n"
    for wrong in ("0s", "15d", "soon", "500ms", "-5"):
        assert "no time for a timeout" in modctl.refused("timeout", "demo", "bob", "--", wrong, code=2)
    modctl("ban", "demo", "bob")
    assert modctl.refused("timeout", "demo", "bob", "1m") == (
        "modctl: bob is banned from demo\nmodctl: hint: lift the ban first, to have a timeout instead\n")


def test_who_and_where_cannot_be(modctl):
    assert "chanctl user list" in modctl.refused("ban", "demo", "nobody")
    assert "chanctl channel list" in modctl.refused("ban", "nowhere", "bob")
    assert "broadcaster" in modctl.refused("ban", "demo", "ada")
    assert "reason" in modctl.refused("ban", "demo", "bob", "--reason", "x" * 501)
    assert modctl.acts() == []


def test_a_list_on_standard_input(modctl):
    names = "# raid\n\nbob\r\n  cyd  \nnobody\nada\nbob\n"
    done = modctl.run("ban", "demo", "-", "--reason", "raid", stdin=names)
    assert done.returncode == 1
    assert done.stdout == "banned bob from demo\nbanned cyd from demo\nbob is banned from demo already\n"
    assert done.stderr == ('modctl: line 5: nobody: no user "nobody"\nmodctl: line 6: ada: ada is the broadcaster of demo\n'
                           "modctl: 2 of 5 failed\n")
    again = modctl.run("ban", "demo", "-", "--json", stdin=names)
    told = [json.loads(line) for line in again.stdout.splitlines()]
    assert [(line["line"], line["user"], line["result"]) for line in told] == [
        (3, "bob", "unchanged"), (4, "cyd", "unchanged"), (5, "nobody", "failed"), (6, "ada", "failed"), (7, "bob", "unchanged")]
    assert told[2]["error"] == 'no user "nobody"' and "hint" in told[2]
    assert again.returncode == 1 and again.stderr == "modctl: 2 of 5 failed\n"
    assert modctl.acts() == [("ban", "user:bob"), ("ban", "user:cyd")]
    assert modctl("unban", "demo", "-", stdin="cyd\nbob") == "lifted the ban of cyd from demo\nlifted the ban of bob from demo\n"
    assert modctl("ban", "demo", "-", stdin="") == ""


UNREADABLE = ["</tmp", "<&-"]
READS = [["ban", "demo", "-"], ["queue", "approve", "demo", "-"], ["words", "put", "house"], ["terms", "drop", "demo"], ["audit", "verify", "--anchor", "-"]]


@pytest.mark.parametrize("source", UNREADABLE)
@pytest.mark.parametrize("command", READS, ids=" ".join)
def test_standard_input_that_cannot_be_read_is_no_empty_list(modctl, command, source):
    modctl("words", "add", "house", "--owner", "ada")
    typed = " ".join([program("modctl"), "--dir", str(modctl.directory), *command, source])
    done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stdout == ""
    assert "modctl: read standard input: " in done.stderr


def test_a_line_without_an_end_is_refused(modctl):
    done = modctl.run("ban", "demo", "-", stdin="bob\n" + "x" * 100_000)
    assert (done.returncode, done.stdout) == (1, "banned bob from demo\n")
    assert "standard input: line 2 is longer than 4096 bytes: \"xxxx" in done.stderr and len(done.stderr) < 500
    assert "\"xxxx" in modctl.refused("terms", "put", "demo", stdin="y\n" + "x" * 100_000)
    assert modctl.acts()[-1:] == [("ban", "user:bob")]
    typed = " ".join(["ulimit -v 1000000;", program("modctl"), "--dir", str(modctl.directory), "ban demo - </dev/zero"])
    done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "line 1 is longer than 4096 bytes" in done.stderr


@pytest.mark.parametrize("id", ["x" * 65, "two words", "tab\tbed", "b\x7fell", "é"])
def test_what_is_no_message_id(modctl, id):
    for command in (["delete", "demo", id, "--author", "bob"], ["queue", "approve", "demo", id], ["queue", "deny", "demo", id]):
        assert "is no message's id" in modctl.refused(*command)
    assert modctl.acts() == []


def test_ten_thousand_raiders(modctl):
    names = modctl.crowd(10_000)
    told = modctl("ban", "demo", "-", "--reason", "raid", stdin="\n".join(names)).splitlines()
    assert told == [f"banned {name} from demo" for name in names]
    assert len(modctl.json("bans", "demo")) == 10_000
    assert modctl("audit", "verify").startswith("10000 ")
    assert len(modctl("bans", "demo").splitlines()) == 10_001


def test_what_is_told_is_done_also_past_a_kill(modctl):
    names = modctl.crowd(400)
    with subprocess.Popen([program("modctl"), "ban", "demo", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env=modctl.environment) as process:
        process.stdin.write("\n".join(names[:200]) + "\n")
        process.stdin.flush()
        told = {process.stdout.readline().split()[1] for _ in range(100)}
        process.send_signal(signal.SIGKILL)
        told |= {line.split()[1] for line in process.stdout.read().splitlines()}
    banned = {ban["user"] for ban in modctl.json("bans", "demo")}
    assert len(told) >= 100 and told <= banned <= set(names[:200])
    modctl("audit", "verify")
    again = modctl.json("ban", "demo", "-", stdin="\n".join(names))
    assert {line["user"] for line in again if line["result"] == "unchanged"} == banned
    assert len(modctl.json("bans", "demo")) == 400 and len(modctl.acts()) == 400


def test_a_busy_store_ends_a_list_and_says_where(modctl):
    other = modctl.sql()
    other.isolation_level = None
    other.execute("BEGIN IMMEDIATE")
    done = modctl.run("ban", "demo", "-", stdin="# x\nbob\ncyd\n")
    assert (done.returncode, done.stdout) == (75, "") and done.stderr.startswith("modctl: line 2: ")
    assert "nothing was done from this line on" in done.stderr
    other.execute("ROLLBACK")
    assert modctl.json("bans", "demo") == []


def test_roles(modctl):
    assert modctl("mod", "demo", "bob") == "bob is now a moderator of demo\n"
    assert modctl("mod", "demo", "bob") == "bob is already a moderator of demo\n"
    assert modctl.refused("vip", "demo", "bob").startswith("modctl: bob is a moderator of demo\n")
    assert modctl("vip", "demo", "-", stdin="cyd\neve\n") == "cyd is now a VIP of demo\neve is now a VIP of demo\n"
    assert TIME.sub("TIME", modctl("vips", "demo")) == "USER  DISPLAY NAME  SINCE\ncyd   cyd           TIME\neve   eve           TIME\n"
    [mod] = modctl.json("mods", "demo")
    assert (mod["user"], mod["role"]) == ("bob", "moderator")
    assert modctl("unmod", "demo", "bob") == "bob is no longer a moderator of demo\n"
    assert modctl("unvip", "demo", "bob") == "bob is not a VIP of demo\n"
    modctl("ban", "demo", "bob")
    assert modctl.refused("mod", "demo", "bob") == "modctl: bob is banned from demo\nmodctl: hint: modctl unban demo bob\n"
    assert "broadcaster" in modctl.refused("mod", "demo", "ada")


def test_as_somebody_who_may(modctl):
    modctl("mod", "demo", "-", "--as", "ada", stdin="bob\ncyd\n")
    modctl("ban", "demo", "eve", "--as", "bob", "--reason", "eve")
    [entry] = modctl.json("audit", "list", "--by", "bob")
    assert entry["actor"] == {"id": "1002", "name": "bob", "address": "local " + me()}
    assert (entry["action"], entry["target"], entry["channel"], entry["reason"]) == ("ban", "user:eve", "demo", "eve")
    for refused in (["ban", "demo", "cyd"], ["ban", "demo", "bob"], ["ban", "demo", "ada"], ["mod", "demo", "eve"], ["ban", "other", "eve"],
                    ["clear", "other"], ["settings", "other", "slow=5"], ["note", "add", "other", "eve", "x"], ["queue", "deny", "other", "m"]):
        modctl.refused(*refused, "--as", "bob")
    assert "bob is not the broadcaster of demo" in modctl.refused("vip", "demo", "eve", "--as", "bob")
    assert "eve is no moderator of demo" in modctl.refused("unban", "demo", "eve", "--as", "eve")
    assert "no user" in modctl.refused("clear", "demo", "--as", "nobody")
    modctl("ban", "demo", "cyd", "--as", "ada")
    assert "cyd is banned" in modctl.refused("clear", "demo", "--as", "cyd")
    assert len(modctl.acts()) == 4


def test_settings(modctl):
    assert modctl("settings", "demo") == ("slow                 off\nfollowers-only       off\nsubs-only            off\nemote-only           off\n"
                                          "unique               off\nautomod-level        2\nautomod-at-deadline  hold\nban-evasion          flag\n")
    shown = modctl("settings", "demo", "slow=1m", "followers-only=7d", "emote-only=on", "automod-level=3", "automod-at-deadline=allow", "ban-evasion=hold")
    assert shown == ("slow                 60s\nfollowers-only       10080m\nsubs-only            off\nemote-only           on\n"
                     "unique               off\nautomod-level        3\nautomod-at-deadline  allow\nban-evasion          hold\n")
    again = [line.split() for line in shown.splitlines()]
    assert modctl("settings", "demo", *(f"{key}={value}" for key, value in again)) == shown
    assert modctl.acts() == [("room.settings", "channel:demo"), ("automod.settings", "channel:demo"), ("evasion.settings", "channel:demo")]
    [changed] = modctl.json("settings", "demo", "slow=on", "followers-only=1", "emote-only=off", "unique=true", "subs-only=yes")
    assert changed == {"channel": "demo", "emote_only": False, "followers_only": 1, "unique": True, "slow": 30, "subs_only": True,
                       "automod_level": 3, "automod_at_deadline": "allow", "ban_evasion": "hold"}
    assert modctl.json("settings", "demo", "slow=off", "followers-only=on")[0]["followers_only"] == 0


@pytest.mark.parametrize("typed, code, said", [
    ("slow", 2, "KEY=VALUE"), ("pace=3", 2, "followers-only"), ("slow=brisk", 2, "30s"), ("slow=121", 1, "120"), ("followers-only=90s", 2, "minutes"),
    ("emote-only=5", 2, "on or off"), ("automod-level=5", 1, "4"), ("automod-level=high", 2, "0 (lets most pass)"), ("automod-at-deadline=drop", 2, "hold or allow"),
    ("ban-evasion=ban", 2, "off, flag or hold")])
def test_settings_that_cannot_be_change_nothing(modctl, typed, code, said):
    before = modctl("settings", "demo")
    assert said in modctl.refused("settings", "demo", "unique=on", typed, code=code)
    assert modctl("settings", "demo") == before and modctl.acts() == []


def test_a_setting_stands_once(modctl):
    assert "twice" in modctl.refused("settings", "demo", "slow=5", "slow=6", code=2)


def flagged(modctl, user, banned, matched="address"):
    """As chatd leaves it."""
    modctl("ban", "demo", banned)
    with contextlib.closing(modctl.sql()) as store, store:
        store.execute("INSERT INTO evasions (channel_id, user_id, banned_id, matched, likely, at_ms, audit_id) SELECT c.id, u.id, b.id, ?, 0, 1700000000000, 1 "
                      "FROM channels c, users u, users b WHERE c.name = 'demo' AND u.name = ? AND b.name = ?", (matched, user, banned))


def test_who_is_flagged_for_evasion_is_listed_and_cleared(modctl):
    assert modctl("evasion", "list", "demo") == "USER  SAME  AS  IS  SINCE\n"
    flagged(modctl, "cyd", "bob")
    assert TIME.sub("TIME", modctl("evasion", "list", "demo")) == "USER  SAME     AS   IS        SINCE\ncyd   address  bob  possible  TIME\n"
    assert modctl("evasion", "list", "other") == "USER  SAME  AS  IS  SINCE\n"
    [flag] = modctl.json("evasion", "list", "demo")
    assert {key: flag[key] for key in ("channel", "user", "banned", "evaluation", "matched", "cleared_at", "cleared_by")} == {
        "channel": "demo", "user": "cyd", "banned": "bob", "evaluation": "possible", "matched": "address", "cleared_at": None, "cleared_by": None}
    assert "eve is no moderator of demo" in modctl.refused("evasion", "clear", "demo", "cyd", "--as", "eve")
    assert modctl("evasion", "clear", "demo", "cyd", "--reason", "a brother", "--as", "ada") == "cleared cyd in demo\n"
    assert modctl("evasion", "clear", "demo", "-", stdin="cyd\neve\n") == "cyd is not flagged in demo\neve is not flagged in demo\n"
    assert "no user" in modctl.refused("evasion", "clear", "demo", "nobody")
    assert modctl.json("evasion", "list", "demo") == []
    assert modctl.json("evasion", "list", "demo", "--all")[0]["cleared_by"]["name"] == "ada"
    assert "CLEARED" in modctl("evasion", "list", "demo", "--all")
    assert modctl.acts()[-1] == ("evasion.clear", "user:cyd")
    assert modctl.json("audit", "list", "--action", "evasion")[0]["reason"] == "a brother"


def test_a_flag_for_evasion_is_gone_with_its_ban(modctl):
    flagged(modctl, "cyd", "bob", "fingerprint")
    assert modctl.json("evasion", "list", "demo")[0]["matched"] == "fingerprint"
    modctl("unban", "demo", "bob")
    assert modctl.json("evasion", "list", "demo") == []
    assert modctl.json("evasion", "list", "demo", "--all")[0]["user"] == "cyd"


def test_notes(modctl):
    assert modctl("note", "add", "demo", "bob", "spoils endings") == "note 1 about bob in demo\n"
    modctl("note", "add", "demo", "bob", "said sorry", "--as", "ada")
    assert TIME.sub("TIME", modctl("note", "list", "demo", "bob")).splitlines()[2] == f"2   TIME  ada{' ' * (len(me()) - 3)}  said sorry"
    assert modctl("note", "remove", "demo", "1") == "removed note 1 about bob in demo\n"
    assert [note["text"] for note in modctl.json("note", "list", "demo", "bob")] == ["said sorry"]
    [removed, kept] = modctl.json("note", "list", "demo", "bob", "--all")
    assert removed["removed_by"]["name"] == me() and kept["removed_at"] is None
    assert "REMOVED" in modctl("note", "list", "demo", "bob", "--all")
    assert "note list demo" in modctl.refused("note", "remove", "demo", "7")
    assert "note list other" in modctl.refused("note", "remove", "other", "2")
    assert "no number" in modctl.refused("note", "remove", "demo", "first", code=2)
    assert "note" in modctl.refused("note", "add", "demo", "bob", "")


def test_word_lists(modctl):
    assert modctl("words", "add", "House", "--owner", "ada") == "added word list house of ada\n"
    assert "exists" in modctl.refused("words", "add", "house", "--owner", "ada")
    assert "--owner" in modctl.refused("words", "add", "mine", code=2)
    put = "# ours\nhold custom spoiler alert\ndarn\n/b[ae]d+/\nallow custom darn good\n"
    assert modctl("words", "put", "house", stdin=put) == "word list house: 4 added, 0 changed, 0 dropped; it has 4\n"
    assert modctl("words", "put", "house", stdin="hold custom darn\ndarn good fun\n") == (
        "word list house: 1 added, 1 changed, 0 dropped; it has 5\n")
    shown = modctl("words", "show", "house")
    assert sorted(shown.splitlines()) == sorted(["hold custom spoiler alert", "hold custom darn", "block custom /b[ae]d+/", "allow custom darn good",
                                                 "block custom darn good fun"])
    assert modctl("words", "put", "house", stdin=shown) == "word list house: 0 added, 0 changed, 0 dropped; it has 5\n"
    (modctl.directory / "house.words").write_text(shown)
    judged = subprocess.run([program("automod"), "--model", "none", "--words", modctl.directory / "house.words"], input='{"text":"darn"}\n',
                            capture_output=True, text=True, timeout=30)
    assert json.loads(judged.stdout)["verdict"] == "hold"
    assert modctl("words", "drop", "house", stdin="/b[ae]d+/\nnever there\n") == "word list house: 0 added, 0 changed, 1 dropped; it has 4\n"
    for wrong, said in (("/b[/\n", "b["), ("fine\nblock Bad! x\n", "line 2"), ("x" * 101, "100")):
        assert said in modctl.refused("words", "put", "house", stdin=wrong)
    assert modctl.json("words", "list")[0]["entries"] == 4


def test_terms_are_a_channels_own(modctl):
    assert modctl("terms", "show", "demo") == ""
    put = "# ours\nhold custom darn\n/b[ae]d+/\n"
    assert modctl("terms", "put", "demo", stdin=put) == "terms of demo: 2 added, 0 changed, 0 dropped; it has 2\n"
    shown = modctl("terms", "show", "demo")
    assert sorted(shown.splitlines()) == ["block custom /b[ae]d+/", "hold custom darn"]
    assert modctl("terms", "put", "demo", stdin=shown) == "terms of demo: 0 added, 0 changed, 0 dropped; it has 2\n"
    assert modctl("words", "list", "--channel", "demo") == modctl("words", "list") == "LIST  OWNER  ENTRIES  VERSION  SINCE\n"
    assert "no word list" in modctl.refused("words", "subscribe", "other", "#demo")
    assert "no moderator" in modctl.refused("terms", "put", "demo", "--as", "bob", stdin="x\n")
    modctl("mod", "demo", "bob")
    assert modctl.json("terms", "drop", "demo", "--as", "bob", stdin="darn\nnever there\n")[0]["dropped"] == 1
    assert "b[" in modctl.refused("terms", "put", "demo", stdin="/b[/\n")
    entry = modctl.json("audit", "list", "--action", "terms.change")[-1]
    assert (entry["actor"]["name"], entry["target"]) == ("bob", "channel:demo")
    assert "bob changed the terms of demo" in modctl("audit", "explain", str(entry["id"]))


def test_word_lists_are_shared_and_their_owners(modctl):
    modctl("mod", "demo", "bob")
    modctl("words", "add", "house", "--as", "bob")
    assert "belongs to bob" in modctl.refused("words", "put", "house", "--as", "ada", stdin="x\n")
    assert "makes no word list for ada" in modctl.refused("words", "add", "hers", "--owner", "ada", "--as", "bob")
    assert modctl("words", "subscribe", "demo", "house", "--as", "bob") == "word list house now holds in demo\n"
    assert modctl("words", "subscribe", "demo", "house") == "word list house already holds in demo\n"
    assert "no moderator" in modctl.refused("words", "subscribe", "other", "house", "--as", "bob")
    assert [words["name"] for words in modctl.json("words", "list", "--channel", "demo")] == ["house"]
    assert modctl("words", "list", "--channel", "other") == "LIST  OWNER  ENTRIES  VERSION  SINCE\n"
    assert modctl("words", "unsubscribe", "demo", "house") == "word list house no longer holds in demo\n"
    assert modctl("words", "remove", "house", "--as", "bob") == "removed word list house with its 0 entries\n"
    assert "words list" in modctl.refused("words", "show", "house")


def test_the_queue(modctl):
    for number in range(4):
        modctl.seed("hold", "demo", "bob", f"m{number}", "swearing", "3", f"darn {number}")
    listed = modctl("queue", "list", "demo").splitlines()
    assert len(listed) == 5 and listed[1].startswith("m0  ") and listed[1].endswith("  bob   swearing (3)  darn 0")
    assert modctl("queue", "approve", "demo", "m0", "--as", "ada") == "message m0 of bob is allowed\n"
    assert modctl("queue", "approve", "demo", "m0") == "message m0 of bob was allowed already\n"
    assert "was allowed by ada" in modctl.refused("queue", "deny", "demo", "m0")
    assert "no held message m1 in other" in modctl.refused("queue", "deny", "other", "m1")
    denied = modctl.json("queue", "deny", "demo", "-", "--reason", "darn", stdin="m1\nm2\n")
    assert [(line["message"], line["state"], line["user"]) for line in denied] == [("m1", "denied", "bob"), ("m2", "denied", "bob")]
    [waiting] = modctl.json("queue", "list", "demo")
    assert (waiting["id"], waiting["level"], waiting["boundaries"], waiting["state"]) == ("m3", 3, [[0, 3]], "held")
    assert modctl.acts() == [("automod.allow", "message:m0"), ("automod.deny", "message:m1"), ("automod.deny", "message:m2")]


def test_messages_are_deleted_by_their_ids(modctl):
    assert "--author" in modctl.refused("delete", "demo", "a1")
    modctl.seed("said", "demo", "bob", "a1", "1000", "one")
    modctl.seed("said", "demo", "bob", "a2", "2000", "two", "off")
    modctl.seed("said", "demo", "ada", "a3", "3000", "three")
    assert modctl("delete", "demo", "a1") == "deleted message a1 of bob in demo\n"
    assert modctl("delete", "demo", "a2") == "message a2 of bob was taken off already\n"
    assert "no message a1" in modctl.refused("delete", "other", "a1")
    modctl("mod", "demo", "bob")
    assert "broadcaster" in modctl.refused("delete", "demo", "a3", "--as", "bob")
    modctl("delete", "demo", "a1", "--as", "bob")  # one's own
    assert modctl("delete", "demo", "later", "--author", "bob", "--history", "none") == "deleted message later of bob in demo\n"
    entry = modctl.json("audit", "list", "--action", "message.delete")[0]
    assert entry["target"] == "message:a1" and [said["text"] for said in entry["context"]["messages"]] == ["one", "two"]
    assert modctl("clear", "demo", "--reason", "fresh start") == "cleared the chat of demo\n"
    assert [said["login"] for said in modctl.json("audit", "list", "--last", "1")[0]["context"]["messages"]] == ["bob", "bob", "ada"]


def test_a_platform_must_be_there(tmp_path):
    modctl = CliTool("modctl", tmp_path)
    assert "--dir" in modctl.refused("bans", "demo")
    assert not (tmp_path / "platform").exists()


def test_names_of_commands_are_names(modctl):
    """A word behind a command was taken for another command."""
    for name in ("ban", "mods", "audit"):
        modctl.chanctl("user", "add", name)
        assert modctl("ban", "demo", name) == f"banned {name} from demo\n"


def test_wrong_usage(modctl):
    for arguments in ([], ["ban"], ["ban", "demo"], ["note"], ["audit"], ["ban", "demo", "bob", "cyd"], ["nonsense"], ["clear", "demo", "--nonsense"]):
        assert "modctl: hint: " in modctl.refused(*arguments, code=2), arguments
