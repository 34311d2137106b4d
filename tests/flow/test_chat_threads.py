"""Rooms with so many members that several threads write to them: all is delivered, once and in order, and who does not read is told and dropped."""
import json
import select
import socket
import subprocess

import pytest

from chat_peers import Closed, IrcPeer
from chat_platform import running
from harness import tool

AT_ONCE = 6  # lines, of 2 KB: less than the queue holds
MEMBERS = 300  # more than are written to by one thread
QUIET = ("--automod", "none", "--cooldown", "0s", "--message-rate", "100000", "--repeat-time", "0s", "--room-rate", "0", "--threads", "4")


@pytest.mark.parametrize("io_uring", ["on", "off"])
@pytest.mark.parametrize("wire", ["irc-tcp", "irc-ws", "json"])
def test_everything_comes_once_and_in_order(wire, io_uring, tmp_path):
    with running(*QUIET, "--io-uring", io_uring) as chat:
        chat.seed("channels", "room", "2")
        (tmp_path / "speakers").write_text(chat.seed("speakers", "speaker", "2"))
        words = ["--servers", chat.daemon.process.pid, "--wire", wire, "--ports", chat.irc if wire == "irc-tcp" else chat.ws, "--speak-ports", chat.irc,
                 "--accounts", tmp_path / "speakers", "--rooms", 2, "--members", MEMBERS, "--rate", 50, "--seconds", 2, "--patience", 60]
        done = subprocess.run([tool("chat_load"), *map(str, words)], capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["deliveries"] == report["expected"] == 2 * MEMBERS * 100
        assert report["out_of_order"] == report["dropped"] == 0


class Reader:
    """One of many that read all they are sent."""

    def __init__(self, number, port):
        self.peer = IrcPeer(port)
        self.peer.send(f"NICK justinfan{number}", "JOIN #demo")
        self.peer.until(" 366 ")
        self.left = self.peer.buffer
        self.numbers = []

    def fileno(self):
        return self.peer.socket.fileno()

    def read(self):
        got = self.peer.socket.recv(1 << 20)
        assert got, "dropped"
        *lines, self.left = (self.left + got).split(b"\r\n")
        self.numbers += [int(line.split(b" :", 1)[1].split()[0]) for line in lines if b" PRIVMSG " in line]


def test_one_of_many_that_does_not_read_is_told_and_dropped():
    with running(*QUIET, "--queue", "16K") as chat:
        readers = [Reader(number, chat.irc) for number in range(1, MEMBERS)]
        slow = IrcPeer.__new__(IrcPeer)
        slow.socket, slow.buffer = socket.socket(), b""
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.socket.settimeout(20)
        slow.socket.connect(("127.0.0.1", chat.irc))
        slow.send("NICK justinfan9999", "JOIN #demo")
        slow.until(" 366 ")
        ada = chat.page(chat.ada)
        ada.join("demo")
        said = 0
        while not chat.metric("sluice_chat_slow_consumers_total 1"):
            for _ in range(AT_ONCE):
                ada.say("demo", f"{said} " + "\U0001f600" * 490, f"k{said}")
                said += 1
            while min(len(reader.numbers) for reader in readers) < said:
                for reader in select.select(readers, [], [], 20)[0]:
                    reader.read()
            for _ in range(AT_ONCE):
                ada.until("message")
            assert said < 10_000
        assert all(reader.numbers == list(range(said)) for reader in readers)
        assert slow.until("NOTICE")[-1].endswith(":You are reading too slowly and have been disconnected.")
        with pytest.raises((Closed, ConnectionError)):
            slow.line()
        assert chat.metric("sluice_chat_slow_consumers_total 1")
