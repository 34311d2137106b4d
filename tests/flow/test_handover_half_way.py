"""Who is half way in when ingestd is replaced, and what it may cost the others: nothing."""
import contextlib
import socket

import pytest

from handover import LONG, Taker, assert_whole, channel, grown, half_way, plain, read_back, store_locked, when
from harness import Publisher, wait_for
from ingest import Ingest, hand_publish, read_until, tls
from numbered import NumberedPublisher


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
