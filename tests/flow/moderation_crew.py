"""Those who speak and moderate on a platform at the same time, from all sides: in chat, on pages, with modctl and by the control socket. What
they are told is written into a book (moderation_book.py)."""
import json
import random
import signal
import socket
import subprocess
import threading

from chat_peers import Closed, IrcPeer, Page, tags
from harness import program, tool
from moderation_book import Act, Line

STAFF = ("ada", "mia", "sam", "sue")
NEXT = {"free": ("ban", "timeout"), "banned": ("unban",), "timed out": ("unban", "ban", "timeout")}
NEXT_ROLE = {"free": ("mod", "vip"), "moderator": ("unmod",), "vip": ("unvip",)}
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
PACE = 0.03  # seconds between what one does, and the next; or between two looks for a daemon that is away


class Scene:
    """A platform: ada owns #demo, mia moderates it, sam and sue speak, and `targets` are banned and raised."""

    def __init__(self, platform, targets):
        self.platform, self.count, self.lock = platform, 0, threading.Lock()
        platform.channel("ada")
        platform.run("chanctl", "channel", "add", "demo", "--owner", "ada")
        for name in (*STAFF[1:], *targets):
            platform.run("chanctl", "user", "add", name)
        platform.run("modctl", "mod", "demo", "mia")
        self.tokens = {name: platform.token(name) for name in (*STAFF, *targets)}

    def unique(self, text):
        """The text and a number in words: some numbers are blocked."""
        with self.lock:
            self.count += 1
            return " ".join([text, *(DIGITS[int(digit)] for digit in str(self.count))])

    def irc(self, name):
        peer = IrcPeer(self.platform.port("irc"))
        peer.log_in(name, self.tokens[name])
        return peer

    def page(self, name):
        """With a ticket, which webd has of the store."""
        page = Page(self.platform.port("ws"))
        ticket = subprocess.run([tool("store_seed"), f"sqlite:{self.platform.directory}/store.db", "ticket", self.tokens[name]],
                                check=True, capture_output=True, text=True, timeout=30).stdout.strip()
        answer = page.log_in(ticket)
        if answer["type"] == "reconnect":  # its keeper was killed, and it drains
            raise Closed()
        assert answer["type"] == "authenticated", answer
        return page


class Worker(threading.Thread):
    """Does one thing after another, until it is told to stop; comes back where it was cut off."""

    def __init__(self, scene, book, chance, targets=()):
        super().__init__(daemon=True)
        self.scene, self.book, self.chance, self.targets = scene, book, chance, targets
        self.stopping = threading.Event()
        self.link = None

    def run(self):
        while not self.stopping.is_set():
            try:
                if self.link is None:
                    self.link = self.connect()
                self.turn()
            except (Closed, OSError, subprocess.SubprocessError):
                self.link = None
            except Exception as error:
                self.book.fault(f"{type(self).__name__}: {error!r}")
                return
            self.stopping.wait(PACE)

    def connect(self):
        return True

    def choose(self, most=1):
        """(targets that are free to be acted upon in one way, what is done to them)"""
        sure = [target for target in self.targets if target not in self.book.uncertain]
        if not sure:
            return [], None
        first = self.chance.choice(sure)
        state = self.book.state[first]
        word = self.chance.choice((NEXT_ROLE if first.startswith("role") else NEXT)[state])
        alike = [target for target in sure if target != first and self.book.state[target] == state and first[:4] == target[:4]]
        return [first, *self.chance.sample(alike, min(len(alike), self.chance.randint(0, most - 1)))], word

    def new_act(self, word):
        named = word in ("ban", "timeout")  # the others take no reason in chat
        return Act(word, self.scene.unique(type(self).__name__) if named else "", self.chance.randrange(3600, 86400) if word == "timeout" else None)

    def judge(self, target, act, notice, answer):
        if notice.endswith("_success"):
            self.book.acknowledge(target, act)
        elif notice == "msg_ratelimit":
            self.book.refuse(target, act)
        else:
            self.book.fault(f"{act.word} {target} ({self.book.state[target]}) was answered {answer}")


def line_of(target, act):
    return f"/{act.word} {target} {act.seconds or ''} {act.mark}".replace("  ", " ").strip()


class InChat(Worker):
    def connect(self):
        peer = self.scene.irc("ada")
        peer.join("demo")
        return peer

    def turn(self):
        targets, word = self.choose()
        for target in targets:
            act = self.new_act(word)
            self.book.begin(target, act)
            self.link.send(f"PRIVMSG #demo :{line_of(target, act)}")
            answer = self.link.until(" NOTICE ")[-1]
            self.judge(target, act, tags(answer)["msg-id"], answer)


class ByModctl(Worker):
    """Lists on its standard input, and sometimes it is killed, too."""

    def turn(self):
        targets, word = self.choose(4)
        if not targets:
            return
        act = self.new_act(word)
        acts = {target: Act(word, self.mark(act), act.seconds) for target in targets}
        for target in targets:
            self.book.begin(target, acts[target])
        command = [word, "demo", "-", *([f"{act.seconds}s"] if act.seconds else []), "--reason", self.mark(act)]
        for row in self.lines(command, targets):
            if row["result"] != "done":
                self.book.fault(f"modctl {command}: {row}")
            self.book.acknowledge(row["user"], acts[row["user"]])

    def mark(self, act):
        return act.mark or f"modctl {act.word}"

    def lines(self, command, items, failed=0):
        """What modctl told, until its end or its death."""
        tool = subprocess.Popen([program("modctl"), "--dir", str(self.scene.platform.directory), "--json", *command],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with tool:
            tool.stdin.write("".join(f"{item}\n" for item in items))
            tool.stdin.close()
            dies_after = self.chance.randint(1, len(items)) if self.chance.random() < 0.2 else 0
            for number, line in enumerate(tool.stdout, 1):
                yield json.loads(line)
                if number == dies_after:
                    tool.kill()
            tool.wait()
            if tool.returncode not in (0, failed, -signal.SIGKILL):
                self.book.fault(f"modctl {command} ended with {tool.returncode}: {tool.stderr.read()}")


class ByControl(Worker):
    """Several requests at once."""

    def turn(self):
        targets, word = self.choose(3)
        if not targets:
            return
        acts = {target: self.new_act(word) for target in targets}
        for target, act in acts.items():
            self.book.begin(target, act)
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect(str(self.scene.platform.directory / "run/chatd.sock"))
            link.sendall(b"".join(json.dumps({"command": "act", "channel": "demo", "as": "ada" if target.startswith("role") else "mia",
                                              "line": line_of(target, act)}).encode() + b"\n" for target, act in acts.items()))
            answers = link.makefile()
            for target, act in acts.items():
                if not (line := answers.readline()):
                    raise Closed()
                answer = json.loads(line)
                self.judge(target, act, answer.get("notice") or answer["error"]["notice"], answer)


class OnPage(Worker):
    """Says lines, each with a key, and says one again whose fate it was not told."""

    pending = None

    def connect(self):
        page = self.scene.page("sam")
        page.join("demo", history=0)
        return page

    def turn(self):
        if self.pending is None:
            word = "fuck this" if self.chance.random() < 0.6 else "a good day"
            self.pending = Line(self.scene.unique(word))
            self.book.send(self.pending)
        line = self.pending
        self.link.say("demo", line.text, line.text)
        answer = self.link.object()
        while answer.get("key") != line.text:
            answer = self.link.object()
        if answer["type"] == "confirmed":
            if line.text.startswith("fuck"):
                self.book.fault(f"{line.text} is said, and nobody allowed it: {answer}")
            self.book.said(line, answer["id"])
        elif answer["code"] == "held":
            self.book.held(line, answer["id"])
        elif answer["code"] == "unavailable":
            return
        else:
            self.book.fault(f"{line.text} was answered {answer}")
        self.pending = None


class OnIrc(Worker):
    """Says lines that are held; what was not answered is lost."""

    def connect(self):
        peer = self.scene.irc("sue")
        peer.join("demo")
        return peer

    def turn(self):
        line = Line(self.scene.unique("what the fuck"))
        self.book.send(line)
        self.link.send(f"PRIVMSG #demo :{line.text}")
        told = "msg_rejected_mandatory"  # of one that was denied
        while told == "msg_rejected_mandatory":
            told = tags(self.link.until(" NOTICE ")[-1])["msg-id"]
        if told != "msg_rejected":
            self.book.fault(f"{line.text} was answered {told}")
        self.book.held(line)


class Ruling(Worker):
    """mia's page: rules on what is held, and deletes."""

    def connect(self):
        page = self.scene.page("mia")
        page.join("demo", history=0)
        return page

    def turn(self):
        for line in self.book.take(self.book.to_rule, self.chance):
            verdict = self.chance.choice(("allow", "deny"))
            self.ask(line, verdict, {"type": "rule", "id": line.id, "verdict": verdict})
        for line in self.book.take(self.book.to_delete, self.chance):
            self.ask(line, "delete", {"type": "message", "text": f"/delete {line.id}"})

    def ask(self, line, verdict, request):
        self.book.ask(line, verdict)
        key = self.scene.unique("key")
        self.link.ask(channel="demo", key=key, **request)
        answer = self.link.object()
        while answer.get("key") != key:
            answer = self.link.object()
        if answer.get("code") in ("automod_allowed", "automod_denied", "delete_message_success"):
            self.book.rule(line, verdict)
        elif answer.get("code") == "msg_ratelimit":
            self.book.again(line, verdict)
        elif answer.get("code") != "bad_delete_message_error":  # its history was not written before the kill
            self.book.fault(f"{verdict} of {line.text} was answered {answer}")


class RulingByModctl(ByModctl):
    def turn(self):
        if self.chance.random() < 0.3:
            return self.delete()
        lines = {line.id: line for line in self.book.take(self.book.to_rule, self.chance, 4)}
        if not lines:
            return
        word = self.chance.choice(("approve", "deny"))
        verdict = {"approve": "allow", "deny": "deny"}[word]
        for line in lines.values():
            self.book.ask(line, verdict)
        for row in self.lines(["queue", word, "demo", "-"], lines):
            if row["result"] != "done":
                self.book.fault(f"modctl queue {word}: {row}")
            self.book.rule(lines[row["message"]], verdict)

    def delete(self):
        lines = {line.id: line for line in self.book.take(self.book.to_delete, self.chance, 4)}
        for line in lines.values():
            self.book.ask(line, "delete")
        if lines:
            for row in self.lines(["delete", "demo", "-"], lines, failed=1):  # 1: not in the chat log yet, or not before the kill
                if row["result"] == "done":
                    self.book.rule(lines[row["message"]], "delete")


def crew(scene, book, chance, bans, roles):
    """Who works at the same time: each has targets of its own."""
    makers = (InChat, ByModctl, ByControl)
    shares = [(bans[number::3] + roles[number::3]) for number in range(3)]
    draw = lambda: random.Random(chance.random())
    return [*(make(scene, book, draw(), share) for make, share in zip(makers, shares)),
            OnPage(scene, book, draw()), OnIrc(scene, book, draw()), Ruling(scene, book, draw()), RulingByModctl(scene, book, draw())]
