#!/usr/bin/python3
"""What limits that nodes keep together in Redis add to a message: until its sender knows that it was sent, at a steady rate, and in CPU when many come.
Three nodes take turns: `alone`, one without --chat-bus; `bus`, one of two nodes whose Redis refuses scripts, so that lines cross and limits are
its own; `shared`, one of two as they are. One JSON line for each setting and round, then one with the medians and what `shared` adds to `bus`.
usage: chat_shared_limits.py [SECONDS [ROUNDS]]"""
import contextlib
import json
import os
import pathlib
import select
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "flow"), str(HERE)]
from chat_crowd import Crowd, speakers  # noqa: E402
from chat_nodes import QUICK, joined  # noqa: E402
from chat_platform import running  # noqa: E402
from harness import wait_for  # noqa: E402
from machine import machine, median  # noqa: E402

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 10
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
RATE = 200
SENDERS, AT_ONCE, MANY = 20, 16, 20_000
SHARED = 'twitch_circuit_breaker_state{circuit="chat_limits"} '


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def steady(node):
    """Each line's time until it is confirmed, one after another at RATE."""
    page = node.page(node.bob)
    page.join("demo", history=0)
    times = []
    begun = time.monotonic()
    for number in range(int(RATE * SECONDS)):
        select.select([], [], [], max(0, begun + number / RATE - time.monotonic()))
        at = time.monotonic()
        page.say("demo", f"line {number} " + "x" * 100, f"{begun} {number}")
        page.until("confirmed")
        times.append(time.monotonic() - at)
    page.close()
    times.sort()
    return {"p50_ms": round(1000 * times[len(times) // 2], 3), "p99_ms": round(1000 * times[int(len(times) * 0.99)], 3)}


def many(node, redis, users):
    """CPU a message as MANY come from SENDERS, each of whom waits for the answers to AT_ONCE."""
    crowd = Crowd([(node, *user) for user in users])
    processes = {"chatd": node.daemon.process, **({"redis": redis.process} if redis else {})}
    before = {name: cpu_seconds(process) for name, process in processes.items()}
    begun, sent = time.monotonic(), 0
    while sent < MANY:
        for peer in crowd.peers:
            peer.send(*(f"PRIVMSG #demo :line {sent + number} " + "x" * 100 for number in range(AT_ONCE)))
            sent += AT_ONCE
        for peer in crowd.peers:
            for _ in range(AT_ONCE):
                assert crowd.outcome(peer) == ""
    taken = time.monotonic() - begun
    crowd.close()
    return {"messages_per_second": round(sent / taken),
            **{f"{name}_cpu_us": round(1e6 * (cpu_seconds(process) - before[name]) / sent, 1) for name, process in processes.items()}}


@contextlib.contextmanager
def setting(name):
    if name == "alone":
        with running(*QUICK) as node:
            yield node, None
        return
    with joined(2) as nodes:
        if name == "bus":
            nodes.redis.ask("ACL", "SETUSER", "default", "-eval", "-evalsha")
            page = nodes[0].page(nodes[0].bob)
            page.join("demo")
            for number in range(10):
                page.say("demo", f"opens the breaker {number}", f"b{number}")
                page.until("confirmed")
        wait_for(lambda: nodes[0].metric(SHARED + ("0" if name == "shared" else "2")), 10, f"the limits are {name}")
        yield nodes[0], nodes.redis


def measure(name):
    with setting(name) as (node, redis):
        users = speakers(node, "many", SENDERS)
        return {"limits": name, "rate": RATE, **steady(node), "messages": MANY, **many(node, redis, users)}


def main():
    print(json.dumps(machine(command="chat_shared_limits.py " + " ".join(sys.argv[1:]))), flush=True)
    rows = []
    for number in range(ROUNDS):
        for name in ("alone", "bus", "shared")[number % 3:] + ("alone", "bus", "shared")[:number % 3]:
            rows.append(measure(name))
            print(json.dumps(rows[-1]), flush=True)
    figures = ("p50_ms", "p99_ms", "messages_per_second", "chatd_cpu_us", "redis_cpu_us")
    medians = {name: {figure: median([row for row in rows if row["limits"] == name], figure) for figure in figures if name != "alone" or figure != "redis_cpu_us"}
               for name in ("alone", "bus", "shared")}
    added = {figure: round(medians["shared"][figure] - medians["bus"][figure], 3) for figure in figures if figure != "messages_per_second"}
    print(json.dumps({"medians": medians, "shared_adds": added}), flush=True)


if __name__ == "__main__":
    main()
