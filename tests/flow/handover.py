"""What the tests of a handover share: both sides of one played by hand, connections on their way in, and what must be whole afterwards."""
import array
import contextlib
import fcntl
import json
import os
import re
import socket
import sqlite3
import threading

from harness import Daemon, free_port, program, wait_for
from ingest import ended, opening, parts, publish_command, read_some
from kills import lint
from numbered import check_frames, renditions

VERSION = 3
LONG = 60  # s: everything here may have the machine to share


def read_back(ingest, channel="alice", ledger=None):
    """{rendition: what was read of the burnt-in numbers} of the ledger, the only one if none is named, which hlslint finds nothing in."""
    if ledger is None:
        [ledger] = ingest.ledgers()
    wait_for(lambda: ended(ledger), LONG, "the end of the stream")
    lint(ledger)
    with Daemon(program("origind"), "--dir", str(ingest.directory), "--http-port", str(port := free_port()), "--bind", "127.0.0.1"):
        found = renditions(f"http://127.0.0.1:{port}/vod/{channel}/{ledger.name}/master.m3u8")
        return {name: check_frames(*where) for name, where in found.items()}


def assert_whole(read):
    assert read
    for name, result in read.items():
        assert (result["first"], result["lost"], result["repeated"], result["backwards"], result["unreadable"], result["decoder"]) == \
            (0, 0, 0, 0, 0, ""), (name, result)


def grown(ingest, rendition="source"):
    """Waits until the ledger has grown by two parts."""
    [ledger] = ingest.ledgers()
    before = len(parts(ledger, rendition))
    wait_for(lambda: len(parts(ledger, rendition)) >= before + 2, LONG, "parts")


class Taker:
    """A process that asks an ingestd to hand over, as the next ingestd would, and does with what comes what the test wants."""

    def __init__(self, ingest, **changed):
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link.settimeout(LONG)
        self.link.connect(f"{ingest.control}.handover")
        self.fds, self.kept = [], []
        self.say(**{"take_over": VERSION, "node": socket.gethostname(), "ledgers": str(ingest.directory / "ledgers"), **changed})

    def say(self, **what):
        self.link.send(json.dumps(what).encode())

    def hear(self):
        """The next message; nothing at the end."""
        text, control, _, _ = self.link.recvmsg(65536, socket.CMSG_LEN(8 * 4))
        for _, _, data in control:
            self.fds.extend(array.array("i", data))
        return json.loads(text) if text else None

    def until(self, word):
        while (said := self.hear()) is not None and word not in said:
            if "coming" in said:
                self.say(prepared=True)
            if "kept" in said:
                self.kept.append(said["kept"])
        return said

    def everything(self):
        """[(message, its descriptors)] of all that is given."""
        given = []
        while not given or "complete" not in given[-1][0]:
            before = len(self.fds)
            said = self.hear()
            given.append((said, self.fds[before:]))
            if "coming" in said:
                self.say(prepared=True)
        return given

    def own(self):
        """Says that it has everything, and takes it."""
        assert self.until("complete")
        self.say(ready=True)
        assert self.until("yours")
        self.say(mine=True)

    def close(self):
        self.link.close()
        for fd in self.fds:
            os.close(fd)
        self.fds = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Giver:
    """A process that another ingestd takes over from, and that gives it what the test wants."""

    def __init__(self, ingest):
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.door.settimeout(LONG)
        self.path = f"{ingest.control}.handover"
        self.door.bind(self.path)
        self.door.listen(1)
        self.said = []
        self.thread = None

    def give(self, about, *fds, off=None):
        """Hands over one thing, while the next ingestd is started. With `off` that is called off, for that reason, when it has everything."""
        def run():
            link, _ = self.door.accept()
            link.settimeout(LONG)
            with link, contextlib.suppress(ConnectionError):
                for answer in ({"coming": []}, None, {"yours": True}, None):
                    if not (text := link.recv(65536)):
                        return
                    self.said.append(json.loads(text))
                    if "prepared" in self.said[-1]:
                        socket.send_fds(link, [json.dumps(about).encode()], fds)
                        answer = {"complete": True}
                    if answer:
                        link.send(json.dumps(answer).encode())
                    if off and "prepared" in self.said[-1]:
                        link.send(json.dumps({"off": off}).encode())
                        return
        self.thread = threading.Thread(target=run)
        self.thread.start()

    def pass_on(self, given):
        """Hands over what another process gave, and closes when the next ingestd is ready."""
        def run():
            link, _ = self.door.accept()
            link.settimeout(LONG)
            with link:
                self.said.append(json.loads(link.recv(65536)))
                for about, fds in given:
                    socket.send_fds(link, [json.dumps(about).encode()], fds)
                    if "coming" in about:
                        self.said.append(json.loads(link.recv(65536)))
                self.said.append(json.loads(link.recv(65536)))
        self.thread = threading.Thread(target=run)
        self.thread.start()

    def keep_until_kicked(self, given):
        """Hands over what another process gave but for its only stream, and that when the next ingestd wants it ended."""
        [(stream, state)] = [each for each in given if "stream" in each[0]]

        def run():
            link, _ = self.door.accept()
            link.settimeout(LONG)
            with link:
                hear = lambda: self.said.append(json.loads(link.recv(65536))) or self.said[-1]
                hear()
                for about, fds in given:
                    if "stream" in about:
                        about, fds = {"kept": {name: about["stream"][name] for name in ("channel", "name", "stream")}}, []
                    socket.send_fds(link, [json.dumps(about).encode()], fds)
                    if "coming" in about:
                        hear()
                assert "ready" in hear()
                link.send(json.dumps({"yours": True}).encode())
                while "kick" not in hear():
                    pass
                socket.send_fds(link, [json.dumps(stream).encode()], state)
                while "taken" not in hear():
                    pass
        self.thread = threading.Thread(target=run)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thread.join(LONG)
        self.door.close()
        os.unlink(self.path)


def sealed(content):
    """A descriptor of a memory file with that content."""
    fd = os.memfd_create("state", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, content)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
    return fd


def channel(ingest, name):
    """Another channel's key."""
    ingest.tool("chanctl", "user", "add", name)
    ingest.tool("chanctl", "channel", "add", name, "--owner", name)
    return ingest.tool("chanctl", "key", "rotate", name)


def plain(ingest):
    return socket.create_connection(("127.0.0.1", ingest.port), LONG)


def half_way(link, key):
    """Takes an RTMP connection to just before it says publish; what is left to say."""
    c0c1, commands = opening(key)
    link.settimeout(LONG)
    link.sendall(c0c1)
    answer = read_some(link, 1 + 2 * 1536)
    publish = publish_command(key)
    link.sendall(answer[1:1537] + commands[:-len(publish)])
    return publish


@contextlib.contextmanager
def store_locked(ingest):
    """The store takes no writes, and ingestd's thread for it waits with one."""
    store = sqlite3.connect(ingest.directory / "store.db", isolation_level=None)
    store.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        store.rollback()
        store.close()


def when(log, text):
    """When a line of a log that has the text was written: seconds of the day."""
    line = next(line for line in log.splitlines() if text in line)
    hours, minutes, seconds = re.match(r"(\d\d):(\d\d):(\d\d\.\d+) ", line).groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
