#!/usr/bin/python3
"""Chat fan-out: chatd beside uWebSockets, InspIRCd, ws for Node.js, redis and the bare sends of the same bytes, in one run.

A row is ROOMSxMEMBERSxRATE: members of each room that hear, lines of 160 bytes a second of each room. The server and all it starts have one core, the
load (chat_load, which verifies every delivery) the other. The servers take turns, in another order each round. Absolute figures move with the hour: what
counts is the ratio to the others of the same run, by work per second of the server's CPU.

    bare       an epoll loop that sends each line to each member, one send() each: the limit without coalescing
    bare-tick  the same, once every 50 ms
    chatd      IRC over TCP, chatd-ws: IRC over WebSocket, chatd-json: JSON, chatd-send: as chatd, with --io-uring off; with limits, AutoMod, history and all the message path: AutoMod's process counts

Prints NDJSON: the machine, a line a measurement (bytes_per_connection: of the server's own memory as all have come in, before a line was said;
cpu_us_per_read: of the server's time for each piece that a member read, so about what one send costs, however many lines are in it), then for each row the
medians and chatd's ratios to each. `--intake`: instead, 1 M messages a minute for SECONDS (300 are the goal) into few small rooms of chatd,
none lost.
`--threads N …`: instead, chatd alone, with so many threads each, server and load on all cores: what sharing a room's members out gains.
usage: chat_fanout.py [--rows ROW …] [--servers NAME …] [--seconds S] [--rounds R] [--nice N] [--intake] [--threads N …]    UWS=FOLDER: uWebSockets' source;
CHATD_OTHER=PROGRAM: another chatd beside ours (`other`, `other-ws`)"""
import argparse
import contextlib
import functools
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile

from chat_peers import CHATD, MOST, ROOM, ROOMS, SETUP, WIRES, there
from machine import machine, median
from rtmp_peers import BUILD
from rtmp_publishers import LOAD_CORE, SERVER_CORE, end_with_parent, listens, stop, wait_until

ROWS = ["1x1000x20", "1x1000x100", "1x1000x500", "1x5000x20", "1x10000x10", "1x15000x5", "1000x15x5"]
INTAKE_ROW = "4x10x4167"  # 1 M messages a minute
FIGURES = ("deliveries_per_cpu_second", "cpu_us_per_read", "p50_ms", "p99_ms", "bytes_per_connection")


def free_ports(count):
    """Neighbours that nothing listens on, below the range from which clients' ports come."""
    while True:
        base = random.randrange(10000, 30000)
        ports = range(base, base + count)
        with socket.socket() as probe:
            if all(probe.connect_ex(("127.0.0.1", port)) for port in ports):
                return list(ports)


def offered(row):
    rooms, members, rate = (float(word) for word in row.split("x"))
    return rooms * members * rate


def family(pid):
    """A process and those that it has started."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [str(pid), *children]


def favour(niceness):
    """Of the process that begins, and of its session, where the kernel shares out time among sessions first."""
    end_with_parent()
    os.setsid()
    os.nice(niceness)
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/autogroup").write_text(str(niceness))


def measure(name, row, seconds, folder, niceness=0, extra=(), threads=None):
    rooms, members, rate = row.split("x")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    ports = free_ports(2)
    command, speaks = SETUP[name](folder, ports)
    pinned = lambda core: [] if threads else ["taskset", "-c", core]
    if threads:
        command += ["--threads", str(threads)]
    begin = functools.partial(favour, niceness)
    with open(folder / "output", "wb") as output:
        server = subprocess.Popen([*pinned(SERVER_CORE), *command], cwd=folder, stdout=output, stderr=output, preexec_fn=begin)
    try:
        wait_until(lambda: listens(int(speaks[1])), server, f"{name} listening")
        if name in CHATD:
            wait_until(lambda: len(family(server.pid)) > 1, server, "chatd's AutoMod")
        load = subprocess.run([*pinned(LOAD_CORE), str(BUILD / "tests" / "chat_load"), "--wire", WIRES[name], *speaks,
                               "--servers", ",".join(family(server.pid)), "--rooms", rooms, "--members", members, "--rate", rate, "--seconds", str(seconds), "--room-prefix", ROOM, *extra],
                              capture_output=True, text=True, errors="replace", preexec_fn=begin)
        if load.returncode != 0:
            sys.stderr.write(f"{name} {row}: {load.stderr}{(folder / 'output').read_text(errors='replace')[-2000:]}")
        if not load.stdout:
            return None
        measured = {"server": name, **({"threads": threads} if threads else {}), "row": row, **json.loads(load.stdout), "load": round(os.getloadavg()[0], 2)}
        print(json.dumps(measured), flush=True)
        return measured
    finally:
        stop(server, 10)


def summary(row, rows, servers):
    of = {server: [one for one in rows if (one["server"], one["row"]) == (server, row)] for server in servers}
    of = {server: mine for server, mine in of.items() if mine}
    line = {"median": row}
    for figure in FIGURES:
        line[figure] = {server: median(mine, figure) for server, mine in of.items()}
    work = line["deliveries_per_cpu_second"]
    for ours in CHATD:
        line[f"{ours}_ratio"] = {server: round(work[ours] / value, 3) for server, value in work.items() if ours in work and server not in CHATD and value > 0}
    line["incomplete"] = {server: amiss for server, mine in of.items() if (amiss := sum(one["lost"] + one["out_of_order"] + one["dropped"] > 0 for one in mine))}
    print(json.dumps(line), flush=True)


def compare_threads(given, folder):
    """Taking turns, in another order each round."""
    names = given.servers or ["chatd"]
    for row in given.rows:
        rows = []
        for number in range(given.rounds):
            for threads in given.threads[::-1 if number % 2 else 1]:
                rows += [measured for name in names if (measured := measure(name, row, given.seconds, folder, given.nice, threads=threads))]
        of = {threads: [one for one in rows if one["threads"] == threads] for threads in given.threads}
        print(json.dumps({"median": row, "of_threads": {threads: {figure: median(mine, figure) for figure in FIGURES} for threads, mine in of.items() if mine}}), flush=True)
        yield from rows


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rows", nargs="+", default=ROWS, metavar="ROOMSxMEMBERSxRATE")
    options.add_argument("--servers", nargs="+", choices=list(SETUP))
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--nice", type=int, default=0, help="of server and load, on a machine that has other work: who is kept waiting sends more at once")
    options.add_argument("--intake", action="store_true")
    options.add_argument("--threads", nargs="+", type=int, metavar="N")
    given = options.parse_args()
    if given.threads and set(given.servers or ()) - set(CHATD):
        options.error("--threads: of " + ", ".join(CHATD) + " only")
    if any(float(row.split("x")[0]) > ROOMS for row in given.rows):
        options.error(f"no more than {ROOMS} rooms")
    versions, missing = there()
    if given.intake:
        given.rows, given.servers, given.rounds = [INTAKE_ROW], given.servers or ["chatd"], 1
    servers = [server for server in given.servers or SETUP if server in versions]
    print(json.dumps(machine(command="chat_fanout.py " + " ".join(sys.argv[1:]), versions=versions, **({"not_measured": missing} if missing else {}))), flush=True)
    rows = []
    with tempfile.TemporaryDirectory(prefix="sluice-bench.") as folder:
        folder = pathlib.Path(folder)
        if given.threads:
            rows = list(compare_threads(given, folder / "run"))
        for row in given.rows if not given.threads else ():
            turns = [server for server in servers if offered(row) <= MOST.get(server, offered(row))]
            for number in range(given.rounds):
                at = number % len(turns) if turns else 0
                for server in turns[at:] + turns[:at]:
                    measured = measure(server, row, given.seconds, folder / "run", given.nice,
                                       ("--senders", "25", "--patience", "30") if given.intake else ())
                    rows += [measured] if measured else []
            summary(row, rows, turns)
    return 0 if all(row["lost"] + row["out_of_order"] + row["dropped"] == 0 for row in rows if row["server"] in CHATD) else 1


if __name__ == "__main__":
    sys.exit(main())
