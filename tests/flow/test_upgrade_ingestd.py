"""`sluice upgrade` of ingestd, with publishers there."""
import contextlib
import os
import signal
import socket
import threading
import time

from handover import LONG, assert_whole
from harness import Platform, Publisher, wait_for
from ingest import ended, parts
from kills import below, lint, processes
from numbered import NumberedPublisher, check_frames, ledger_of, renditions


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


def test_a_pipeline_that_wrote_nothing_is_not_tried_again_by_the_next_process():
    with Platform("--quiet") as platform:
        log = platform.directory / "logs" / "ingestd.log"
        with NumberedPublisher(platform.publish_url(platform.channel("alice"))) as publisher:
            platform.wait_live("alice", LONG)
            ledger = ledger_of(platform)
            (platform.directory / "ingestd.conf").write_text("pipeline = transcode --no-such-option | segmenter\n")
            platform.run("sluice", "reload", "ingestd")
            wait_for(lambda: "the changed pipeline has written nothing" in log.read_text(), LONG, "the old pipeline again")
            platform.run("sluice", "upgrade")
            before = len(parts(ledger))
            wait_for(lambda: len(parts(ledger)) >= before + 4, LONG, "parts")
            assert log.read_text().count("pipeline died") == 1
            assert publisher.alive() and publisher.stop(), publisher.output()
        wait_for(lambda: ended(ledger), LONG, "the end of the stream")
        lint(ledger)
        vod = f"http://127.0.0.1:{platform.port('origin')}/vod/alice/{ledger.name}/master.m3u8"
        assert_whole({name: check_frames(*where) for name, where in renditions(vod).items()})


def test_a_ladder_that_transcode_does_not_take_ends_the_upgrade_and_no_pipeline():
    with Platform("--quiet") as platform:
        log = platform.directory / "logs" / "ingestd.log"
        with Publisher(platform.publish_url(platform.channel("alice"))):
            platform.wait_live("alice", LONG)
            first = platform.pid("ingestd")
            (platform.directory / "transcode.conf").write_text("ladder = 240p99x\n")
            failed = platform.run("sluice", "upgrade", check=False)
            assert failed.returncode == 1 and "goes on" in failed.stderr, failed
            assert '"240p99x" is no rung' in log.read_text() and "pipeline ended" not in log.read_text()
            assert platform.pid("ingestd") == first
            (platform.directory / "transcode.conf").unlink()
            platform.run("sluice", "upgrade")
            assert platform.pid("ingestd") not in (None, first)


def test_an_upgrade_of_what_does_not_run_is_answered_at_once():
    with Platform("--quiet") as platform:
        run = platform.directory / "run"
        (platform.directory / "ingestd.conf").write_text("log-level = shrill\n")
        os.kill(platform.pid("ingestd"), signal.SIGKILL)
        wait_for(lambda: (run / "ingestd.state").read_text().startswith("failed "), LONG, "its end")  # the next try is half a minute away
        os.kill(int((run / "ingestd.keeper").read_text()), signal.SIGUSR1)
        wait_for((run / "ingestd.upgrade").exists, LONG, "the keeper's word")
        assert (run / "ingestd.upgrade").read_text() == "absent \n"
        # Nor does the platform's end wait for that try.
        began = time.monotonic()
        platform.stop()
        assert time.monotonic() - began < 20
