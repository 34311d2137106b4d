#!/usr/bin/python3
"""Random minutes of three nodes: pages that wander, messages sent twice, nodes killed, Redis killed. Nobody may see a line twice, or an
author's lines out of order; whatever was confirmed and not lost with a killed node is seen by everybody; all end with one history.

As a program: SEED=n repeats a run's decisions, SECONDS=n makes it longer (SLUICE_BUILD: where the programs are)."""
import os
import random
import re
import time

from chat_nodes import Reader, health, history, joined
from chat_peers import Closed
from harness import wait_for

PACE = 0.025  # seconds between lines: what is said while a page is away must be less than the 200 lines that a room remembers
AT_RISK = 1.0  # seconds: what a node said so shortly before it was killed may have died with it


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

    def say(self, number, text):
        page = self.page(number)
        try:
            page.say("demo", text, text)
            answer = page.object()
            while answer["type"] != "confirmed" or answer["key"] != text:
                assert answer["type"] != "error", answer
                answer = page.object()
            self.confirmed.append((answer["id"], text, number, time.monotonic()))
        except (Closed, OSError):
            self.pages.pop(number)

    def turn(self, up):
        self.count += 1
        text = f"{self.user}{self.count}"
        self.say(self.chance.choice(up), text)
        if self.chance.random() < 0.15:
            self.say(self.chance.choice(up), text)  # again: on the same node, or on another


def out_of_order(reader):
    """Lines of one author on one node, which waits for each to be confirmed, that came behind a later one."""
    last, found = {}, []
    for origin, text in reader.lines:
        author, number = re.fullmatch(r"([a-z]+)([0-9]+)", text).groups()
        if int(number) <= last.get((origin, author), 0):
            found.append(text)
        last[origin, author] = int(number)
    return found


def random_lives(seed, duration):
    chance = random.Random(seed)
    lost_with = {}  # node → when it was killed
    with joined(3) as nodes:
        up = [0, 1, 2]
        readers = [Reader(nodes[number]) for number in (0, 1, 2, 0)]
        speakers = [Speaker(nodes, user, chance) for user in ("ada", "bob")]
        end = time.monotonic() + duration
        redis_back = node_back = None
        at_risk = set()

        def away():
            return redis_back is not None or not all(health(nodes[number])[0] == 200 for number in up)

        said = time.monotonic()
        while time.monotonic() < end or redis_back or node_back:
            time.sleep(max(0, said + PACE - time.monotonic()))
            said = time.monotonic()
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
                redis_back = now + chance.uniform(0.2, 2)
            elif what < 0.04 and not node_back and not redis_back and now < end:
                dying = chance.choice(up)
                up.remove(dying)
                nodes.kill(dying)
                node_back = (dying, now + chance.uniform(0.2, 2))
                at_risk |= {line for speaker in speakers for line, _, number, when in speaker.confirmed if number == dying and now - when < AT_RISK}
                lost_with[dying] = now
            for reader in readers:
                if reader.page is None:
                    reader.attach(nodes[chance.choice(up)], hermit=away())
        nodes.wait_joined(20)
        for reader in readers:
            if reader.page is None:
                reader.attach(nodes[chance.choice(up)])
        confirmed = {line: text for speaker in speakers for line, text, _, _ in speaker.confirmed}
        sure = confirmed.keys() - at_risk
        where = f"SEED={seed}, {len(confirmed)} lines, {len(at_risk)} at risk, killed {sorted(lost_with)}"
        try:
            wait_for(lambda: all(sure <= set(reader.ids) for reader in readers), 20, "everybody has everything")
        except AssertionError:
            missing = [[confirmed[line] for line in sure - set(reader.ids)] for reader in readers]
            raise AssertionError(f"{where}: missing {missing}, gaps {[reader.gaps for reader in readers]}") from None
        wait_for(lambda: history(nodes[0]) == history(nodes[1]) == history(nodes[2]), 40, f"one history ({where})")
        for reader in readers:
            reader.stop()
            assert reader.came_to_hermit or not reader.twice, (where, reader.twice)
            assert len(set(reader.ids)) == len(reader.ids), where
            assert not out_of_order(reader), (where, out_of_order(reader))
            assert lost_with or reader.came_to_hermit or not reader.gaps, (where, reader.gaps)
        assert all(health(node)[0] == 200 for node in nodes)


if __name__ == "__main__":
    one = int(os.environ.get("SEED", random.randrange(1 << 30)))
    print(f"SEED={one}")
    random_lives(one, float(os.environ.get("SECONDS", 20)))
