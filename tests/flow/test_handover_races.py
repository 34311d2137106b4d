"""What comes in the moment in which ingestd is replaced, or in which it can do nothing about it, is not lost."""
import os
import pathlib
import signal
import threading

from handover import LONG, Giver, Taker, grown, store_locked
from harness import Publisher, wait_for
from ingest import Ingest, ended


def test_a_configuration_that_was_saved_before_the_old_process_was_asked_is_the_next_ones(tmp_path):
    settings = tmp_path / "ingestd.conf"
    settings.write_text("grace = 10s\n")
    with Ingest("--config", str(settings)) as ingest:
        old = ingest.daemon.process
        old.send_signal(signal.SIGSTOP)  # so it is not asked before the next one has read its configuration, and this is saved
        taking_over = threading.Thread(target=ingest.start, args=("--take-over",))
        taking_over.start()
        try:
            wait_for(lambda: pathlib.Path("/proc/net/unix").read_text().count(f"{ingest.control}.handover\n") > 1, LONG, "somebody at the door")
            settings.write_text("grace = 11s\n")
        finally:
            old.send_signal(signal.SIGCONT)
            taking_over.join()
        assert old.wait(LONG) == 0
        assert ingest.ask(command="reload") == {"reloaded": True, "changed": [], "need_restart": []}
        settings.write_text("grace = 12s\n")
        assert ingest.ask(command="reload")["changed"] == ["grace"]


def test_streams_that_the_store_did_not_give_back_are_asked_for_again():
    with Ingest("--grace", "60s", platform=True) as ingest:
        with Publisher(ingest.tls_url()):
            first = ingest.wait_state("live", LONG)
            old = ingest.replace()
            wait_for(ingest.stream, LONG, "word of the stream")
            with store_locked(ingest):
                old.process.kill()
                old.process.wait()
                ingest.wait_log("cannot be taken back yet", LONG)
        assert ingest.wait_state("waiting", LONG)["stream"] == first["stream"]
        with Publisher(ingest.url()):
            assert ingest.wait_state("live", LONG)["stream"] == first["stream"]


def test_who_stays_is_not_held_up_by_a_look_at_the_ledgers_that_takes_long():
    with Ingest("--grace", "2s", platform=True) as ingest:
        with Publisher(ingest.tls_url()) as publisher:
            ingest.wait_state("live", LONG)
            grown(ingest)
            [ledger] = ingest.ledgers()
            endless = ledger.with_name("endless")
            endless.mkdir()
            os.mkfifo(endless / "index")
            tasks = pathlib.Path(f"/proc/{ingest.daemon.process.pid}/task")
            wait_for(lambda: any((task / "wchan").read_text() == "wait_for_partner" for task in tasks.iterdir()), LONG, "a look at it")
            try:
                with Taker(ingest) as taker:
                    taker.own()
                    ingest.wait_log("handed over", LONG)
                    before = ledger.joinpath("index").stat().st_size
                    wait_for(lambda: ledger.joinpath("index").stat().st_size > before + 500, LONG, "parts")
            finally:
                os.close(os.open(endless / "index", os.O_WRONLY | os.O_NONBLOCK))
                (endless / "index").unlink()
            assert publisher.process.poll() is None
            publisher.stop()
        assert ingest.daemon.process.wait(LONG) == 0, ingest.log()


def test_a_stream_is_ended_that_was_on_its_way_when_that_was_asked():
    with Ingest("--grace", "600s", platform=True) as ingest:
        with Publisher(ingest.url()) as publisher:
            first = ingest.wait_state("live", LONG)
            grown(ingest)
            publisher.kill()
        ingest.wait_state("waiting", LONG)
        [ledger] = ingest.ledgers()
        with Taker(ingest) as taker:
            given = taker.everything()
            ingest.daemon.process.kill()
            ingest.daemon.process.wait()
            ingest.control = ingest.directory / "next.sock"
            with Giver(ingest) as giver:
                giver.keep_until_kicked(given)
                ingest.start("--take-over")
                assert ingest.ask(command="kick", channel="alice") == {"ok": True, "stream": first["stream"]}
            assert "taken" in giver.said[-1]
        wait_for(lambda: ended(ledger), LONG, "the end of the stream")
        wait_for(lambda: ingest.streams() == [], LONG, "word of it")
