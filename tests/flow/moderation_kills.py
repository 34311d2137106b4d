#!/usr/bin/python3
"""A platform whose chat is moderated from all sides at once while its processes are killed: one after another, then all in one moment, `sluice`
with them. What moderators and speakers were told must hold afterwards (moderation_kept.py).

As a program: SEED=n repeats a run's decisions, ROUNDS=n makes it longer (SLUICE_BUILD: where the programs are). Its last line is kept in
tests/bench/results/moderation_kills.ndjson: how often each process was killed, and what was acknowledged and found afterwards."""
import collections
import json
import os
import random
import signal

from harness import Platform, wait_for
from kills import below, named_with, processes
from moderation_book import Book
from moderation_crew import Scene, crew
from moderation_kept import Check, check_live

SETTINGS = {"cooldown": "0s", "message-rate": "100000", "join-rate": "10000", "login-rate": "10000", "repeat-time": "0s", "room-rate": "0"}


def kill(pid):
    """False: it has ended with who started it."""
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


class Killer:
    """Strikes when so many more acts have been acknowledged."""

    def __init__(self, platform, book, chance):
        self.platform, self.book, self.chance = platform, book, chance
        self.struck = []

    def wait_for_acts(self, least=2, most=8):
        goal = self.book.acknowledged + self.chance.randint(least, most)
        wait_for(lambda: self.book.acknowledged >= goal or self.book.faults, 60, f"{goal} acknowledged acts")

    def victims(self):
        """[(what it is, pid)] of all that runs below sluice."""
        among = processes()
        found = []
        for pid, (parent, name, line) in below(self.platform.process.pid, among).items():
            if " _keep " in line:
                of = line.split(" _keep ")[1].split()[0]
                name = f"{'keeper' if parent == self.platform.process.pid else 'log writer'} of {of}"
            found.append((name, pid))
        return sorted(found)

    def strike(self, name):
        """False: it is not there at the moment, having gone with one that was killed."""
        self.wait_for_acts()
        pid = next((pid for found, pid in self.victims() if found == name), None)
        if pid is None or not kill(pid):
            return False
        self.struck.append(name)
        of = name.rsplit(" ", 1)[-1]
        if of in ("origind", "chatd", "webd", "ingestd") and not name.startswith("log writer"):
            back = lambda: (now := self.platform.pid(of)) and (now != pid or of != name)
            wait_for(lambda: back() and pid not in processes(), 30, f"{of} ready after the kill of {name}")
        wait_for(lambda: self.platform.status()["state"] == "ready", 30, f"the platform ready after the kill of {name}")
        return True

    def each(self):
        """Every process, chatd and automod between the others, too."""
        certain = lambda name: wait_for(lambda: self.strike(name), 30, f"a kill of {name}")
        others = sorted({name for name, _ in self.victims()} - {"chatd", "automod"})
        self.chance.shuffle(others)
        for number, name in enumerate(others):
            if number % 4 == 0:
                certain("chatd")
                certain("automod")
            (certain if name in ("keep-sockets", "webd", "origind", "ingestd") else self.strike)(name)

    def all_at_once(self):
        """sluice first, last or between the others; nothing is left."""
        self.wait_for_acts()
        pids = [pid for _, pid in self.victims()] + [self.platform.process.pid]
        self.chance.shuffle(pids)
        for pid in pids:
            kill(pid)
        self.platform.process.wait()
        ours = {"modctl", "store_seed"}  # the crew's
        wait_for(lambda: named_with(self.platform.directory) <= ours, 20, "everything ended")
        self.struck.append("all")


def run(seed, rounds):
    """A first round that kills every process in turn, and all at once; then `rounds` that kill some, and all at once."""
    chance = random.Random(seed)
    bans, roles = [f"user_{number}" for number in range(18)], [f"role_{number}" for number in range(6)]
    with Platform("--quiet", settings={"chatd": SETTINGS}) as platform:
        scene, book = Scene(platform, [*bans, *roles]), Book([*bans, *roles])
        killer = Killer(platform, book, chance)
        for round_ in range(1 + rounds):
            workers = crew(scene, book, chance, bans, roles)
            for worker in workers:
                worker.start()
            try:
                if round_ == 0:
                    killer.each()
                for name in chance.choices(("chatd", "automod", "keeper of chatd"), k=round_ and chance.randint(0, 2)):
                    killer.strike(name)
                killer.all_at_once()
            finally:
                for worker in workers:
                    worker.stopping.set()
                for worker in workers:
                    worker.join(30)
            platform.up()
            wrong = Check(platform, book).run() or check_live(scene, book)
            told = f"SEED={seed}, round {round_}, last killed {killer.struck[-6:]}, acknowledged {dict(book.counts)}"
            assert not wrong, "\n".join([told, *wrong])
            print(told)
        return book, killer


if __name__ == "__main__":
    one = int(os.environ.get("SEED", random.randrange(1 << 30)))
    print(f"SEED={one}")
    told, struck = run(one, int(os.environ.get("ROUNDS", 10)))
    print(json.dumps({"seed": one, "kills": collections.Counter(struck.struck), "acknowledged": told.counts}))
