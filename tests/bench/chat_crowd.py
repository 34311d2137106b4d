#!/usr/bin/python3
"""One room that is larger than a process may have files: MEMBERS sockets over as many chatd as they need, joined by Redis, and lines at the room's ceiling.

Each node has ports of its own and hands lines on to the others by Redis; senders speak on all of them. chat_load, which
verifies every delivery, is as many processes as it needs, each with a source address of its own. Where lines come faster than the ceiling, members get a
sample: so the ceiling is half as much again as the rate, for lines come unevenly, and all must come. Prints NDJSON: the machine and the measurement, in which bytes_per_connection and server_cpu_seconds
are those of all nodes and Redis together. p99 below 100 ms is the goal.

On a small machine begin small: every line is a send() to each member, 6 µs of CPU on each side, so a line to 100,000 takes two cores 0.7 s with the load's
reading. `--nice` keeps it behind other work.
usage: chat_crowd.py [--members N] [--nodes N] [--rate LINES] [--seconds S] [--wire WIRE] [--threads N] [--nice N]"""
import argparse
import contextlib
import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "flow"))  # behind our own: there is another chat_peers
from chat_fanout import favour, free_ports  # noqa: E402
from chat_peers import ROOM, platform  # noqa: E402
from machine import machine  # noqa: E402
from remote import RedisServer  # noqa: E402
from rtmp_peers import BUILD, said  # noqa: E402
from rtmp_publishers import listens, stop, wait_until  # noqa: E402

FILES = 20_000 - 1_000  # sockets of one process; the rest are its own files, and senders


def node(number, folder, ports, given, redis):
    """A chatd on the platform that all share, with a history of its own: an archive has one writer."""
    irc, ws, metrics = ports
    command = [str(BUILD / "bin" / "chatd"), "--dir", str(folder), "--irc-port", str(irc), "--ws-port", str(ws), "--ircs-port", "0", "--wss-port", "0",
               "--metrics", f"127.0.0.1:{metrics}", "--control", str(folder / f"n{number}.sock"), "--history", str(folder / f"n{number}.db"),
               "--chat-bus", redis.url(), "--instance", f"n{number}", "--connections", str(FILES), "--cooldown", "0s", "--message-rate", "100000",
               "--login-rate", "100000", "--room-rate", str(given.ceiling), "--threads", str(given.threads), "--log-level", "warn"]
    output = open(folder / f"n{number}.output", "wb")
    return subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, preexec_fn=functools.partial(favour, given.nice))


def measure(given, folder, redis):
    free = free_ports(3 * given.nodes)
    ports = [free[3 * number:3 * number + 3] for number in range(given.nodes)]
    begin = functools.partial(favour, given.nice)
    with contextlib.ExitStack() as ends:
        nodes = []
        for number in range(given.nodes):
            process = node(number, folder, ports[number], given, redis)
            ends.callback(stop, process, 10)
            nodes.append(process)
        for process, (irc, ws, _) in zip(nodes, ports):
            wait_until(lambda: listens(irc) and listens(ws), process, f"a node listening on {irc}")
        mine = [str(irc if given.wire == "irc-tcp" else ws) for irc, ws, _ in ports]
        load = subprocess.run([str(BUILD / "tests" / "chat_load"), "--wire", given.wire, "--ports", ",".join(mine), "--speak-ports", ",".join(str(irc) for irc, _, _ in ports),
                               "--servers", ",".join(str(process.pid) for process in (*nodes, redis.process)), "--accounts", str(folder / "speakers"),
                               "--members", str(given.members), "--senders", str(given.nodes), "--rate", str(given.rate), "--seconds", str(given.seconds),
                               "--patience", "30", "--room-prefix", ROOM], capture_output=True, text=True, errors="replace", preexec_fn=begin)
        if load.returncode != 0:
            sys.stderr.write(load.stderr + "".join((folder / f"n{number}.output").read_text(errors="replace")[-1000:] for number in range(given.nodes)))
        return json.loads(load.stdout) if load.stdout else None


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--members", type=int, default=100_000)
    options.add_argument("--nodes", type=int, default=0, help="as many as the members need")
    options.add_argument("--rate", type=float, default=1, help="lines a second")
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--wire", default="irc-tcp", choices=("irc-tcp", "irc-ws", "json"))
    options.add_argument("--threads", type=int, default=1, help="of each node")
    options.add_argument("--nice", type=int, default=0)
    given = options.parse_args()
    given.nodes = given.nodes or -(-given.members // (FILES - 100))
    given.ceiling = -int(-1.5 * given.rate // 1) + 1
    if given.members > given.nodes * (FILES - 100):
        options.error(f"a node has {FILES - 100} members at most: --nodes {-(-given.members // (FILES - 100))}")
    if not shutil.which("redis-server"):
        options.error("redis-server is missing: apt install redis-server")
    with tempfile.TemporaryDirectory(prefix="sluice-bench.") as place:
        folder = platform(pathlib.Path(place) / "platform")
        redis = RedisServer()
        try:
            measured = measure(given, folder, redis)
        finally:
            redis.kill()
    if measured is None:
        return 1
    versions = {"chatd": said([BUILD / "bin" / "chatd", "--version"]), "redis": said(["redis-server", "--version"])}
    print(json.dumps(machine(command="chat_crowd.py " + " ".join(sys.argv[1:]), versions=versions, nodes=given.nodes, ceiling=given.ceiling, **measured,
                             goal_p99_ms=100, load_after=round(os.getloadavg()[0], 2))), flush=True)
    return 0 if measured["lost"] + measured["out_of_order"] + measured["dropped"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
