#!/usr/bin/python3
"""CPU and private memory per RTMP publisher (720p30 at 6 Mbit/s): ingestd beside nginx-rtmp and SRS, in one run.

receive  the stream is taken and given to nobody: the peers without players; ingestd --pipeline none
command  the stream goes to a program: ingestd into `cat >/dev/null`, its own share also alone (the peers have no such mode)
hls      2 s segments on a RAM disk: the peers' own HLS (MPEG-TS, no parts); ingestd + segmenter with 0.5 s parts and the ledger, source passed
         through, as on a platform

The server and all it starts have one core, the load the other: a process a publisher, since publishers do not send in step with one another.
The servers take turns, in another order each round. written_mbit_per_publisher tells that all of the stream arrived in files.
Prints NDJSON: the machine, a line a measurement, then for each mode the medians and ingestd's ratio to each peer.
SRS is named by the environment variable SRS or in PATH. usage: rtmp_publishers.py [--publishers N] [--seconds S] [--rounds R] [--modes MODE …]"""
import argparse
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from machine import machine, median
from rtmp_peers import BUILD, SETUP, there

TICK = os.sysconf("SC_CLK_TCK")
SERVER_CORE, LOAD_CORE = "0", "1"
MEDIA_BITS = 6_000_000  # a second, of each stream
SETTLED_SECONDS = 6  # of media, before it is measured: every pipeline is up, first segments are written
FIGURES = ("cpu_percent_per_publisher", "private_kib_per_publisher")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, process, what, patience=60, pause=0.05):
    deadline = time.monotonic() + patience
    while not condition():
        if process.poll() is not None:
            sys.exit(f"{what}: the server ended with {process.returncode}")
        if time.monotonic() > deadline:
            sys.exit(f"{what}: not within {patience} s")
        time.sleep(pause)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def sockets(port):
    """(How many connections the server's port has, bytes that they have taken), from the kernel."""
    listed = subprocess.run(["ss", "-tniH", "state", "established", f"( sport = :{port} )"], capture_output=True, text=True).stdout
    words = [word for word in listed.split() if word.startswith("bytes_received:")]
    return len(words), sum(int(word.split(":")[1]) for word in words)


def tree(root):
    """The pids of a process and all below it."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    found, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found


def cpu_seconds(pid):
    """(User and system time of all threads by the scheduler's own count, the system's share of it in ticks)."""
    total = sum(int(task.read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    return total, int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[12]) / TICK


def private_kib(pid):
    """Dirty pages only: code that nobody shares yet counts as private too, until a second program maps it."""
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))


class Written:
    """Bytes of media that have been written below a folder, files that were removed since included: look() at least every 4 s."""

    def __init__(self, folder):
        self.folder, self.sizes = folder, {}

    def look(self):
        for path in self.folder.rglob("*"):
            if path.suffix in (".ts", ".m4s", ".mp4"):
                with contextlib.suppress(FileNotFoundError):
                    self.sizes[path] = path.stat().st_size
        return sum(self.sizes.values())


def clip(folder):
    path = folder / "clip.flv"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=20", "-f", "lavfi", "-i",
                    "sine=sample_rate=48000:duration=20", "-vf", "noise=alls=40:allf=t", "-c:v", "libx264", "-preset", "ultrafast",
                    "-g", "60", "-b:v", "5850k", "-maxrate", "5850k", "-bufsize", "5850k", "-nal-hrd", "cbr", "-c:a", "aac", "-f", "flv",
                    path], check=True)
    return path


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def publish(port, keys, media):
    base = ["taskset", "-c", LOAD_CORE, str(BUILD / "tests" / "rtmp_publish"), "--loop", "0"]
    return [subprocess.Popen([*base, f"rtmp://127.0.0.1:{port}/live/{key}", str(media)], stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)
            for key in keys]


def stop(process, grace):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def measure(name, mode, publishers, seconds, media, folder):
    port = free_port()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    command, keys, environment = SETUP[name](folder, port, mode, publishers)
    with open(folder / "output", "wb") as output:
        server = subprocess.Popen(["taskset", "-c", SERVER_CORE, *command], cwd=folder, stdout=output, stderr=output, preexec_fn=end_with_parent,
                                  env={**os.environ, **environment, "SLUICE_LOG_LEVEL": "warn"})
    load = []
    try:
        wait_until(lambda: listens(port), server, f"{name} listening")
        idle = {pid: private_kib(pid) for pid in tree(server.pid)}
        load = publish(port, keys, media)
        wait_until(lambda: sockets(port)[0] >= publishers, server, f"{publishers} publishers at {name}")
        settled = publishers * SETTLED_SECONDS * MEDIA_BITS / 8
        files = Written(folder)
        wait_until(lambda: (files.look() if mode == "hls" else sockets(port)[1]) >= settled, server, f"{SETTLED_SECONDS} s of every stream at {name}", pause=0.5)
        before = {pid: cpu_seconds(pid) for pid in tree(server.pid)}
        written, received, began = files.look(), sockets(port)[1], time.monotonic()
        while (left := began + seconds - time.monotonic()) > 0:
            time.sleep(min(left, 3))
            files.look()
        after = {pid: cpu_seconds(pid) for pid in tree(server.pid)}
        wall = time.monotonic() - began
        connected, moved = sockets(port)
        moved, written = moved - received, files.look() - written
        memory = {pid: private_kib(pid) for pid in after}
        spent = [sum(used[which] - before.get(pid, (0, 0))[which] for pid, used in after.items()) for which in (0, 1)]
        row = {"server": name, "mode": mode, "publishers": publishers, "connected": connected, "seconds": round(wall, 2), "processes": len(after),
               "cpu_percent_per_publisher": round(100 * spent[0] / wall / publishers, 4), "of_it_system": round(100 * spent[1] / wall / publishers, 4),
               "private_kib_per_publisher": round((sum(memory.values()) - sum(idle.values())) / publishers, 1),
               "mbit_per_publisher": round(moved * 8 / wall / publishers / 1e6, 3),
               "written_mbit_per_publisher": round(written * 8 / wall / publishers / 1e6, 3),
               "load_alive": sum(each.poll() is None for each in load)}
        if name == "ingestd":
            row["ingestd_alone_cpu_percent"] = round(100 * (after[server.pid][0] - before[server.pid][0]) / wall / publishers, 4)
            row["ingestd_alone_private_kib"] = round((memory[server.pid] - idle[server.pid]) / publishers, 1)
        print(json.dumps(row), flush=True)
        return row
    except SystemExit:
        sys.stderr.write((folder / "output").read_text(errors="replace")[-2000:])
        raise
    finally:
        for each in load:
            each.kill()
            each.wait()
        stop(server, 30)


def summary(mode, rows, servers):
    of = {server: [row for row in rows if (row["server"], row["mode"]) == (server, mode)] for server in servers}
    line = {"median": mode}
    for figure in FIGURES:
        line[figure] = {server: median(mine, figure) for server, mine in of.items() if mine}
        line[figure + "_ratio"] = {server: round(line[figure]["ingestd"] / value, 3) for server, value in line[figure].items() if server != "ingestd" and value > 0}
    print(json.dumps(line), flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--publishers", type=int, default=100)
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--modes", nargs="+", default=["receive", "command", "hls"], choices=["receive", "command", "hls"])
    given = options.parse_args()
    versions, missing = there()
    servers = list(versions)
    print(json.dumps(machine(command=f"rtmp_publishers.py --publishers {given.publishers} --seconds {given.seconds:g} --rounds {given.rounds}", versions=versions,
                             **({"not_measured": missing} if missing else {}))), flush=True)
    rows = []
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="sluice-bench.") as folder:
        folder = pathlib.Path(folder)
        media = clip(folder)
        for number in range(given.rounds):
            for mode in given.modes:
                turns = servers if mode != "command" else ["ingestd"]
                at = number % len(turns)
                rows += [measure(server, mode, given.publishers, given.seconds, media, folder / "run") for server in turns[at:] + turns[:at]]
    for mode in given.modes:
        summary(mode, rows, servers)


if __name__ == "__main__":
    main()
