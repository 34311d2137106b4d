#!/usr/bin/python3
"""How long a line takes from a page on one chatd, through Redis, to a page on another; and, beside it, to one on the same node and through
bare Redis. One JSON line a rate. usage: chat_across_nodes.py [SECONDS]"""
import json
import pathlib
import select
import socket
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "flow"), str(HERE)]
from chat_nodes import joined  # noqa: E402
from chat_peers import Closed  # noqa: E402
from machine import machine  # noqa: E402
from remote import command_bytes  # noqa: E402

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 15


def share(times, part):
    return round(1000 * sorted(times)[int(part * (len(times) - 1))], 2)


def figures(times):
    return {"lines": len(times), "p50_ms": share(times, 0.5), "p99_ms": share(times, 0.99), "most_ms": round(1000 * max(times), 2)}


class Listener(threading.Thread):
    """Takes the time at which each text arrives."""

    def __init__(self, page):
        super().__init__(daemon=True)
        self.page, self.at = page, {}
        self.start()

    def run(self):
        try:
            while True:
                try:
                    told = self.page.object()
                except Closed:
                    return  # the node has stopped
                if told["type"] == "message":
                    self.at[told["text"]] = time.monotonic()
        except OSError:
            pass


def through_nodes(rate):
    with joined(2) as nodes:
        speaker, near, far = nodes[0].page(nodes[0].ada), nodes[0].page(), nodes[1].page()
        for page in (speaker, near, far):
            page.join("demo", history=0)
            page.socket.settimeout(None)
        listeners = [Listener(near), Listener(far)]
        Listener(speaker)
        sent = {}
        begun = time.monotonic()
        for number in range(int(rate * SECONDS)):
            select.select([], [], [], max(0, begun + number / rate - time.monotonic()))
            text = f"line {number} " + "x" * 100
            sent[text] = time.monotonic()
            speaker.say("demo", text, str(number))
        deadline = time.monotonic() + 10
        while any(len(listener.at) < len(sent) for listener in listeners) and time.monotonic() < deadline:
            select.select([], [], [], 0.05)
        same, other = ([listener.at[text] - at for text, at in sent.items() if text in listener.at] for listener in listeners)
        return {"rate": rate, "same_node": figures(same), "other_node": figures(other), "lost": len(sent) - len(other), "redis": bare(nodes.redis, rate)}


def bare(redis, rate):
    """The bare limit: PUBLISH by one connection, received by another."""
    with socket.create_connection(("127.0.0.1", redis.port)) as publisher, socket.create_connection(("127.0.0.1", redis.port)) as subscriber:
        subscriber.sendall(command_bytes(("SUBSCRIBE", "bench")))
        subscriber.recv(4096)
        times = []
        for _ in range(int(min(rate * SECONDS, 500))):
            begun = time.monotonic()
            publisher.sendall(command_bytes(("PUBLISH", "bench", "x" * 300)))
            subscriber.recv(4096)
            times.append(time.monotonic() - begun)
            publisher.recv(4096)
        return figures(times)


for each in (20, 200):
    print(json.dumps(machine(**through_nodes(each))), flush=True)
