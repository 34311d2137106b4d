#!/usr/bin/python3
"""Random minutes of three nodes: pages that wander, messages sent twice, nodes killed, Redis killed. Nobody may see a line twice, an
author's lines out of order, or a node's lines in another order than others on that node, whether by pages or by IRC; whatever was confirmed and not lost with a killed node is seen by everybody; all end with one history.

Odd seeds have AutoMod on. As a program: SEED=n repeats a run's decisions, SECONDS=n makes it longer, COUNT=n goes on with the seeds that follow
(SLUICE_BUILD: where the programs are); prints a line of JSON for each. HARSH=1: nodes are killed in the middle of a send, authors repeat a message until it is
confirmed, outages last up to 7 s, in which more is said than a room remembers, and every third seed has nodes with a history each."""
import itertools
import json
import os
import random
import re
import sys
import threading
import time

from chat_nodes import Reader, health, history, joined
from chat_peers import Closed, tags
from harness import wait_for

PACE = 0.025  # seconds between lines: what is said while a page is away must be less than the 200 lines that a room remembers
AT_RISK = 1.0  # seconds: what a node said so shortly before it was killed may have died with it
MID_SEND = 0.003  # seconds, within which a line is said
ON_ITS_WAY = 15   # seconds, for which the key of a line is kept whose node was killed as it said it
AGAIN = 0.1       # seconds until a page repeats a message that was not confirmed


class Speaker:
    """Says numbered lines on whichever node is up, each once, or twice with one key."""

    def __init__(self, nodes, user, chance):
        self.nodes, self.user, self.chance = nodes, user, chance
        self.pages = {}
        self.count = 0
        self.confirmed = []  # (id, text, node, when)

    def page(self, number):
        if number not in self.pages:
            page = self.nodes[number].page(getattr(self.nodes[number], self.user))
            page.join("demo", history=0)
            self.pages[number] = page
        return self.pages[number]

    def say(self, number, text, patient=False):
        """Whether it was confirmed: not, where the node is killed meanwhile; nor, to the patient, while another node has taken it and says no more."""
        page = self.page(number)
        try:
            page.say("demo", text, text)
            answer = page.object()
            while answer["type"] != "confirmed" or answer["key"] != text:
                if patient and answer["type"] == "error" and (answer["code"], answer["key"]) == ("busy", text):
                    return False
                assert answer["type"] != "error", answer
                answer = page.object()
            self.confirmed.append((answer["id"], text, number, time.monotonic()))
            return True
        except (Closed, OSError):
            self.pages.pop(number)
            return False

    def next(self):
        self.count += 1
        return f"{self.user}{self.count}"

    def insist(self, number, up):
        """Its next line, first on that node, and on others until one confirms it."""
        text = self.next()
        until = time.monotonic() + ON_ITS_WAY + 5
        while not self.tried(number, text):
            assert time.monotonic() < until, f"{text} was never confirmed"
            time.sleep(AGAIN)
            number = self.chance.choice(up)

    def tried(self, number, text):
        try:
            return self.say(number, text, patient=True)
        except (Closed, OSError):  # killed while the page came
            return False

    def turn(self, up):
        text = self.next()
        self.say(self.chance.choice(up), text)
        if self.chance.random() < 0.15:
            self.say(self.chance.choice(up), text)  # again: on the same node, or on another


class IrcReader:
    """Somebody who reads by IRC, and remembers nothing between two connections."""

    def __init__(self, node):
        self.heard = []  # of each connection: (node and its process, ids in their order)
        self.stopping = threading.Event()
        self.attach(node)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def attach(self, node):
        peer = node.irc_peer("justinfan7")
        peer.join("demo")
        peer.socket.settimeout(0.05)
        self.live = []
        self.heard.append(((node.control.name, node.daemon.process.pid), self.live))
        self.peer = peer

    def run(self):
        while not self.stopping.wait(0.002):
            if self.peer is None:
                continue
            try:
                line = self.peer.line()
                if " PRIVMSG #demo " in line:
                    self.live.append(tags(line)["id"])
                elif line.startswith("PING"):
                    self.peer.send("PONG" + line[4:])
            except TimeoutError:
                pass
            except (Closed, OSError):
                self.peer = None

    def stop(self):
        self.stopping.set()
        self.thread.join(10)
        if self.peer:
            self.peer.close()


def disorder(readers):
    """Two of those who heard one node tell them in one order? What they do not agree on, of each pair; and how many lines were compared."""
    heard = [one for reader in readers for one in (reader.heard.items() if isinstance(reader.heard, dict) else reader.heard)]
    found, compared = [], 0
    for (life, one), (other_life, other) in itertools.combinations(heard, 2):
        if life != other_life:
            continue
        place = {line: at for at, line in enumerate(other)}
        shared = [place[line] for line in one if line in place]
        compared += len(shared)
        found += [(life, before, behind) for before, behind in itertools.pairwise(shared) if before >= behind]
    return found, compared


def out_of_order(reader):
    """Lines of one author on one node, which waits for each to be confirmed, that came behind a later one."""
    last, found = {}, []
    for origin, text in reader.lines:
        author, number = re.fullmatch(r"([a-z]+)([0-9]+)", text).groups()
        if int(number) <= last.get((origin, author), 0):
            found.append(text)
        last[origin, author] = int(number)
    return found


def random_lives(seed, duration, harsh=False):
    chance = random.Random(seed)
    lost_with = {}  # node → when it was killed
    # What AutoMod has not judged in time is let through: a slow machine is no fault of the nodes.
    judged = ("--automod", "automod --model none", "--automod-late", "allow") if seed % 2 else ()
    with joined(3, options=judged, own_history=harsh and seed % 3 == 0) as nodes:
        up = [0, 1, 2]
        readers = [Reader(nodes[number]) for number in (0, 1, 2, 0)]
        irc = [IrcReader(nodes[number]) for number in (0, 1)]
        speakers = [Speaker(nodes, user, chance) for user in ("ada", "bob")]
        end = time.monotonic() + duration
        redis_back = node_back = None
        at_risk = set()

        def away():
            return redis_back is not None or not all(health(nodes[number])[0] == 200 for number in up)

        def kill(number):
            lost_with[number] = time.monotonic()
            nodes.kill(number)

        def killed(number):
            """What it said last may be lost; when it is to be back."""
            at = lost_with[number]
            at_risk.update(line for speaker in speakers for line, _, by, when in speaker.confirmed if by == number and at - when < AT_RISK)
            return number, time.monotonic() + chance.uniform(0.2, 2)

        said = time.monotonic()
        while time.monotonic() < end or redis_back or node_back:
            time.sleep(max(0, said + PACE - time.monotonic()))
            said = time.monotonic()
            if harsh and chance.random() < 0.01 and not node_back and not redis_back and said < end:
                dying = chance.choice(up)
                up.remove(dying)
                killing = threading.Timer(chance.uniform(0, MID_SEND), kill, (dying,))
                killing.start()
                chance.choice(speakers).insist(dying, up)
                killing.join()
                node_back = killed(dying)
            else:
                chance.choice(speakers).turn(up)
            what = chance.random()
            now = time.monotonic()
            if redis_back and now > redis_back:
                nodes.redis.start()
                redis_back = None
            if node_back and now > node_back[1]:
                nodes[node_back[0]].start()
                up.append(node_back[0])
                node_back = None
            if what < 0.03:
                reader = chance.choice(readers)
                reader.leave()
                reader.attach(nodes[chance.choice(up)], hermit=away())
            elif what < 0.035 and not redis_back and now < end:
                nodes.redis.kill()
                redis_back = now + (chance.choice((0.3, 1, 2, 7)) if harsh else chance.uniform(0.2, 2))
            elif what < 0.04 and not node_back and not redis_back and now < end:
                dying = chance.choice(up)
                up.remove(dying)
                kill(dying)
                node_back = killed(dying)
            for reader in readers:
                if reader.page is None:
                    reader.attach(nodes[chance.choice(up)], hermit=away())
            for reader in irc:
                if reader.peer is None:
                    reader.attach(nodes[chance.choice(up)])
        nodes.wait_joined(20)
        for reader in readers:
            if reader.page is None:
                reader.attach(nodes[chance.choice(up)])
        confirmed = {line: text for speaker in speakers for line, text, _, _ in speaker.confirmed}
        sure = confirmed.keys() - at_risk
        where = f"SEED={seed}, {len(confirmed)} lines, {len(at_risk)} at risk, killed {sorted(lost_with)}"
        try:
            wait_for(lambda: all(sure <= set(reader.ids) or harsh and reader.gaps for reader in readers), 20, "everybody has everything")
        except AssertionError:
            missing = [[confirmed[line] for line in sure - set(reader.ids)] for reader in readers]
            raise AssertionError(f"{where}: missing {missing}, gaps {[reader.gaps for reader in readers]}") from None
        wait_for(lambda: history(nodes[0]) == history(nodes[1]) == history(nodes[2]), 40, f"one history ({where})")
        for reader in readers + irc:
            reader.stop()
        found, compared = disorder(readers + irc)
        assert not found, (where, found[:5])
        assert compared > len(confirmed), (where, compared)
        for _, live in (one for reader in irc for one in reader.heard):
            assert len(set(live)) == len(live), where
        for reader in readers:
            # What a node was killed over may come again by the one that took its repeat; a page knows it by its id.
            twice = [again for again in reader.twice if not harsh or again[1] == "by its number"]
            assert reader.came_to_hermit or not twice, (where, twice)
            assert len(set(reader.ids)) == len(reader.ids), where
            assert not out_of_order(reader), (where, out_of_order(reader))
            assert harsh or lost_with or reader.came_to_hermit or not reader.gaps, (where, reader.gaps)
        assert all(health(node)[0] == 200 for node in nodes)
        return {"seed": seed, "harsh": harsh, "automod": bool(judged), "lines": len(confirmed), "at_risk": len(at_risk), "killed": sorted(lost_with), "order_compared": compared,
                "seen": [len(reader.ids) for reader in readers], "gaps": [len(reader.gaps) for reader in readers], "twice": [len(reader.twice) for reader in readers],
                "by_irc": [sum(len(live) for _, live in reader.heard) for reader in irc]}


if __name__ == "__main__":
    first = int(os.environ.get("SEED", random.randrange(1 << 30)))
    for one in range(first, first + int(os.environ.get("COUNT", 1))):
        print(f"SEED={one}", file=sys.stderr, flush=True)
        print(json.dumps(random_lives(one, float(os.environ.get("SECONDS", 20)), harsh=os.environ.get("HARSH") == "1")), flush=True)
