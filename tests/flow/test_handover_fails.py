"""What a handover of ingestd that fails costs: nothing."""
import os
import signal
import socket
import struct
import subprocess

import pytest

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


def test_one_that_was_too_slow_is_told_that_the_other_goes_on():
    with Ingest() as ingest:
        ingest.daemon.stop()
        # While it takes what it is given, and when it has all of it.
        for about, off in (({"off": "it dawdled"}, None), ({"listening": "nowhere"}, "it dawdled")):
            with Giver(ingest) as giver:
                giver.give(about, off=off)
                failed = subprocess.run([*ingest.daemon.process.args[:-2], "--take-over"], capture_output=True, text=True, timeout=LONG)
                assert failed.returncode == 75 and "the running ingestd goes on: it dawdled" in failed.stderr, failed


def test_no_configuration_is_read_that_would_end_with_the_process():
    with Ingest() as ingest:
        with Taker(ingest) as taker:
            assert taker.until("coming")
            refused = ingest.ask(command="reload")["error"]
            assert "replaced" in refused["what"] and "try again" in refused["hint"]
        wait_for(lambda: ingest.ask(command="reload").get("reloaded"), LONG, "a reload, afterwards")


@pytest.mark.parametrize("dead", ["killed", "told to stop twice", ""], ids=["killed", "stopped", "alive"])
def test_what_was_given_is_gone_on_with_where_the_old_process_died_and_only_there(dead):
    with Ingest(platform=True) as ingest:
        with NumberedPublisher(ingest.url()) as publisher:
            first = ingest.wait_state("live", LONG)
            grown(ingest)
            with Taker(ingest) as taker:
                given = taker.everything()
                if dead == "killed":
                    ingest.daemon.process.kill()
                    ingest.daemon.process.wait()
                elif dead:
                    taker.say(ready=True)
                    assert taker.until("yours")
                    ingest.daemon.process.send_signal(signal.SIGTERM)
                    ingest.wait_log("draining", LONG)
                    ingest.daemon.process.send_signal(signal.SIGTERM)
                    assert ingest.daemon.process.wait(LONG) == 0
                    # The next one listens there.
                    assert ingest.control.exists() and ingest.control.with_name(f"{ingest.control.name}.handover").exists()
                control, ingest.control = ingest.control, ingest.directory / "next.sock"
                with Giver(ingest) as giver:
                    giver.pass_on(given)
                    if dead:
                        ingest.start("--take-over")
                    else:
                        command = [str(ingest.control) if word == str(control) else word for word in ingest.daemon.process.args[:-2]]
                        failed = subprocess.run([*command, "--take-over"], capture_output=True, text=True, timeout=LONG)
                        assert failed.returncode == 75 and "goes on: it closed the handover" in failed.stderr, failed
                        ingest.control = control
                assert [word in said for word, said in zip(("take_over", "prepared", "ready"), giver.said, strict=True)] == [True] * 3
            grown(ingest)
            last = ingest.stream()
            assert publisher.alive() and publisher.stop(), publisher.output()
        assert (last["stream"], last["publisher"]) == (first["stream"], first["publisher"])
        wait_for(lambda: ingest.streams() == [], LONG, "the end")
        assert_whole(read_back(ingest))


def test_a_second_that_asks_meanwhile_is_told_why_not():
    with Ingest() as ingest, Taker(ingest) as taker:
        assert taker.until("coming")
        failed = subprocess.run([*ingest.daemon.process.args[:-2], "--take-over"], capture_output=True, text=True, timeout=LONG)
        assert failed.returncode == 75 and "another ingestd is just taking over" in failed.stderr, failed
