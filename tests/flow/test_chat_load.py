"""chat_load, by which chat is measured: it counts what came, and sees what a server loses, repeats, swaps or cuts off."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import threading

import pytest

from chat_platform import running
from harness import BUILD, free_port, tool, wait_for

BENCH = pathlib.Path(__file__).parents[1] / "bench"


def load(server, *words):
    return subprocess.run([tool("chat_load"), "--servers", str(server), *map(str, words)], capture_output=True, text=True, timeout=60)


def measured(server, *words):
    done = load(server, *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextlib.contextmanager
def bare_server(*words):
    port = free_port()
    server = subprocess.Popen([tool("bare_server"), str(port), *map(str, words)])
    try:
        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        wait_for(listens)
        yield server.pid, port
    finally:
        server.kill()
        server.wait()


class Faulty:
    """The bare server's protocol, but for what it does with a line to the first member: the fifth of ten, or the last that it says again."""

    def __init__(self, fault):
        self.fault, self.members, self.lines, self.late, self.lock = fault, [], 0, b"", threading.Lock()
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=[self.listening.accept()[0]], daemon=True).start()

    def serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            for line in client.makefile("rb"):
                if line.startswith(b"JOIN "):
                    with self.lock:
                        self.members.append(client)
                    client.sendall(b"joined\n")
                else:
                    self.say(line.split(b" ", 2)[2])

    def say(self, line):
        with self.lock:
            self.lines += 1
            for place, member in enumerate(self.members):
                with contextlib.suppress(OSError):
                    self.tell(member, line, self.lines if place == 0 else 0)

    def tell(self, member, line, number):
        if self.fault == "cut":
            for at in range(len(line)):
                member.sendall(line[at:at + 1])
        elif number == 5 and self.fault == "close":
            member.shutdown(socket.SHUT_RDWR)
        elif number == 5 and self.fault in ("lose", "swap"):
            self.late = line if self.fault == "swap" else b""
        else:
            member.sendall(line + self.late if number == 6 else line)
            if number == 10 and self.fault == "repeat":
                member.sendall(line)


def faulty(fault):
    server = Faulty(fault)
    done = load(os.getpid(), "--wire", "lines", "--ports", server.port, "--members", 3, "--rate", 100, "--seconds", 0.1, "--patience", 1)
    server.listening.close()
    return done, json.loads(done.stdout)


@pytest.mark.parametrize("words, deliveries", [
    (["--members", 7, "--rate", 100, "--seconds", 0.5], 7 * 50),
    (["--rooms", 3, "--members", 4, "--senders", 3, "--rate", 60, "--seconds", 0.5], 3 * 4 * 30),
    (["--rooms", 2, "--members", 6, "--senders", 2, "--rate", 40, "--seconds", 0.5, "--processes", 3], 2 * 6 * 20)])
@pytest.mark.parametrize("tick", [[], [20]])
def test_every_line_of_a_whole_server_is_counted(words, deliveries, tick):
    with bare_server(*tick) as (pid, port):
        report = measured(pid, "--wire", "lines", "--ports", port, *words)
    assert (report["expected"], report["deliveries"], report["lost"], report["out_of_order"], report["dropped"]) == (deliveries, deliveries, 0, 0, 0)
    assert report["connections"] == report["rooms"] * (report["members"] + report["senders"])
    assert 0 < report["p50_ms"] <= report["p99_ms"] <= report["max_ms"]
    assert report["server_cpu_seconds"] > 0 and report["deliveries_per_cpu_second"] > 0


def test_lines_of_160_bytes():
    with bare_server() as (pid, port):
        report = measured(pid, "--wire", "lines", "--ports", port, "--members", 2, "--rate", 100, "--seconds", 0.2)
    assert report["read_bytes"] == 160 * report["deliveries"] + report["deliveries"]


def test_a_tick_is_fewer_reads():
    with bare_server(50) as (pid, port):
        report = measured(pid, "--wire", "lines", "--ports", port, "--members", 3, "--rate", 400, "--seconds", 0.5)
    assert report["reads"] < report["deliveries"] / 2


def test_members_of_several_ports_are_of_one_server_each():
    with bare_server() as (one, first), bare_server() as (other, second):
        done = load(f"{one},{other}", "--wire", "lines", "--ports", f"{first},{second}", "--members", 4, "--rate", 50, "--seconds", 0.2, "--patience", 1)
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["deliveries"] == report["expected"] / 2  # these two do not tell one another


def test_lines_cut_anywhere_are_whole():
    done, report = faulty("cut")
    assert done.returncode == 0, done.stderr
    assert report["deliveries"] == report["expected"] == 30
    assert report["reads"] > 30


@pytest.mark.parametrize("fault, deliveries, out_of_order, dropped", [("lose", 29, 0, 0), ("repeat", 30, 1, 0), ("swap", 29, 1, 0), ("close", 24, 0, 1)])
def test_what_a_server_does_wrong_is_told(fault, deliveries, out_of_order, dropped):
    done, report = faulty(fault)
    assert done.returncode == 1
    assert (report["deliveries"], report["out_of_order"], report["dropped"]) == (deliveries, out_of_order, dropped)
    assert report["lost"] == 30 - deliveries
    assert f"of 30 deliveries {deliveries} came" in done.stderr


@pytest.mark.parametrize("wire", ["irc-tcp", "irc-ws", "json"])
def test_chatd_delivers_everything_on_each_wire(wire, tmp_path):
    with running("--cooldown", "0s", "--message-rate", "1000", "--room-rate", "0") as chat:
        chat.seed("channels", "room", "2")
        (tmp_path / "speakers").write_text(chat.seed("speakers", "speaker", "2"))
        report = measured(chat.daemon.process.pid, "--wire", wire, "--ports", chat.irc if wire == "irc-tcp" else chat.ws, "--speak-ports", chat.irc,
                          "--accounts", tmp_path / "speakers", "--rooms", 2, "--members", 10, "--rate", 50, "--seconds", 1)
    assert report["deliveries"] == report["expected"] == 2 * 10 * 50


def test_what_chatd_refuses_a_sender_is_shown(tmp_path):
    with running("--cooldown", "0s", "--message-rate", "3") as chat:
        chat.seed("channels", "room", "1")
        (tmp_path / "speakers").write_text(chat.seed("speakers", "speaker", "1"))
        done = load(chat.daemon.process.pid, "--wire", "irc-tcp", "--ports", chat.irc, "--accounts", tmp_path / "speakers", "--members", 2, "--rate", 20,
                    "--seconds", 0.5, "--patience", 1)
    assert done.returncode == 1
    assert json.loads(done.stdout)["deliveries"] == 2 * 3
    assert "a server answered a sender:" in done.stderr and "NOTICE #room0" in done.stderr


@pytest.mark.parametrize("words, why", [
    (["--wire", "smoke", "--ports", "1"], "--wire smoke: no such wire"),
    (["--wire", "lines"], "--wire, --ports and --servers are needed"),
    (["--wire", "lines", "--ports", "1", "--members", "few"], "--members few: not such a number"),
    (["--wire", "lines", "--ports", "1", "--rate"], "--rate: an option and its value are wanted"),
    (["--wire", "lines", "--ports", "1", "--colour", "1"], "--colour: no such option"),
    (["--wire", "lines", "--ports", "1", "--accounts", "/dev/null"], "--accounts /dev/null: no LOGIN TOKEN in it")])
def test_what_is_asked_wrongly_is_told(words, why):
    done = load(1, *words)
    assert done.returncode == 2
    assert why in done.stderr and "usage: chat_load" in done.stderr


def test_nobody_listens():
    done = load(1, "--wire", "lines", "--ports", free_port(), "--members", 1)
    assert done.returncode == 1
    assert "connect to port" in done.stderr


def test_the_benchmark_runs_and_sums_up():
    environment = {**os.environ, "SLUICE_BUILD": str(BUILD)}
    done = subprocess.run(["/usr/bin/python3", BENCH / "chat_fanout.py", "--rows", "2x5x20", "--servers", "bare", "bare-tick", "chatd", "chatd-ws", "chatd-json",
                           "--seconds", "0.5", "--rounds", "2"], capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    machine, *rows, summary = map(json.loads, done.stdout.splitlines())
    assert machine["versions"]["chatd"] and machine["revision"]
    assert [row["server"] for row in rows] == ["bare", "bare-tick", "chatd", "chatd-ws", "chatd-json", "bare-tick", "chatd", "chatd-ws", "chatd-json", "bare"]
    assert all(row["deliveries"] == 2 * 5 * 10 for row in rows)
    assert summary["median"] == "2x5x20" and summary["incomplete"] == {}
    assert set(summary["chatd-ws_ratio"]) == {"bare", "bare-tick"}
    assert set(summary["bytes_per_connection"]) == set(machine["versions"]) & {row["server"] for row in rows}


def test_a_room_over_several_nodes_and_redis():
    done = subprocess.run(["/usr/bin/python3", str(BENCH / "chat_crowd.py"), "--members", "90", "--nodes", "3", "--rate", "10", "--seconds", "1"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    bare, ours, ratios = map(json.loads, done.stdout.splitlines())
    for report, server in (bare, "bare"), (ours, "chatd"):
        assert (report["server"], report["nodes"], report["ceiling"], report["connections"]) == (server, 3, 16, 93)
        assert report["deliveries"] == report["expected"] == 90 * 10, report
    assert ratios["chatd_to_bare"]["p99_ms"] > 0
