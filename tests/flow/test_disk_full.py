"""A full disk under everything: ledgers, store, logs, state. Live goes on as long as there is a window to give way; what cannot be written is
said; all is well again when there is room."""
import json
import socket

from harness import Platform, Publisher, get, wait_for
from ingest import assert_unbroken, ended, hand_publish, parts
from numbered import ledger_of
from small_disk import Ballast, small_disk

LONG = 60


def media(ledger):
    return [row for row in parts(ledger) if "G" not in row[12]]


def test_everything_on_one_disk_that_fills_up(tmp_path):
    with small_disk(tmp_path) as disk, Platform("--quiet", directory=disk) as platform:
        log = lambda: (platform.directory / "logs/ingestd.log").read_text(errors="replace")
        keys = [platform.channel(name) for name in ("ada", "bea")]
        with Publisher(platform.publish_url(keys[0]), gop=30) as publisher:
            platform.wait_live("ada", LONG)
            ledger = ledger_of(platform)
            first = platform.status()["streams"][0]
            wait_for(lambda: len({row[2] for row in media(ledger)}) >= 9, LONG, "nine segments")

            # Full once: the window gives way, live goes on in what it leaves.
            ballast = Ballast(disk)
            ballast.fill()
            newest = len(media(ledger))
            wait_for(lambda: len(media(ledger)) > newest + 4, LONG, "parts on a full disk")

            # And whatever becomes free is taken at once.
            def starved():
                ballast.fill()
                status = platform.status()
                return status["state"] == "degraded" and "stands still: the disk is full" in status["reason"] and status
            status = wait_for(starved, LONG, "word of the full disk")
            [row] = status["streams"]
            assert (row["state"], row["stalled_because"], row["stream"]) == ("stalled", "the disk is full", first["stream"])
            assert "the stream of ada stands still: the disk is full" in status["reason"].split("; ")  # and the store, when it has to write
            # Of the disk itself, too, whether a stream stands still or not; and a block that comes and goes is no room.
            assert f"ingestd: disk: the disk of {disk}/ledgers is full" in status["reason"]
            metrics = next(row for row in status["programs"] if row["name"] == "ingestd")["ports"]["metrics"]
            code, _, body = get(f"http://127.0.0.1:{metrics}/health")
            health = json.loads(body)["dependencies"]["disk"]
            assert code == 503 and health["status"] == "unhealthy" and health["since"]
            # Who comes is told to try again, or is let in and waits; and stays out of nobody's way.
            link, answer = hand_publish(platform.port("rtmp"), keys[1])
            link.close()
            assert b"NetStream.Publish.Start" in answer or b"try again" in answer, answer
            # More is logged than the log's last block has room for.
            with socket.socket(socket.AF_UNIX) as control:
                control.settimeout(LONG)
                control.connect(str(disk / "run/ingestd.sock"))
                answers = control.makefile()
                for _ in range(100):
                    ballast.fill()
                    control.sendall(b'{"command":"reload"}\n')
                    assert "reloaded" in answers.readline()
            assert publisher.process.poll() is None
            assert get(f"http://127.0.0.1:{platform.port('http')}/ada")[0] == 200

            ballast.drop()
            wait_for(lambda: platform.status()["state"] == "ready", LONG, "a platform that is well again")
            newest = len(media(ledger))
            wait_for(lambda: len(media(ledger)) > newest + 4, LONG, "parts")
            [row] = [row for row in platform.status()["streams"] if row["channel"] == "ada"]
            assert (row["state"], row["stream"], row["publisher"]) == ("live", first["stream"], first["publisher"])
            assert publisher.process.poll() is None, publisher.output()
            with Publisher(platform.publish_url(keys[1]), gop=30):
                platform.wait_live("bea", LONG)
            publisher.stop()
            # The logs go on, too, and say what was.
            wait_for(lambda: "go_live channel=bea" in log(), LONG, "word of the new stream in the log")
            wait_for(lambda: "full" in log(), LONG, "word of the full disk in the log")
        wait_for(lambda: not platform.streams(), LONG, "the end of the streams")
        assert ended(ledger)
        assert_unbroken(ledger)
