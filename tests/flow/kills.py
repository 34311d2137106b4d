"""kill -9 of programs in the middle of a stream, and what is measured of it.

For each kill: the recovery (until `sluice status` is ready, the program is back, and every rendition has grown by a part that
was finished after that), the stall (the longest time between two finished parts of a rendition around the kill, by the WALL_MS of
the ledger's index), and how long the page's picture stood still. At the end the burnt-in numbers of every rendition are read:

A rendition that the machine's load made transcode shed is named and not judged: what was shed is lost by intent.

* The publisher stays connected (transcode, segmenter, origind, chatd, webd): every number from 0 to the last is there once.
* ingestd dies: the publisher comes back by itself and the numbers go on with the clock, so what was sent into the void is a gap
  between two sessions. Each session must begin with its first number and go on without a hole or a repetition, and must hold
  at least as many frames as ingestd said to have accepted just before the kill. All renditions end a session at the same number.
"""
import contextlib
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import time
import typing

from chat_peers import IrcPeer
from harness import get, program, wait_for
from ingest import records
from numbered import NumberedPublisher, ReturningPublisher, check_frames, renditions

PIPELINE = ("transcode", "segmenter")
DAEMONS = ("origind", "chatd", "webd", "ingestd")
WHOLE_WITHIN = 5  # s
PLAYED_ON = 3     # s of media after a kill: more than the page holds


class Case(typing.NamedTuple):
    """Small pictures are passed through; 854x480 has an encoded rung below the source; a keyframe every 8 s, as OBS sends by
    default, has the source encoded too. `victim`: a program; "keeper" (of any program of the platform); "sluice"; "each" of the six
    programs in turn."""
    victim: str
    size: tuple = (320, 180)
    gop: int = 60
    bframes: int = 0

    def breaks_publisher(self):
        return self.victim in ("ingestd", "keeper", "sluice", "each")

    def picture(self):
        return f"{self.size[0]}x{self.size[1]}@30, gop {self.gop}, {self.bframes} B-frames"


def processes():
    """{pid: (parent, name, command line)} of everything that runs."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat=,comm=,args="], capture_output=True, text=True).stdout
    rows = [line.split(None, 4) for line in listed.splitlines()]
    return {int(row[0]): (int(row[1]), row[3], row[4] if len(row) > 4 else "") for row in rows if not row[2].startswith("Z")}


def below(pid, among=None):
    """The processes below `pid`, as processes() has them."""
    among = among or processes()
    found, wanted = {}, {pid}
    while wanted:
        wanted = {child for child, row in among.items() if row[0] in wanted and child not in found}
        found |= {child: among[child] for child in wanted}
    return found


def named_with(directory):
    """Names of what runs, and whose command line has the platform's folder in it."""
    return {name for _, name, line in processes().values() if str(directory) in line}


def ledgers(platform):
    folder = pathlib.Path(platform.directory, "ledgers")
    return sorted(folder.iterdir(), key=lambda path: path.stat().st_ctime) if folder.is_dir() else []


def walls(ledger):
    """{rendition: [WALL_MS of its parts]}"""
    found = {}
    for row in records(ledger, "P"):
        found.setdefault(row[1], []).append(int(row[10]))
    return found


def ended(ledger):
    return (rows := records(ledger)) and rows[-1][0] == "E"


def longest_gap(times, begin, end):
    """The longest step of a rising list of times that reaches into [begin, end)."""
    return max((b - a for a, b in zip(times, times[1:]) if b > begin and a < end), default=0)


def now_ms():
    return time.time() * 1000


class Killing:
    """One platform, one stream, one victim."""

    def __init__(self, platform, case, dice):
        self.platform, self.case, self.dice, self.page = platform, case, dice, None
        self.turns = []
        self.kills = []     # {victim, at (ms), recovery (s), page (ms)}
        self.accepted = []  # (index of the publisher's session, frames that ingestd had of it)

    # ---- who

    def choose(self):
        if self.case.victim == "each":
            self.turns = self.turns or self.dice.sample(PIPELINE + DAEMONS, 6)
            return self.turns.pop()
        return f"keeper of {self.dice.choice(DAEMONS)}" if self.case.victim == "keeper" else self.case.victim

    def find(self, victim):
        """The process to kill, if it is there: a program of the platform only when it is ready."""
        if victim == "sluice":
            return self.platform.process.pid
        if victim.startswith("keeper of "):
            keepers = below(self.platform.process.pid)
            return next((pid for pid, row in keepers.items() if row[0] == self.platform.process.pid and
                         f" _keep {victim.removeprefix('keeper of ')} " in row[2] + " "), None)
        if victim in PIPELINE:
            ingestd = self.platform.pid("ingestd")
            return next((pid for pid, row in below(ingestd).items() if row[1] == victim), None) if ingestd else None
        return self.platform.pid(victim)

    # ---- what is seen

    def stream(self):
        try:
            return next(iter(self.platform.ask("ingestd", "streams")["streams"]), None)
        except (OSError, ValueError):
            return None

    def newest(self):
        return ledgers(self.platform)[-1]

    def grown_since(self, moment_ms):
        """Every rendition of the newest stream has a part that was finished after that moment."""
        rows = walls(self.newest())
        return rows and all(times[-1] > moment_ms for times in rows.values())

    def count_accepted(self, publisher):
        """What is accepted by now must be held in the end."""
        session = len(publisher.sessions) - 1 if self.case.breaks_publisher() else 0
        if (stream := self.stream()) and "publisher" in stream:
            self.accepted.append((session, stream["accepted_frames"]))

    # ---- one kill

    def strike(self, publisher):
        victim = self.choose()
        pid = wait_for(lambda: self.find(victim), 10, f"{victim} running")
        program_pid = self.platform.pid(victim.removeprefix("keeper of ")) if victim.startswith("keeper of ") else pid
        moment = time.monotonic() + self.dice.uniform(0, 3)
        wait_for(lambda: time.monotonic() >= moment, 5, "the random moment")
        page = self.page.mark() if self.page else None
        self.count_accepted(publisher)
        members = below(self.platform.process.pid) if victim == "sluice" else {}
        kill = {"victim": victim, "at": now_ms()}
        started = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        if victim == "sluice":
            self.begin_again(members, kill)
            started = time.monotonic()
        line = f"after kill {len(self.kills)}"
        if self.page and victim == "chatd":
            self.page.say(line)
        self.wait_whole(victim, program_pid, started, kill)
        if victim == "chatd":
            self.chat_works(line, started, kill)
        if page:
            state = self.page.moves_on(page, PLAYED_ON, 20, f"after a kill of {victim}")
            kill["page"] = state["longest"]
        self.kills.append(kill)

    def wait_whole(self, victim, old_pid, started, kill):
        name = victim.removeprefix("keeper of ")
        limit = started + WHOLE_WITHIN + 10  # beyond the promise, so that a breach of it is measured

        def back():
            status = self.platform.status()
            if status["state"] != "ready":
                return False
            return name == "sluice" or ((pid := self.find(name)) and pid != old_pid)
        wait_for(back, limit - time.monotonic(), f"the platform ready again after the kill of {victim}")
        kill["ready"] = time.monotonic() - started
        moment = now_ms()
        wait_for(lambda: self.grown_since(moment), limit - time.monotonic(), f"parts after the kill of {victim}")
        kill["recovery"] = time.monotonic() - started
        if name == "origind":
            assert get(self.platform.master_url("alice"))[0] == 200
        if name == "webd":
            assert get(f"http://127.0.0.1:{self.platform.port('http')}/alice")[0] == 200

    def begin_again(self, members, kill):
        """Nothing outlives sluice; the next `up` starts clean."""
        self.platform.process.wait()
        wait_for(lambda: not any(row == members.get(pid) or (pid in members and row[2] == members[pid][2]) for pid, row in processes().items()),
                 15, "everything that sluice started has ended")
        kill["gone"] = now_ms() - kill["at"]
        assert self.platform.status()["state"] == "stopped"
        for ledger in ledgers(self.platform):
            lint(ledger)
        self.platform.up()

    def chat_works(self, line, started, kill):
        peer = IrcPeer(self.platform.port("irc"))
        peer.log_in("alice", self.platform.token("alice"))
        peer.join("alice")
        peer.send(f"PRIVMSG #alice :irc {line}")
        if self.page:
            self.page.hears(line, 15)
            self.page.hears(f"irc {line}", 15)
            kill["chat"] = time.monotonic() - started
        peer.close()

    # ---- afterwards

    def stalls(self):
        """The longest stall of each kill, in ms, over all renditions."""
        found = []
        times = {}
        for ledger in ledgers(self.platform):
            for name, more in walls(ledger).items():
                times.setdefault(name, []).extend(more)
        for kill, after in zip(self.kills, [*self.kills[1:], None]):
            end = after["at"] if after else float("inf")
            found.append(max(longest_gap(each, kill["at"], end) for each in times.values()))
        return found


def lint(ledger):
    done = subprocess.run([program("hlslint"), str(ledger)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def read_all(platform):
    """{rendition: [what check_frames read of each of the channel's ended streams]}"""
    found = {}
    for ledger in ledgers(platform):
        wait_for(lambda: ended(ledger), 15, "the end of the stream")
        lint(ledger)
        vod = f"http://127.0.0.1:{platform.port('origin')}/vod/alice/{ledger.name}/master.m3u8"
        shed = {row[1] for row in records(ledger, "S") if row[2] == "shed"}
        for name, (url, width, height) in renditions(vod).items():
            result = check_frames(url, width, height)
            if name in shed:
                found.setdefault(f"{name} (shed)", []).append(result)
                continue
            assert result["unreadable"] == 0 and not result["decoder"], (name, result)
            found.setdefault(name, []).append(result)
    return found


def judge(read, sessions, accepted):
    """Frames lost, repeated, backwards in a rendition; `sessions` are the publisher's first numbers."""
    runs = [run for result in read for run in result["runs"]]
    ends = [*sessions[1:], float("inf")]
    lost = sum(min(abs(first - s) for s in sessions) if first not in sessions else 0 for first, _ in runs)
    if sessions[0] == 0 and runs[0][0] != 0:
        lost += runs[0][0]
    # What each session has: its frames, and the number it ends with.
    held = {s: sum(min(last + 1, e) - max(first, s) for first, last in runs if first < e and last >= s) for s, e in zip(sessions, ends)}
    for session, frames in accepted:
        lost += max(0, frames - held[sessions[session]])
    return {"lost": lost, "repeated": sum(result["repeated"] for result in read), "backwards": sum(result["backwards"] for result in read),
            "pictures": sum(result["pictures"] for result in read), "held": held}


def run(platform, case, kills, seed, page=None):
    """Kills `case.victim` so often on a fresh platform with user and channel alice, watched on a page that `page()` opens; what
    was measured as (one row of results, what each rendition holds), which assert_promises() judges."""
    dice = random.Random(f"{seed} {case}")
    killing = Killing(platform, case, dice)
    key = platform.run("chanctl", "key", "rotate", "alice")
    width, height = case.size
    make = ReturningPublisher if case.breaks_publisher() else NumberedPublisher
    with make(platform.publish_url(key), width=width, height=height, gop=case.gop, bframes=case.bframes) as publisher:
        platform.wait_live("alice", 20)
        begun = now_ms()
        wait_for(lambda: killing.grown_since(begun), 10, "parts at the start")
        with contextlib.ExitStack() as watching:
            if page:
                killing.page = watching.enter_context(page())
            for _ in range(kills):
                killing.strike(publisher)
        moment = now_ms()
        wait_for(lambda: killing.grown_since(moment + 1500), 10, "parts after the last kill")
        killing.count_accepted(publisher)
        assert publisher.alive(), publisher.output()
        assert publisher.stop(), publisher.output()
    read = read_all(platform)
    sessions = publisher.sessions if case.breaks_publisher() else [0]
    shed = sorted(name for name in read if name.endswith(" (shed)"))
    judged = {name: judge(results, sessions, killing.accepted) for name, results in read.items() if name not in shed}
    if shed:
        print("shed", json.dumps({name: read[name] for name in shed}))
    stalls, recoveries = killing.stalls(), [kill["recovery"] for kill in killing.kills]
    row = {
        "program": case.victim, "picture": case.picture(), "renditions": sorted([*judged, *shed]), "kills": kills,
        "frames": max(each["pictures"] for each in judged.values()),
        "lost": sum(each["lost"] for each in judged.values()), "repeated": sum(each["repeated"] for each in judged.values()),
        "backwards": sum(each["backwards"] for each in judged.values()),
        "stall_ms": {"median": round(statistics.median(stalls)), "worst": round(max(stalls))},
        "recovery_ms": {"median": round(statistics.median(recoveries) * 1000), "worst": round(max(recoveries) * 1000)},
    }
    for name, scale in (("page", 1), ("chat", 1000), ("gone", 1)):
        if values := [kill[name] * scale for kill in killing.kills if name in kill]:
            row["page_stall_ms" if name == "page" else f"{name}_ms"] = {"median": round(statistics.median(values)), "worst": round(max(values))}
    row |= {"streams": len(ledgers(platform)), "seed": seed}
    print(json.dumps(row))
    print("each kill", json.dumps([{**{k: round(v, 3) if isinstance(v, float) else v for k, v in kill.items()}, "stall": stall} for kill, stall in zip(killing.kills, stalls)]))
    print("read", json.dumps(judged))
    return row, judged


def assert_promises(row, judged):
    assert row["lost"] == 0 and row["repeated"] == 0 and row["backwards"] == 0, (row, judged)
    assert len({json.dumps(each["held"]) for each in judged.values()}) == 1, judged
    assert row["stall_ms"]["worst"] < WHOLE_WITHIN * 1000, row
    assert row["recovery_ms"]["worst"] < WHOLE_WITHIN * 1000, row
    assert row.get("page_stall_ms", {"worst": 0})["worst"] < WHOLE_WITHIN * 1000, row
    assert row["streams"] == 1, row
