"""What a handover of ingestd that fails costs: nothing."""
import os
import socket
import struct
import subprocess

from handover import LONG, VERSION, Giver, Taker, assert_whole, grown, read_back, sealed
from harness import wait_for
from ingest import Ingest
from numbered import NumberedPublisher


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
