"""What a platform must hold after a kill of every process: all that was acknowledged (moderation_book.py), once; of what was not, everything
or nothing."""
import collections
import contextlib
import datetime
import json
import re
import sqlite3

from chat_peers import tags
from harness import wait_for
from moderation_book import AUDITED, BECOMES, TOLD, Line


def rows(platform, *arguments):
    return [json.loads(line) for line in platform.run("modctl", "--json", *arguments).splitlines()]


def at(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Check:
    """Everything that is wrong, in `wrong`."""

    def __init__(self, platform, book):
        self.platform, self.book, self.wrong = platform, book, list(book.faults)
        self.audit = rows(platform, "audit", "list", "--last", "0", "--channel", "demo")

    def run(self):
        verified = self.platform.run("modctl", "audit", "verify", check=False)
        if verified.returncode != 0:
            self.wrong.append(f"audit verify: {verified.stdout}{verified.stderr}")
        self.users()
        self.queue()
        self.deleted()
        self.events()
        return self.wrong

    def expect(self, holds, *what):
        if not holds:
            self.wrong.append(" ".join(str(each) for each in what))

    # ---- bans and roles

    def users(self):
        logged = collections.defaultdict(list)
        for entry in self.audit:
            if entry["action"] in BECOMES:
                logged[entry["target"].removeprefix("user:")].append(entry)
        bans = {row["user"]: row for row in rows(self.platform, "bans", "demo")}
        mods = {row["user"] for row in rows(self.platform, "mods", "demo")}
        vips = {row["user"] for row in rows(self.platform, "vips", "demo")}
        for target, acts in self.book.acts.items():
            entries = logged[target]
            self.entries(target, acts, entries)
            state = BECOMES[entries[-1]["action"]] if entries else "free"
            is_ = "moderator" if target in mods else "vip" if target in vips else "free"
            if target in bans:
                is_ = "timed out" if bans[target]["until"] else "banned"
                self.ban(target, bans[target], entries)
            self.expect(is_ == state, target, "is", is_, "and the audit log says", state)
            self.book.state[target] = state
        self.book.uncertain.clear()

    def entries(self, target, acts, entries):
        """Each acknowledged act once, in their order; one more where the last is uncertain."""
        wanted = [act for act in acts if act.done]
        if acts and not acts[-1].done:
            if len(entries) > len(wanted):
                acts[-1].done = True
                wanted.append(acts[-1])
            else:
                acts.pop()
        found = [(entry["action"], entry["reason"]) for entry in entries]
        same = found == [(AUDITED[act.word], act.mark) for act in wanted]
        self.expect(same, target, "audited:", found[-6:], "acknowledged:", [(act.word, act.mark) for act in wanted][-6:], len(found), len(wanted))

    def ban(self, target, ban, entries):
        entry = next((entry for entry in entries if entry["id"] == ban["audit_id"]), None)
        self.expect(entry is not None and entry is entries[-1], target, "has a ban of audit entry", ban["audit_id"])
        if entry is None:
            return
        self.expect((ban["until"], ban["reason"]) == (entry["expires_at"], entry["reason"]), ban, "is not as audited:", entry)
        acts = self.book.acts[target]
        if ban["until"] and acts:
            lasts = (at(ban["until"]) - at(ban["since"])).total_seconds()
            self.expect(lasts == acts[-1].seconds, target, "is timed out for", lasts, "s and not", acts[-1].seconds)

    # ---- what was held

    def queue(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.platform.directory}/store.db?mode=ro", uri=True)) as store:
            found = store.execute("SELECT text, id, state FROM held_messages").fetchall()
        kept = collections.defaultdict(list)
        for text, id_, state in found:
            kept[text].append((id_, state))
        waiting = {row["id"] for row in rows(self.platform, "queue", "list", "demo")}
        self.expect(waiting == {id_ for _, id_, state in found if state == "held"}, "the queue is", waiting)
        rulings = collections.Counter(entry["target"].removeprefix("message:") for entry in self.audit if entry["action"].startswith("automod."))
        approved = set()
        for line in self.book.lines:
            held = kept.pop(line.text, [])
            self.expect(len(held) <= 1, line.text, "is held more than once:", held)
            if line.fate == "held":
                self.expect(len(held) == 1 and line.id in (None, held[0][0]), line.text, line.id, "was held, and is", held)
            if not held:
                continue
            line.id, state = held[0]
            may_be = {"allow": {"allowed"}, "deny": {"denied"}}.get(line.ruled) or {"held", {"allow": "allowed", "deny": "denied", None: "held"}[line.asked]}
            self.expect(state in may_be, line.text, "is", state, "and was ruled", line.ruled, line.asked)
            self.expect(rulings.pop(line.id, 0) == (state != "held"), line.text, line.id, "is", state, "with another number of audit entries")
            if state == "held" and line.ruled is None:
                line.fate, line.asked = "held", None
                if line not in self.book.to_rule and line.target is None:  # a ban comes before an approval
                    self.book.to_rule.append(line)
            elif state != "held":
                line.fate, line.ruled = "held", {"allowed": "allow", "denied": "deny"}[state]
            if state == "allowed":
                approved.add(line.id)
        self.expect(not kept, "held, and nobody said it:", dict(kept))
        self.expect(not rulings, "rulings on nothing:", dict(rulings))
        self.said(approved)

    def said(self, approved):
        """Each that was approved once, and of all others what was held never."""
        shown = lambda: [row["id"] for row in rows(self.platform, "log", "demo", "--shown")]
        try:
            wait_for(lambda: approved <= set(shown()), 20, "what was approved in the chat log")
        except AssertionError:
            self.expect(False, "approved and not said:", [line.text for line in self.book.lines if line.id in approved - set(shown())])
        said = collections.Counter(shown())
        for line in self.book.lines:
            if line.fate == "held":
                self.expect(said[line.id] == (line.id in approved), line.text, "was said", said[line.id], "times")
        self.expect(set(said.values()) <= {1}, "said twice:", said.most_common(3))
        texts = collections.Counter(row["text"] for row in rows(self.platform, "log", "demo", "--shown"))
        self.expect(not texts or set(texts.values()) == {1}, "said twice:", texts.most_common(3))

    # ---- what was deleted

    def deleted(self):
        deletions = collections.Counter(entry["target"].removeprefix("message:") for entry in self.audit if entry["action"] == "message.delete")
        gone = {line.id for line in self.book.lines if line.fate == "said" and (line.ruled == "delete" or deletions[line.id])}
        for line in self.book.lines:
            if line.fate == "said":
                times = deletions.pop(line.id, 0)
                self.expect(times == 1 if line.ruled == "delete" else times <= (line.asked == "delete"), line.text, "was deleted", times, "times")
                line.ruled = line.ruled or (times and "delete") or None
                if line.asked and not line.ruled:
                    line.asked = None
                    self.book.to_delete.append(line)
        self.expect(not deletions, "deletions of nothing:", dict(deletions))
        texts = {line.text for line in self.book.lines if line.target and any(
            act.word in ("ban", "timeout") for act in self.book.acts[line.target][line.before:])}
        shown = lambda: [row["text"] for row in rows(self.platform, "log", "demo", "--shown") if row["id"] in gone or row["text"] in texts]
        try:
            wait_for(lambda: not shown(), 20, "what was taken off to be gone")
        except AssertionError:
            self.expect(False, "taken off and still shown:", shown())


    # ---- what rooms are told of it

    def events(self):
        """An event for each act, in their order."""
        told = collections.defaultdict(list)
        for line in self.platform.run("chanctl", "events").splitlines():
            event = json.loads(line)
            if event["event"] in TOLD.values():
                about = event["data"].get("message_id") or event["data"]["user_login"]
                told[about].append(event["event"])
        acts = collections.defaultdict(list)
        for entry in self.audit:
            if entry["action"] in TOLD:
                acts[entry["target"].split(":", 1)[1]].append(TOLD[entry["action"]])
        different = {about: (acts[about][-6:], told[about][-6:]) for about in {*acts, *told} if acts[about] != told[about]}
        self.expect(not different, "audited, and told by events:", different)


def check_live(scene, book):
    """What everybody is told now."""
    wrong = []
    bans = {row["user"]: row for row in rows(scene.platform, "bans", "demo")}
    for target, state in book.state.items():
        peer = scene.irc(target)
        joined = peer.join("demo")
        line = Line(scene.unique(f"{target} is here"), target, len(book.acts[target]))
        book.send(line)
        peer.send(f"PRIVMSG #demo :{line.text}")
        answer = next(found for found in iter(peer.line, None) if " USERSTATE " in found or " NOTICE " in found)
        told = tags(answer).get("msg-id", "said")
        peer.close()
        wanted = {"banned": ("msg_banned",), "timed out": ("msg_timedout",)}.get(state, ("said", "msg_rejected"))
        if told not in wanted:
            wrong.append(f"{target} is {state} and was answered {answer}")
        elif told == "msg_timedout":
            left = (at(bans[target]["until"]) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
            if abs(int(re.search(r"timed out for (\d+)", answer)[1]) - left) > 3:
                wrong.append(f"{target} is timed out for {left} s and was answered {answer}")
        badge = {"moderator": "moderator/1", "vip": "vip/1"}.get(state)
        badges = tags(next(line for line in joined if " USERSTATE " in line))["badges"]
        if (badge or "") != badges:
            wrong.append(f"{target} is {state} and has the badges {badges}")
    page = scene.page("ada")
    page.join("demo", history=100)
    page.ask(type="queue", channel="demo")
    queued = [held["id"] for held in page.until("queue")["held"]]
    page.close()
    waits = [held["id"] for held in rows(scene.platform, "queue", "list", "demo")]
    if queued != waits[:100]:  # the oldest
        wrong.append(f"a moderator's page is shown {queued} and {waits} waits")
    return wrong
