"""What moderators and speakers of a test were told, act by act and line by line.

An act that nobody acknowledged is the last upon its target until the next check (moderation_kept.py), which finds out whether it was done: so
what must be there is known at every moment."""
import collections
import threading

# What is done, as the audit log has it; as the event log; and what it makes of a user.
AUDITED = {"ban": "ban", "timeout": "timeout", "unban": "unban", "untimeout": "untimeout", "mod": "mod.add", "unmod": "mod.remove", "vip": "vip.add", "unvip": "vip.remove"}
TOLD = {"ban": "channel.ban", "timeout": "channel.ban", "unban": "channel.unban", "untimeout": "channel.unban", "mod.add": "channel.moderator.add",
        "mod.remove": "channel.moderator.remove", "vip.add": "channel.vip.add", "vip.remove": "channel.vip.remove", "message.delete": "channel.chat.message_delete",
        "automod.allow": "automod.message.update", "automod.deny": "automod.message.update"}
BECOMES = {"ban": "banned", "timeout": "timed out", "unban": "free", "untimeout": "free", "mod.add": "moderator", "mod.remove": "free", "vip.add": "vip", "vip.remove": "free"}


class Act:
    """One upon a user. `done`: acknowledged; None: nobody knows."""

    def __init__(self, word, mark, seconds=None):
        self.word, self.mark, self.seconds, self.done = word, mark, seconds, None


class Line:
    """`fate`: "held" or "said", as its author was told, else None; `asked`, `ruled`: what a moderator wanted of it, and was told that it is so
    ("allow", "deny", "delete"). `target`, `before`: of one that moderators act upon, and how many acts there had been."""

    def __init__(self, text, target=None, before=0):
        self.text, self.target, self.before = text, target, before
        self.id = self.fate = self.asked = self.ruled = None


class Book:
    def __init__(self, targets):
        self.lock = threading.Lock()
        self.acts = {target: [] for target in targets}
        self.state = {target: "free" for target in targets}
        self.uncertain = set()
        self.lines = []     # all that were sent
        self.to_rule, self.to_delete = [], []
        self.acknowledged = 0
        self.faults = []
        self.counts = collections.Counter()

    def fault(self, what):
        with self.lock:
            self.faults.append(what)

    # ---- acts upon users

    def begin(self, target, act):
        with self.lock:
            if (act.word, self.state[target]) == ("unban", "timed out"):
                act.word = "untimeout"
            self.uncertain.add(target)
            self.acts[target].append(act)

    def acknowledge(self, target, act):
        with self.lock:
            act.done = True
            self.uncertain.discard(target)
            self.state[target] = BECOMES[AUDITED[act.word]]
            self._count(act.word)

    def refuse(self, target, act):
        """It was told that nothing was done."""
        with self.lock:
            self.acts[target].remove(act)
            self.uncertain.discard(target)

    def _count(self, what):
        self.acknowledged += 1
        self.counts[what] += 1

    # ---- lines

    def send(self, line):
        with self.lock:
            self.lines.append(line)

    def held(self, line, id_=None):
        with self.lock:
            line.id, line.fate = id_, "held"
            if id_:
                self.to_rule.append(line)
            self._count("held")

    def said(self, line, id_):
        with self.lock:
            line.id, line.fate = id_, "said"
            self.to_delete.append(line)
            self._count("said")

    def take(self, pool, chance, most=1):
        """Some that nobody else is ruling on."""
        with self.lock:
            chosen = chance.sample(pool, min(most, len(pool)))
            for line in chosen:
                pool.remove(line)
            return chosen

    def ask(self, line, verdict):
        with self.lock:
            line.asked = verdict

    def again(self, line, verdict):
        """It was told that nothing was done."""
        with self.lock:
            line.asked = None
            (self.to_delete if verdict == "delete" else self.to_rule).append(line)

    def rule(self, line, verdict):
        with self.lock:
            line.ruled = verdict
            self._count(verdict)
