#!/usr/bin/python3
"""One room that is larger than a process may have files: MEMBERS sockets over as many chatd as they need, joined by Redis, and lines at the room's ceiling.

Each node has ports of its own and hands lines on to the others by Redis; senders speak on all of them. chat_load, which
verifies every delivery, is as many processes as it needs, each with a source address of its own. Where lines come faster than the ceiling, members get a
sample: so the ceiling is half as much again as the rate, for lines come unevenly, and all must come. Before it, or instead of it, the bare sends of the
same bytes to as many: an epoll loop for each node, which hands its lines on to the others; what the machine takes for the sockets alone. Prints NDJSON: for
each the machine and the measurement, in which bytes_per_connection and server_cpu_seconds are those of all nodes and Redis together; then, of both, the
ratios. p99 below 100 ms is the goal.

On a small machine begin small: every line is a send() to each member, 6 µs of CPU on each side, so a line to 100,000 takes two cores 0.7 s with the load's
reading. `--nice` keeps it behind other work.
usage: chat_crowd.py [--servers bare chatd] [--members N] [--nodes N] [--rate LINES] [--seconds S] [--wire WIRE] [--threads N] [--nice N]"""
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


def bare(number, folder, ports, given):
    others = [str(free) for at, (free, _, _) in enumerate(ports) if at != number]
    return subprocess.Popen([str(BUILD / "tests" / "bare_server"), str(ports[number][0]), "0", *others], preexec_fn=functools.partial(favour, given.nice))


def measure(server, given, folder):
    free = free_ports(3 * given.nodes)
    ports = [free[3 * number:3 * number + 3] for number in range(given.nodes)]
    first = [str(port) for port, _, _ in ports]
    with contextlib.ExitStack() as ends:
        nodes, pids = [], []
        if server == "chatd":
            redis = RedisServer()
            ends.callback(redis.kill)
            pids.append(redis.process.pid)
        for number in range(given.nodes):
            process = node(number, folder, ports[number], given, redis) if server == "chatd" else bare(number, folder, ports, given)
            ends.callback(stop, process, 10)
            nodes.append(process)
        for process, (irc, ws, _) in zip(nodes, ports):
            wait_until(lambda: listens(irc) and (server == "bare" or listens(ws)), process, f"a node listening on {irc}")
        pids += [process.pid for process in nodes]
        mine = ["--wire", "lines", "--ports", ",".join(first)]
        if server == "chatd":
            mine = ["--wire", given.wire, "--ports", ",".join(first if given.wire == "irc-tcp" else [str(ws) for _, ws, _ in ports]),
                    "--speak-ports", ",".join(first), "--accounts", str(folder / "speakers")]
        load = subprocess.run([str(BUILD / "tests" / "chat_load"), *mine, "--servers", ",".join(map(str, pids)),
                               "--members", str(given.members), "--senders", str(given.nodes), "--rate", str(given.rate), "--seconds", str(given.seconds),
                               "--patience", "30", "--room-prefix", ROOM], capture_output=True, text=True, errors="replace", preexec_fn=functools.partial(favour, given.nice))
        if load.returncode != 0:
            sys.stderr.write(load.stderr + "".join(output.read_text(errors="replace")[-1000:] for output in folder.glob("n*.output")))
        return json.loads(load.stdout) if load.stdout else None


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--servers", nargs="+", choices=("bare", "chatd"), default=["bare", "chatd"])
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
    versions = {"chatd": said([BUILD / "bin" / "chatd", "--version"]), "redis": said(["redis-server", "--version"])}
    of = {}
    with tempfile.TemporaryDirectory(prefix="sluice-bench.") as place:
        folder = platform(pathlib.Path(place) / "platform")
        for server in given.servers:
            if measured := measure(server, given, folder):
                of[server] = measured
                print(json.dumps(machine(command="chat_crowd.py " + " ".join(sys.argv[1:]), versions=versions, server=server, nodes=given.nodes, ceiling=given.ceiling,
                                         **measured, goal_p99_ms=100, load_after=round(os.getloadavg()[0], 2))), flush=True)
    if len(of) == 2:
        print(json.dumps({"chatd_to_bare": {figure: round(of["chatd"][figure] / of["bare"][figure], 3) for figure in ("deliveries_per_cpu_second", "p50_ms", "p99_ms")}}))
    ours = of.get("chatd")
    return 1 if len(of) < len(given.servers) or (ours and ours["lost"] + ours["out_of_order"] + ours["dropped"]) else 0


if __name__ == "__main__":
    sys.exit(main())
