"""ingestd replaced while it serves: what plain RTMP publishers notice of it, which is nothing."""
import contextlib
import socket

import pytest

from handover import LONG, assert_whole, grown, read_back
from harness import Publisher, free_port, get, wait_for
from ingest import Ingest, message, opening, read_some, read_until
from numbered import NumberedPublisher


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


def test_nobody_to_take_over_from_is_said_and_no_fault():
    with Ingest() as ingest:
        ingest.daemon.stop()
        ingest.start("--take-over")
        assert "there is nothing to take over" in ingest.log()
        with Publisher(ingest.url()):
            ingest.wait_state("live", LONG)
