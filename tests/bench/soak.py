#!/usr/bin/python3
"""Hours under faults: three publishers on one platform whose ledgers lie on a small disk, `make soak`.

passed   a picture that is passed through, by RTMP; its encoder is cut off now and then and comes back
ladder   a picture with an encoded rung below it
leaping  a clip again and again, whose clock leaps at each turn: hours forward, half an hour back, or sound alone

Every 15 to 30 s one fault: kill -9 of a program, an encoder cut off, the disk full for 20 s, SIGHUP. After each, every rendition has media
again within 30 s. Every burnt-in number is read while the streams are live (checkpoints.py) and judged: none lost but while its publisher was
away, none repeated, none backwards, and no fewer than ingestd had accepted just before it, or its publisher, was killed.
At the end hlslint reads every ledger, and each program's private memory is compared, the median of the second quarter with that of the last, where
not more than a tenth and 512 KiB may be between them (a program that was killed has little until it is asked for something), and the most of the first
half with the most of the last quarter: a tenth and 8 MiB, since ingestd holds three streams' media for as long as the disk is full.

usage: soak.py [--seconds S] [--seed N] [--disk-mb MB] [--results FILE]
Needs root, for the small disk. One JSON line every five minutes and one at the end, in FILE (results/soak.ndjson). Exit 1 when a promise was broken."""
import argparse
import contextlib
import json
import os
import pathlib
import platform as machine
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
STAYS_KIB, HELD_KIB = 512, 8 * 1024  # of a program, more than before
sys.path.insert(0, str(HERE.parent / "flow"))

from checkpoints import Checkpoints  # noqa: E402
from harness import Platform, program, tool, wait_for  # noqa: E402
from ingest import ended, records  # noqa: E402
from kills import Case, Killing, below, ledgers, now_ms  # noqa: E402
from multitrack import numbered_clip  # noqa: E402
from numbered import ReturningPublisher  # noqa: E402

KILLED = ["transcode"] * 3 + ["segmenter"] * 3 + ["origind"] * 2 + ["chatd", "webd", "ingestd"]
FAULTS = ["kill"] * 6 + ["cut"] * 3 + ["hang-up"] + ["full-disk"]
LEAPS = [("--jump-ms", "3600000"), ("--jump-ms", "-1800000"), ("--jump-ms", "5000", "--jump-only", "audio"),
         ("--jump-ms", "-7000", "--jump-only", "video"), ("--jump-ms", "-400")]
CLIP_SECONDS, FPS = 20, 30
WATCHED = ("ingestd", "origind", "chatd", "webd", "transcode", "segmenter")


class Leaping:
    """rtmp_publish of one clip without end; each session leaps in another way, and none says goodbye."""

    def __init__(self, url, clip, dice):
        self.url, self.clip, self.dice = url, clip, dice
        self.restarts = -1
        self.process = None
        self.keep()

    def keep(self):
        """Starts the next session when there is none."""
        if self.process is None or self.process.poll() is not None:
            self.restarts += 1
            self.process = subprocess.Popen([tool("rtmp_publish"), "--loop", "0", "--no-finish", *self.dice.choice(LEAPS), self.url, str(self.clip)],
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def cut(self):
        self.process.kill()
        self.process.wait()

    def lost(self, runs):
        """Frames that are missing between runs; a session begins with 0 whatever was before it."""
        frames, restarts, lost = CLIP_SECONDS * FPS, self.restarts, 0
        for (_, last), (first, _) in zip(runs, runs[1:]):
            if first == 0 and last == frames - 1:
                continue
            if first == 0 and restarts > 0:
                restarts -= 1
                continue
            lost += (first - last - 1) % frames
        return lost


def lost_of_sessions(sessions, runs):
    """The same of a publisher whose numbers go on with the clock."""
    return sum(first - last - 1 if first not in sessions else 0 for (_, last), (first, _) in zip(runs, runs[1:]))


def lost_of_accepted(sessions, runs, accepted):
    """Of those that ingestd had accepted."""
    ends = [*sessions[1:], float("inf")]
    held = [sum(min(last + 1, end) - max(first, begin) for first, last in runs if first < end and last >= begin) for begin, end in zip(sessions, ends)]
    return sum(max(0, pictures - sum(held[first:session + 1])) for first, session, pictures in accepted)


def newest_media(ledger):
    """{rendition: WALL_MS of its newest part that is no gap}; what is shed does not count."""
    with open(ledger / "index", "rb") as index:
        index.seek(max(0, index.seek(0, os.SEEK_END) - (64 << 10)))
        rows = [line.decode().split() for line in index.read().splitlines()[1:]]
    newest, shed = {}, set()
    for row in rows:
        if row[0] == "P" and len(row) > 12 and "G" not in row[12]:
            newest[row[1]] = int(row[10])
        elif row[0] == "S":
            (shed.add if row[2] == "shed" else shed.discard)(row[1])
    return {name: wall for name, wall in newest.items() if name not in shed}


class Soak:
    def __init__(self, platform, dice, disk, clip):
        self.platform, self.dice, self.disk = platform, dice, disk
        keys = {name: platform.channel(name) for name in ("passed", "ladder", "leaping")}
        self.publishers = {
            "passed": ReturningPublisher(platform.publish_url(keys["passed"]), width=320, height=180),
            "ladder": ReturningPublisher(platform.publish_url(keys["ladder"]), width=854, height=480),
            "leaping": Leaping(platform.publish_url(keys["leaping"]), clip, dice)}
        for name in keys:
            platform.wait_live(name, 30)
        self.checkpoints = {name: Checkpoints(platform, name, self.stream(name)) for name in keys}
        self.killing = Killing(platform, Case("each"), dice)
        self.faults, self.samples, self.slow = {}, [], []
        self.first_session = {name: 0 for name in keys}  # of this ingestd's life
        self.accepted = {name: [] for name in keys}      # (first session, session, pictures of these that ingestd had)
        self.begun = time.monotonic()

    def stream(self, channel):
        found = [ledger.name for ledger in ledgers(self.platform) if records(ledger, "L")[0][3] == channel]
        assert len(found) == 1, f"{channel} has the streams {found}"
        return found[0]

    # ---- faults

    def whole(self, since_ms):
        """Ready, every channel is live again, and every rendition has media that was finished after that moment."""
        status = self.platform.status()
        live = {row["channel"] for row in status["streams"] or [] if row["state"] == "live"}
        if status["state"] != "ready" or not live >= set(self.publishers):
            return False
        newest = [newest_media(pathlib.Path(self.platform.directory, "ledgers", checkpoint.stream)) for checkpoint in self.checkpoints.values()]
        return all(walls and min(walls.values()) > since_ms for walls in newest)

    def count_accepted(self, *channels):
        """What is accepted by now must be held in the end."""
        for row in self.platform.ask("ingestd", "streams")["streams"]:
            publisher = self.publishers.get(row["channel"])
            if row["channel"] in channels and "publisher" in row and not isinstance(publisher, Leaping):
                self.accepted[row["channel"]].append((self.first_session[row["channel"]], len(publisher.sessions) - 1, row["accepted_frames"]))

    def strike(self):
        fault = self.dice.choice(FAULTS)
        if fault == "kill":
            victim = self.dice.choice(KILLED)
            fault = f"kill {victim}"
            pid = wait_for(lambda: self.killing.find(victim), 20, f"{victim} running")
            if victim == "ingestd":
                self.count_accepted(*self.publishers)
            os.kill(pid, signal.SIGKILL)
            if victim == "ingestd":
                self.first_session = {name: len(publisher.sessions) for name, publisher in self.publishers.items() if not isinstance(publisher, Leaping)}
        elif fault == "cut":
            name = self.dice.choice(list(self.publishers))
            fault = f"cut {name}"
            publisher = self.publishers[name]
            self.count_accepted(name)
            publisher.cut() if isinstance(publisher, Leaping) else publisher.current.process.kill()
        elif fault == "hang-up":
            for name in ("ingestd", "origind"):
                os.kill(wait_for(lambda: self.platform.pid(name), 20, f"{name} ready"), signal.SIGHUP)
        else:
            self.fill_disk()
        struck, moment = time.monotonic(), now_ms()
        self.publishers["leaping"].keep()
        wait_for(lambda: self.keep_and_look(moment), 30, f"the platform whole after: {fault}")
        self.slow.append((round(time.monotonic() - struck, 2), fault))
        self.faults[fault] = self.faults.get(fault, 0) + 1

    def keep_and_look(self, since_ms):
        self.publishers["leaping"].keep()
        return self.whole(since_ms)

    def fill_disk(self):
        """What was recorded gives way, so it is read while that goes on."""
        self.check()
        ballast = self.disk / "ballast"
        with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(64 << 10))
        until = time.monotonic() + 20
        while time.monotonic() < until:
            self.publishers["leaping"].keep()
            self.check()
        ballast.unlink()

    # ---- what is seen

    def check(self):
        for checkpoint in self.checkpoints.values():
            checkpoint.take()

    def sample(self):
        for pid, (_, name, _) in below(self.platform.process.pid).items():
            if name not in WATCHED:
                continue
            with contextlib.suppress(OSError):
                rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                kib = sum(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty"))
                self.samples.append((time.monotonic() - self.begun, name, kib))

    def memory(self, begin, end, of=statistics.median):
        """{program: KiB, the median or the most of its processes} between two shares of the time that was sampled."""
        whole = max((at for at, _, _ in self.samples), default=0) + 1
        found = {}
        for at, name, kib in self.samples:
            if begin * whole <= at < end * whole:
                found.setdefault(name, []).append(kib)
        return {name: round(of(values)) for name, values in found.items()}

    def row(self):
        read = {f"{channel}/{name}": {"pictures": each.pictures, "runs": len(each.runs), "gap_segments": each.gaps,
                                      "skipped": each.skipped, "unreadable": each.unreadable}
                for channel, checkpoint in self.checkpoints.items() for name, each in checkpoint.renditions.items()}
        return {"seconds": round(time.monotonic() - self.begun), "faults": dict(sorted(self.faults.items())), "read": read,
                "memory_kib": self.memory(0.75, 1), "slowest_recovery": max(self.slow, default=None), "load": round(os.getloadavg()[0], 1)}

    # ---- afterwards

    def lost(self, channel, runs):
        sessions = self.publishers[channel].sessions
        return lost_of_sessions(sessions, runs) + lost_of_accepted(sessions, runs, self.accepted[channel])

    def finish(self):
        for publisher in self.publishers.values():
            publisher.cut() if isinstance(publisher, Leaping) else publisher.stop()
        streams = [pathlib.Path(self.platform.directory, "ledgers", self.stream(name)) for name in self.publishers]
        wait_for(lambda: all(ended(ledger) for ledger in streams), 120, "the streams' ends")
        self.check()
        broken = []
        for ledger in streams:
            done = subprocess.run([program("hlslint"), str(ledger)], capture_output=True, text=True)
            if done.returncode != 0:
                broken.append(f"{records(ledger, 'L')[0][3]}: {done.stdout[:1000]}{done.stderr[:500]}")
        result = {"lost": {}, "backwards": 0}
        for channel, checkpoint in self.checkpoints.items():
            publisher = self.publishers[channel]
            shed = {row[1] for row in records(pathlib.Path(self.platform.directory, "ledgers", self.stream(channel)), "S") if row[2] == "shed"}
            for name, each in checkpoint.renditions.items():
                lost = publisher.lost(each.runs) if isinstance(publisher, Leaping) else self.lost(channel, each.runs)
                result["lost"][f"{channel}/{name}" + (" (shed)" if name in shed else "")] = lost
                if name in shed:
                    continue
                if not isinstance(publisher, Leaping):
                    result["backwards"] += sum(first <= last for (_, last), (first, _) in zip(each.runs, each.runs[1:]))
                if lost or each.skipped or each.unreadable or each.decoder:
                    broken.append(f"{channel}/{name}: lost {lost}, not seen {each.skipped}, unreadable {each.unreadable}, {each.decoder[:2]}, {each.runs[:50]}")
        if result["backwards"]:
            broken.append("numbers went backwards")
        before, after = self.memory(0, 0.5, max), self.memory(0.75, 1, max)
        usual = self.memory(0.25, 0.5)
        broken += grown("grew", usual, self.memory(0.75, 1), STAYS_KIB) + grown("held more", before, after, HELD_KIB)
        return {**self.row(), **result, "memory_before_kib": usual, "most_memory_before_kib": before, "most_memory_kib": after, "broken": broken}


def grown(what, before, after, allowed):
    return [f"{name} {what}: from {before[name]} to {kib} KiB" for name, kib in after.items() if name in before and kib > 1.1 * before[name] + allowed]


@contextlib.contextmanager
def small_disk(megabytes):
    """(the disk, a platform's directory whose ledgers lie on it)"""
    with tempfile.TemporaryDirectory(prefix="sluice-soak-") as folder, contextlib.ExitStack() as mounts:
        disk, directory = pathlib.Path(folder, "disk"), pathlib.Path(folder, "platform")
        disk.mkdir()
        (directory / "ledgers").mkdir(parents=True)

        def mount(*arguments):
            subprocess.run(["mount", *map(str, arguments)], check=True)
            mounts.callback(lambda: subprocess.run(["umount", str(arguments[-1])], check=True))
        mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", disk)
        (disk / "ledgers").mkdir()
        mount("--bind", disk / "ledgers", directory / "ledgers")
        yield disk, directory


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=int, default=3600)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options.add_argument("--disk-mb", type=int, default=1024)
    options.add_argument("--results", type=pathlib.Path, default=HERE / "results" / "soak.ndjson")
    chosen = options.parse_args()
    dice = random.Random(chosen.seed)
    with open(chosen.results, "w") as results, small_disk(chosen.disk_mb) as (disk, directory), tempfile.TemporaryDirectory() as work:
        def tell(row):
            print(json.dumps(row), flush=True)
            print(json.dumps(row), file=results, flush=True)
        tell({"machine": machine.platform(), "cores": os.cpu_count(), "seed": chosen.seed})
        clip = numbered_clip(pathlib.Path(work, "clip.flv"), (320, 180), CLIP_SECONDS)
        with Platform("--quiet", directory=directory) as platform:
            soak = Soak(platform, dice, disk, clip)
            told = struck = sampled = soak.begun
            pause = dice.uniform(15, 30)
            while time.monotonic() - soak.begun < chosen.seconds:
                wait_for(lambda: time.monotonic() - sampled > 5, 10, "five seconds")
                sampled = time.monotonic()
                soak.publishers["leaping"].keep()
                soak.sample()
                if sampled - struck > pause:
                    soak.strike()
                    struck, pause = time.monotonic(), dice.uniform(15, 30)
                if sampled - told > 300:
                    soak.check()
                    tell(soak.row())
                    told = sampled
            last = soak.finish()
            tell(last)
    return 1 if last["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
