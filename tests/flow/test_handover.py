"""ingestd replaced while it serves: what plain RTMP publishers notice of it (nothing), what becomes of the others, and what a handover that
fails costs (nothing)."""
import array
import contextlib
import fcntl
import json
import os
import re
import select
import signal
import socket
import sqlite3
import struct
import subprocess
import threading

import pytest

from harness import Daemon, Platform, Publisher, free_port, get, program, wait_for
from ingest import Ingest, ended, hand_publish, message, opening, parts, publish_command, read_some, read_until, tls
from kills import below, lint, processes
from numbered import NumberedPublisher, check_frames, renditions

VERSION = 2
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

    def give(self, about, *fds):
        """Hands over one thing, while the next ingestd is started."""
        def run():
            link, _ = self.door.accept()
            link.settimeout(LONG)
            with link, contextlib.suppress(ConnectionResetError):
                for answer in ({"coming": []}, None, {"yours": True}, None):
                    if not (text := link.recv(65536)):
                        return
                    self.said.append(json.loads(text))
                    if "prepared" in self.said[-1]:
                        socket.send_fds(link, [json.dumps(about).encode()], fds)
                        answer = {"complete": True}
                    if answer:
                        link.send(json.dumps(answer).encode())
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


@pytest.mark.parametrize("size,bframes", [((320, 180), 0), ((854, 480), 2)], ids=["passed-through", "encoded"])
def test_replaced_several_times_and_no_publisher_notices(size, bframes):
    with Ingest(platform=True) as ingest:
        with NumberedPublisher(ingest.url(), width=size[0], height=size[1], bframes=bframes) as publisher:
            first = ingest.wait_state("live", LONG)
            for _ in range(4):
                grown(ingest)
                old = ingest.replace()
                assert old.process.wait(LONG) == 0, old.output()
            grown(ingest)
            last = ingest.stream()
            assert publisher.alive() and publisher.stop(), publisher.output()
        # The same connection, stream and start; nothing but frames since.
        assert (last["stream"], last["since"], last["publisher"]) == (first["stream"], first["since"], first["publisher"])
        assert last["dropped_frames"] == last["timestamp_repairs"] == last["restarts"] == 0
        wait_for(lambda: ingest.streams() == [], LONG, "the end")
        assert_whole(read_back(ingest))


def test_connections_move_in_the_middle_of_anything():
    """Half a handshake, half a command, half a picture, and somebody who waits for the answer to publish."""
    metrics = f"127.0.0.1:{free_port()}"
    with Ingest("--metrics", metrics) as ingest, contextlib.ExitStack() as links:
        c0c1, commands = opening("s3cret")
        greeting = links.enter_context(socket.create_connection(("127.0.0.1", ingest.port), LONG))
        greeting.sendall(c0c1[:700])
        talking = links.enter_context(socket.create_connection(("127.0.0.1", ingest.port), LONG))
        talking.sendall(c0c1)
        answer = read_some(talking, 1 + 2 * 1536)
        talking.sendall(answer[1:1537] + opening("other")[1][:60])
        connected = lambda: b"\nsluice_ingest_connections 2\n" in get(f"http://{metrics}/metrics")[2]
        wait_for(connected, LONG, "both are known")

        assert ingest.replace().process.wait(LONG) == 0
        wait_for(connected, LONG, "both are known to the next")
        talking.sendall(opening("other")[1][60:])
        assert b"NetStream.Publish.Start" in read_until(talking, b"NetStream.Publish.", LONG)
        greeting.sendall(c0c1[700:])
        answer = read_some(greeting, 1 + 2 * 1536)
        assert answer[0:1] == b"\x03" and len(answer) == 3073
        greeting.sendall(answer[1:1537] + commands)
        assert b"NetStream.Publish.Start" in read_until(greeting, b"NetStream.Publish.", LONG)

        # An AAC configuration and frames, cut in the middle of a message.
        sound = message(8, b"\xaf\x00\x11\x90", stream=1, chunk_stream=6) + b"".join(
            message(8, b"\xaf\x01" + bytes([n]) * 300, stream=1, chunk_stream=6, timestamp=n * 21) for n in range(100))
        talking.sendall(sound[:10_000])
        wait_for(lambda: any(row["channel"] == "bob" and row["bitrate"] > 0 for row in ingest.streams()), LONG, "media")
        assert ingest.replace().process.wait(LONG) == 0
        talking.sendall(sound[10_000:])
        wait_for(lambda: any(row["channel"] == "bob" and row["publisher"] and row["held_ms"] > 0 for row in ingest.streams()), LONG, "the rest")
        assert len(ingest.streams()) == 2


@pytest.mark.parametrize("protocol", ["rtmps", "srt"])
def test_who_cannot_move_stays_until_it_ends(protocol):
    with Ingest("--grace", "10s", platform=True) as ingest:
        with Publisher(ingest.tls_url() if protocol == "rtmps" else ingest.srt_url()) as publisher:
            first = ingest.wait_state("live", LONG)
            old = ingest.replace()
            grown(ingest)
            row = wait_for(ingest.stream, LONG, "word of the stream")
            assert (row["stream"], row["publisher"]["protocol"]) == (first["stream"], protocol)
            # Its place is taken, by whichever way one comes.
            link, answer = hand_publish(ingest.port, ingest.key)
            link.close()
            assert b"NetStream.Publish.BadName" in answer
            # Twice replaced, it is still with the first.
            second = ingest.replace()
            assert second.process.wait(LONG) == 0, second.output()
            grown(ingest)
            row = wait_for(ingest.stream, LONG, "word of the stream")
            assert (row["stream"], row["publisher"]) == (first["stream"], first["publisher"])
            assert old.process.poll() is None and publisher.process.poll() is None
            publisher.kill()
        # Its stream waits for it, in the new process, and the old one has nothing left to do.
        ingest.wait_state("waiting", LONG)
        assert old.process.wait(LONG) == 0, old.output()
        with Publisher(ingest.url()):
            row = ingest.wait_state("live", LONG)
            assert row["stream"] == first["stream"]
            grown(ingest)
        wait_for(lambda: ended(ingest.ledgers()[0]), LONG, "the end of the stream")
        lint(ingest.ledgers()[0])
        # SRT's port is the new process's.
        with Publisher(ingest.srt_url(), seconds=5):
            assert ingest.wait_state("live", LONG)["publisher"]["protocol"] == "srt"


def test_a_command_keeps_the_stream_that_it_was_given():
    with Ingest("--exec", "cat >/dev/null") as ingest:
        with Publisher(ingest.url()) as publisher:
            ingest.wait_state("live", LONG)
            old = ingest.replace()
            assert wait_for(ingest.stream, LONG, "word of the stream")["channel"] == "alice"
            link, answer = hand_publish(ingest.port, ingest.key)
            link.close()
            assert b"NetStream.Publish.BadName" in answer and old.process.poll() is None
            publisher.stop()
        assert old.process.wait(LONG) == 0 and "the pipeline" not in old.output()
        wait_for(lambda: ingest.streams() == [], LONG, "word of the end")


def test_a_stream_that_waits_for_its_publisher_moves_and_one_that_stayed_can_be_ended():
    with Ingest("--grace", "20s", platform=True) as ingest:
        with Publisher(ingest.url()) as publisher:
            first = ingest.wait_state("live", LONG)
            publisher.kill()
        ingest.wait_state("waiting", LONG)
        assert ingest.replace().process.wait(LONG) == 0
        assert ingest.stream()["state"] == "waiting"
        with Publisher(ingest.tls_url()) as publisher:
            assert ingest.wait_state("live", LONG)["stream"] == first["stream"]
            old = ingest.replace()
            assert ingest.ask(command="kick", channel="alice") == {"ok": True, "stream": first["stream"]}
            assert publisher.process.wait(LONG) != 0
            assert old.process.wait(LONG) == 0
        wait_for(lambda: ended(ingest.ledgers()[0]), LONG, "the end of the stream")
        assert ingest.streams() == []


def test_an_old_process_that_dies_leaves_its_streams():
    with Ingest("--grace", "20s", platform=True) as ingest:
        with Publisher(ingest.tls_url()):
            first = ingest.wait_state("live", LONG)
            old = ingest.replace()
            wait_for(ingest.stream, LONG, "word of the stream")
            old.process.kill()
            old.process.wait()
        assert ingest.wait_state("waiting", LONG)["stream"] == first["stream"]
        with Publisher(ingest.url()):
            assert ingest.wait_state("live", LONG)["stream"] == first["stream"]


def test_a_new_process_that_dies_leaves_the_way_in_by_srt_to_the_one_after_it():
    with Ingest("--grace", "20s", platform=True) as ingest:
        with Publisher(ingest.srt_url()) as publisher:
            first = ingest.wait_state("live", LONG)
            old = ingest.replace()
            wait_for(ingest.stream, LONG, "word of the stream")
            ingest.daemon.process.kill()
            ingest.daemon.process.wait()
            assert publisher.process.wait(LONG) != 0  # cut off, to come back
        ingest.start()
        with Publisher(ingest.srt_url()):
            row = ingest.wait_state("live", LONG)
            assert (row["stream"], row["publisher"]["protocol"]) == (first["stream"], "srt")
            assert old.process.wait(LONG) == 0, old.output()
            grown(ingest)
            assert ingest.stream()["publisher"]["protocol"] == "srt"


def test_a_handover_that_fails_costs_nothing():
    with Ingest(platform=True) as ingest:
        with NumberedPublisher(ingest.url()) as publisher:
            first = ingest.wait_state("live", LONG)
            # Another version, another node, other ledgers.
            for changed in ({"take_over": VERSION + 1}, {"node": "elsewhere"}, {"ledgers": "/elsewhere"}):
                with Taker(ingest, **changed) as taker:
                    refused = taker.until("refused")["refused"]
                    assert refused["what"] and refused["hint"]
            # One that goes away before anything has stopped.
            with Taker(ingest) as taker:
                assert taker.until("coming")["coming"] == [first["stream"]]
            # One that goes away with everything in its hands, and one that was even told that it is its own.
            for word in ("complete", "yours"):
                grown(ingest)
                called_off = ingest.log().count("called off")
                with Taker(ingest) as taker:
                    assert taker.until("complete")
                    assert len(taker.fds) >= 6  # ways in, lock, state, publisher
                    if word == "yours":
                        taker.say(ready=True)
                        assert taker.until("yours")
                wait_for(lambda: ingest.log().count("called off") > called_off, LONG, "word of it")
                grown(ingest)
            # A real one that has taken everything and then cannot serve: another program has its metrics port.
            with socket.create_server(("127.0.0.1", 0)) as taken:
                command = [*ingest.daemon.process.args[:-2], "--take-over", "--metrics", f"127.0.0.1:{taken.getsockname()[1]}"]
                failed = subprocess.run(command, capture_output=True, text=True, timeout=LONG)
                assert failed.returncode == 75 and "port" in failed.stderr, failed
            assert ingest.stream()["publisher"] == first["publisher"]
            grown(ingest)
            # One that hangs.
            with Taker(ingest) as taker:
                assert taker.until("off")
            grown(ingest)
            last = ingest.stream()
            # And one that does as it should, after all that.
            assert ingest.replace().process.wait(LONG) == 0
            grown(ingest)
            assert publisher.alive() and publisher.stop(), publisher.output()
        assert (last["stream"], last["publisher"]) == (first["stream"], first["publisher"])
        wait_for(lambda: ingest.streams() == [], LONG, "the end")
        assert_whole(read_back(ingest))


def test_who_connects_and_says_nothing_costs_live_streams_nothing():
    with Ingest("--setup-time", "60s", platform=True) as ingest, contextlib.ExitStack() as links:
        with NumberedPublisher(ingest.url()) as publisher:
            ingest.wait_state("live", LONG)
            grown(ingest)
            for port in (ingest.port, ingest.tls_port):
                for _ in range(3):
                    links.enter_context(socket.create_connection(("127.0.0.1", port), LONG))
            wait_for(lambda: len(ingest.streams()) == 1, LONG, "the stream")
            old = ingest.replace()
            assert old.process.wait(LONG) == 0, old.output()
            log = old.output()
            # They had their two seconds while the pipeline ran.
            assert (when(log, "pipeline ended") - when(log, "another ingestd takes over")) % 86400 > 1.5, log
            grown(ingest)
            assert publisher.alive() and publisher.stop(), publisher.output()
        wait_for(lambda: ingest.streams() == [], LONG, "the end")
        assert_whole(read_back(ingest))


@pytest.mark.parametrize("given", [False, True], ids=["called-off", "given"])
def test_nothing_begins_or_ends_while_it_is_open_whose_the_streams_are(given):
    with Ingest("--setup-time", "60s", platform=True) as ingest:
        with Publisher(ingest.url()), tls(ingest.tls_port) as stranger:
            first = ingest.wait_state("live", LONG)
            publish = half_way(stranger, channel(ingest, "bob"))
            with Taker(ingest) as taker:
                assert taker.until("complete")
                # By RTMPS one can still say something.
                stranger.sendall(publish)
                kicked = ingest.ask(command="kick", channel="alice")
                assert "replaced" in kicked["error"]["what"] and "try again" in kicked["error"]["hint"]
                assert [row["channel"] for row in ingest.streams()] == ["alice"]
                if given:
                    taker.say(ready=True)
                    assert taker.until("yours")
                    taker.say(mine=True)
                    # Who had not come in by then is told, and nothing of it has begun.
                    assert b"try again" in read_until(stranger, b"try again", LONG)
                    assert "bob" not in ingest.log()
                    assert ingest.daemon.process.wait(LONG) == 0
                else:
                    assert taker.until("off")
            if not given:
                assert b"NetStream.Publish.Start" in read_until(stranger, b"NetStream.Publish.", LONG)
                log = ingest.log()
                assert log.index("called off") < log.index("channel=bob")
                rows = {row["channel"]: row for row in ingest.streams()}
                assert rows["alice"]["stream"] == first["stream"] and "bob" in rows


def test_who_has_asked_to_publish_when_the_store_hangs_is_answered_by_the_next():
    with Ingest("--setup-time", "60s", "--grace", "2s", platform=True) as ingest:
        ending = [channel(ingest, name) for name in ("carol", "dave", "erin")]
        key = channel(ingest, "bob")
        with NumberedPublisher(ingest.url()) as publisher, plain(ingest) as asking, contextlib.ExitStack() as links:
            ingest.wait_state("live", LONG)
            grown(ingest)
            [ledger] = ingest.ledgers()
            for other in ending:
                link, answer = hand_publish(ingest.port, other)
                links.enter_context(link)
                assert b"NetStream.Publish.Start" in answer
            publish = half_way(asking, key)
            with store_locked(ingest):
                # Each waits five seconds for the store to record its end, and whose bob's key is is asked behind them.
                for name in ("carol", "dave", "erin"):
                    assert ingest.ask(command="kick", channel=name)["ok"]
                asking.sendall(publish)
                old = ingest.replace()
            assert b"NetStream.Publish.Start" in read_until(asking, b"NetStream.Publish.", LONG)
            assert old.process.wait(LONG) == 0
            assert "channel=bob" in ingest.log() and "channel=bob" not in old.output()
            assert publisher.alive() and publisher.stop(), publisher.output()
        wait_for(lambda: ingest.streams() == [], LONG, "the end")
        assert_whole(read_back(ingest, ledger=ledger))


def test_a_stream_that_the_store_lets_nobody_begin_stops_no_other():
    with Ingest("--setup-time", "60s", "--grace", "2s", platform=True) as ingest:
        with NumberedPublisher(ingest.url()) as publisher:
            ingest.wait_state("live", LONG)
            key = channel(ingest, "bob")
            grown(ingest)
            [ledger] = ingest.ledgers()
            with plain(ingest) as begins:
                publish = half_way(begins, key)
                with store_locked(ingest):
                    begins.sendall(publish)
                    with Taker(ingest) as taker:
                        said = taker.until("refused")
                assert "does not answer" in said["refused"]["what"], said
                answer = read_until(begins, b"NetStream.Publish.", LONG)
                assert b"NetStream.Publish.Start" in answer or b"try again" in answer
            assert "pipeline ended" not in ingest.log()
            assert publisher.alive() and publisher.stop(), publisher.output()
        wait_for(lambda: ingest.streams() == [], LONG, "the end")
        assert_whole(read_back(ingest, ledger=ledger))


def test_a_successor_that_reads_nothing_is_taken_for_dead_and_holds_nobody_up():
    with Ingest("--grace", "2s", platform=True) as ingest:
        with Publisher(ingest.tls_url()) as publisher:
            ingest.wait_state("live", LONG)
            grown(ingest)
            with Taker(ingest) as taker:
                taker.own()
                [channel] = [row["channel"] for row in taker.kept]
                for _ in range(2000):  # each is answered: its publisher is alive
                    taker.say(want=channel)
                while "it takes no messages" not in ingest.log():
                    grown(ingest)
            assert publisher.process.poll() is None, publisher.output()
            publisher.stop()
        assert ingest.daemon.process.wait(LONG) == 0, ingest.log()


def test_a_stream_that_cannot_be_gone_on_with_is_left_where_it_is():
    held = {"channel": 1, "name": "alice", "stream": "s1", "owner": "", "live": False, "since": 0}
    name = b"stream"
    with Ingest() as ingest:
        ingest.daemon.stop()
        for state, why in ((struct.pack(">Q", len(name)) + name + struct.pack(">Q", 99), "the stream is of version 99"), (b"", "it ends early")):
            with Giver(ingest) as giver, os.fdopen(sealed(state), "rb") as file:
                giver.give({"stream": held}, file.fileno())
                failed = subprocess.run([*ingest.daemon.process.args[:-2], "--take-over"], capture_output=True, text=True, timeout=LONG)
                assert failed.returncode not in (0, 2) and why in failed.stderr, failed
            assert not any("ready" in said for said in giver.said)


def test_a_connection_that_cannot_be_gone_on_with_is_closed_and_costs_no_handover():
    with Ingest() as ingest:
        ingest.daemon.stop()
        here, there = socket.socketpair()
        with Giver(ingest) as giver, os.fdopen(sealed(b"torn"), "rb") as file, here:
            with there:
                giver.give({"connection": True}, file.fileno(), there.fileno())
                ingest.start("--take-over")
            assert "it cannot be gone on with" in ingest.log()
            here.settimeout(LONG)
            assert here.recv(1) == b""
        assert [word in said for word, said in zip(("take_over", "prepared", "ready", "mine"), giver.said, strict=True)] == [True] * 4


def test_nobody_to_take_over_from_is_said_and_no_fault():
    with Ingest() as ingest:
        ingest.daemon.stop()
        ingest.start("--take-over")
        assert "there is nothing to take over" in ingest.log()
        with Publisher(ingest.url()):
            ingest.wait_state("live", LONG)


def test_sluice_upgrade_replaces_ingestd_and_keeps_watching_it():
    with Platform() as platform:
        key = platform.channel("alice")
        other = platform.channel("bob")
        with NumberedPublisher(platform.publish_url(key)) as publisher, \
                Publisher(f"rtmps://127.0.0.1:{platform.port('rtmps')}/live/{other}") as staying:
            platform.wait_live("alice", LONG)
            platform.wait_live("bob", LONG)
            [before] = [row for row in platform.status()["streams"] if row["channel"] == "alice"]
            first = platform.pid("ingestd")
            assert "replaced" in platform.run("sluice", "upgrade")
            second = platform.pid("ingestd")
            assert second != first and first in below(platform.process.pid)  # it has bob's stream

            # One that cannot start changes nothing.
            configuration = platform.directory / "ingestd.conf"
            configuration.write_text("grace = soon\n")
            failed = platform.run("sluice", "upgrade", check=False)
            assert failed.returncode == 1 and "goes on" in failed.stderr
            configuration.unlink()
            assert platform.status()["state"] == "ready" and platform.pid("ingestd") == second
            assert platform.run("sluice", "upgrade", "nobody", check=False).returncode == 2

            platform.run("sluice", "upgrade")
            third = platform.pid("ingestd")
            assert third not in (first, second)
            wait_for(lambda: second not in processes(), LONG, "the second to end")
            rows = wait_for(lambda: (rows := platform.status()["streams"]) and len(rows) == 2 and rows, LONG, "both streams")
            [after] = [row for row in rows if row["channel"] == "alice"]
            assert (after["stream"], after["publisher"]) == (before["stream"], before["publisher"])
            assert all(program["restarts"] == 0 for program in platform.status()["programs"])
            assert publisher.alive() and staying.process.poll() is None
            assert publisher.stop(), publisher.output()
            # The first ends when its publisher does; the third is looked after as any.
            staying.stop()
            wait_for(lambda: first not in processes(), LONG, "the first to end")
            os.kill(third, signal.SIGKILL)
            fourth = wait_for(lambda: (pid := platform.pid("ingestd")) and pid != third and pid, LONG, "ingestd again")
            assert fourth in below(platform.process.pid)
        [ledger] = [each for each in (platform.directory / "ledgers").iterdir() if each.name == before["stream"]]
        wait_for(lambda: ended(ledger), LONG, "the end of the stream")
        lint(ledger)
        vod = f"http://127.0.0.1:{platform.port('origin')}/vod/alice/{ledger.name}/master.m3u8"
        assert_whole({name: check_frames(*where) for name, where in renditions(vod).items()})


def test_sluice_upgrade_tells_a_death_from_a_replacement():
    with Platform() as platform, contextlib.ExitStack() as links:
        before = platform.pid("ingestd")
        log = platform.directory / "logs" / "ingestd.log"
        # While somebody is half way in, it waits.
        links.enter_context(socket.create_connection(("127.0.0.1", platform.port("rtmps")), LONG))
        said = []
        upgrade = threading.Thread(target=lambda: said.append(platform.run("sluice", "upgrade", check=False)))
        upgrade.start()
        wait_for(lambda: "another ingestd takes over" in log.read_text(), LONG, "the handover")
        os.kill(before, signal.SIGKILL)
        upgrade.join(LONG)
        [done] = said
        assert done.returncode == 1 and "killed by signal 9" in done.stderr and "replaced:" not in done.stdout, done
        after = wait_for(lambda: (pid := platform.pid("ingestd")) and pid != before and pid, LONG, "ingestd again")
        assert f"goes on for {after}" in platform.run("sluice", "upgrade")


def test_all_processes_of_an_upgraded_ingestd_end_with_the_platform():
    with Platform() as platform:
        key = platform.channel("alice")
        with Publisher(f"rtmps://127.0.0.1:{platform.port('rtmps')}/live/{key}"):
            platform.wait_live("alice", LONG)
            platform.run("sluice", "upgrade")
            members = below(platform.process.pid)
            assert len([row for row in members.values() if row[1] == "ingestd"]) == 2
            platform.stop()
            assert platform.process.returncode == 0
            left = processes()
            assert not [row for pid, row in members.items() if left.get(pid, ("", ""))[1:] == row[1:]]
