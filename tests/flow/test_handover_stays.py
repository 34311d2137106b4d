"""What cannot be handed over stays in the ingestd that was replaced until it ends, and the next one knows of it."""
import contextlib
import select
import signal

import pytest

from handover import LONG, Taker, channel, grown, half_way, plain, store_locked
from harness import Publisher, wait_for
from ingest import Ingest, ended, hand_publish, read_until
from kills import lint


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
            row = ingest.stream()  # at once
            assert second.process.wait(LONG) == 0, second.output()
            grown(ingest)
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


def row_of(ingest, name, state):
    return next((row for row in ingest.streams() if row["channel"] == name and row["state"] == state), None)


def comes(ingest, url, name):
    """A publisher that tries again until it is let in, as encoders do; the row of its stream then."""
    tries = []
    while not (now := row_of(ingest, name, "live")):
        if not tries or tries[-1].process.poll() is not None:
            assert len(tries) < 60, tries[-1].output()
            tries.append(Publisher(url))
        select.select([], [], [], 0.1)
    return tries[-1], now


def is_cut_off(ingest, publisher, name):
    publisher.kill()
    wait_for(lambda: row_of(ingest, name, "waiting"), LONG, f"word that {name} has gone")


def test_who_came_by_srt_and_lost_the_connection_comes_back_while_others_keep_the_port():
    with Ingest("--grace", "40s", platform=True) as ingest, contextlib.ExitStack() as left:
        keys = {"alice": ingest.key, "carol": channel(ingest, "carol"), "dora": channel(ingest, "dora")}
        first, publishers = {}, {}
        for name in ("alice", "carol"):
            publishers[name], first[name] = comes(ingest, ingest.srt_url(keys[name]), name)
            left.callback(publishers[name].stop)
        old = ingest.replace()
        wait_for(lambda: len(ingest.streams()) == 2, LONG, "word of both streams")
        is_cut_off(ingest, publishers["carol"], "carol")
        publishers["carol"], now = comes(ingest, ingest.srt_url(keys["carol"]), "carol")
        left.callback(publishers["carol"].stop)
        assert (now["stream"], now["publisher"]["protocol"]) == (first["carol"]["stream"], "srt")
        # Who was not there is told to try again later, by SRT; the others have their place.
        with Publisher(ingest.srt_url(keys["dora"])) as new:
            assert new.process.wait(LONG) != 0
        assert "the server is being replaced" in old.output()
        with Publisher(ingest.srt_url("wrong")) as new:
            assert new.process.wait(LONG) != 0
        assert "wrong stream key" in old.output()
        # By another way in, the stream is the new process's.
        is_cut_off(ingest, publishers["carol"], "carol")
        publishers["carol"], now = comes(ingest, ingest.url(keys["carol"]), "carol")
        left.callback(publishers["carol"].stop)
        assert (now["stream"], now["publisher"]["protocol"]) == (first["carol"]["stream"], "rtmp")
        assert publishers["alice"].process.poll() is None, publishers["alice"].output()
        publishers["alice"].kill()
        assert old.process.wait(LONG) == 0, old.output()
        publishers["alice"], now = comes(ingest, ingest.srt_url(keys["alice"]), "alice")
        left.callback(publishers["alice"].stop)
        assert now["stream"] == first["alice"]["stream"]


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


def test_who_asks_for_a_place_is_answered_though_the_old_process_hangs_and_others_ask_too():
    with Ingest(platform=True) as ingest, contextlib.ExitStack() as links:
        with Publisher(ingest.tls_url()):
            ingest.wait_state("live", LONG)
            old = ingest.replace()

            def asks():
                link = links.enter_context(plain(ingest))
                link.sendall(half_way(link, ingest.key))
                return link

            old.process.send_signal(signal.SIGSTOP)
            try:
                first, answer, others = asks(), b"", 0
                while b"NetStream.Publish." not in answer:
                    if select.select([first], [], [], 1)[0]:
                        answer += first.recv(65536)
                    else:
                        others += 1
                        assert others < 20, ingest.log()
                        asks()
                assert b"NetStream.Publish.BadName" in answer
            finally:
                old.process.send_signal(signal.SIGCONT)
        assert old.process.wait(LONG) == 0, old.output()


def test_streams_of_old_processes_that_die_are_taken_back_once_and_nobody_else_s():
    with Ingest("--grace", "30s", "--setup-time", "60s", platform=True) as ingest, contextlib.ExitStack() as links:
        rows, elders = {}, []
        for name, key in (("alice", ingest.key), ("carol", channel(ingest, "carol"))):
            links.enter_context(Publisher(ingest.tls_url(key)))
            wait_for(lambda: rows.update({row["channel"]: row for row in ingest.streams()}) or rows.get(name, {}).get("state") == "live", LONG, name)
            elders.append(ingest.replace())
        begins, comes = links.enter_context(plain(ingest)), links.enter_context(plain(ingest))
        begin, come = half_way(begins, channel(ingest, "bob")), half_way(comes, ingest.key)
        with store_locked(ingest):
            # One stream is just being begun, one of those that are taken back is wanted already, and both processes die before the store has answered.
            begins.sendall(begin)
            for elder in elders:
                elder.process.kill()
                elder.process.wait()
            wait_for(lambda: ingest.log().count("a process that was replaced died") == 2, LONG, "word of their deaths")
            comes.sendall(come)
        for link in (begins, comes):
            assert b"NetStream.Publish.Start" in read_until(link, b"NetStream.Publish.", LONG)
        now = {row["channel"]: row for row in ingest.streams()}
        assert set(now) == {"alice", "bob", "carol"}
        assert all(now[name]["stream"] == rows[name]["stream"] for name in ("alice", "carol"))
        assert ingest.log().count("stream taken back") == 2 and "ending the stream" not in ingest.log(), ingest.log()
