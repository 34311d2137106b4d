"""Two ingestds on one machine and one platform, each by a name of its own."""
import contextlib
import copy
import subprocess

from handover import LONG, assert_whole, channel, read_back
from harness import Publisher, free_port, free_udp_port, wait_for
from ingest import Ingest, hand_publish
from numbered import NumberedPublisher


@contextlib.contextmanager
def another(ingest, name):
    """An ingestd of that name on the platform of this one."""
    node = copy.copy(ingest)
    node.port, node.tls_port, node.srt_port = free_port(), free_port(), free_udp_port()
    node.control, node.options = ingest.directory / f"{name}.sock", ("--node", name, "--grace", "30s")
    node.start()
    try:
        yield node
    finally:
        if node.daemon.process.poll() is None:
            node.daemon.stop()


def refused(node, changed, *more):
    """What an ingestd says that is started beside this one with some words changed, and ends."""
    done = subprocess.run([*(changed.get(word, word) for word in node.daemon.process.args[:-2]), *more], capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 75, done
    return done.stderr


def test_each_keeps_to_its_own_streams():
    with Ingest("--node", "a", "--grace", "30s", platform=True) as a, another(a, "b") as b:
        key = channel(a, "bob")
        with NumberedPublisher(a.url()) as alice, Publisher(b.url(key)):
            first, other = a.wait_state("live", LONG), b.wait_state("live", LONG)
            ledger = a.directory / "ledgers" / first["stream"]
            # A channel has one publisher, wherever another comes in.
            for node, taken in ((b, a.key), (a, key)):
                link, answer = hand_publish(node.port, taken)
                link.close()
                assert b"NetStream.Publish.BadName" in answer
            # Each name is there once, and none takes the other's place.
            assert "another ingestd runs as b" in refused(b, {str(b.control): str(a.directory / "c.sock")})
            assert "another node" in refused(a, {"a": "b"}, "--take-over")
            # One is replaced, the other dies and comes back: each with its own streams.
            wait_for(lambda: (ledger / "index").exists(), LONG, "the ledger")
            assert a.replace().process.wait(LONG) == 0
            b.daemon.process.kill()
            b.daemon.process.wait()
            b.start()
            assert [row["stream"] for row in a.streams()] == [first["stream"]]
            assert b.wait_state("waiting", LONG)["stream"] == other["stream"]
            with Publisher(b.url(key)):
                assert b.wait_state("live", LONG)["stream"] == other["stream"]
            assert alice.alive() and alice.stop(), alice.output()
        wait_for(lambda: a.streams() == [], LONG, "the end")
        assert_whole(read_back(a, ledger=ledger))
