"""SRT into ingestd: real ffmpeg and srt-live-transmit, keys and streamids, passphrases, and the same door as RTMP has."""
import os
import random
import signal
import subprocess

import pytest

from harness import Platform, Publisher, free_udp_port, program, wait_for
from ingest import KEY, Ingest, assert_unbroken, ended, hand_publish, media_seconds, parts, records
from srt_caller import Caller, refused

SEGMENT = ("--pipeline", "segmenter", "--srt-latency", "500ms")  # a busy machine is late too
PHRASE = "a-phrase-of-bob"
CAT = ("--exec", "cat >/dev/null")


def one_ledger(ingest):
    return wait_for(lambda: len(ingest.ledgers()) == 1 and ingest.ledgers()[0], 60, "one ledger")


def wait_parts(ledger, count, seconds=60):
    wait_for(lambda: len(parts(ledger)) >= count, seconds, f"{count} parts")


def lint_clean(ledger):
    done = subprocess.run([program("hlslint"), str(ledger)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "error" not in done.stdout and "warning" not in done.stdout, done.stdout


def with_passphrase(ingest):
    (ingest.directory / "keys").write_text(f"{KEY} alice\nother bob {PHRASE}\n")
    ingest.daemon.process.send_signal(signal.SIGHUP)
    ingest.wait_log("configuration reloaded")


def test_h264_and_aac_with_b_frames_become_a_clean_ledger():
    with Ingest(*SEGMENT, "--grace", "1s") as ingest:
        with Publisher(ingest.srt_url(), seconds=7, gop=30, extra=("-tune", "film", "-bf", "2")) as publisher:
            row = ingest.wait_state("live", 60)
            assert row["channel"] == "alice" and row["publisher"]["protocol"] == "srt"
            assert row["video"] == {**row["video"], "codec": "h264", "width": 320, "height": 180, "fps": 30.0}
            assert row["audio"] == {**row["audio"], "codec": "aac", "sample_rate": 48000}
            ledger = one_ledger(ingest)
            assert publisher.process.wait(90) == 0, publisher.output()
        wait_for(lambda: ended(ledger), 60, "the end record")
        # what ffmpeg had not sent when it closed its socket is gone
        assert media_seconds(ledger) == pytest.approx(7, abs=2)
        assert media_seconds(ledger, "audio") == pytest.approx(7, abs=2)
        assert_unbroken(ledger)
        lint_clean(ledger)
        wait_for(lambda: not ingest.streams(), 60, "the end")
        assert KEY not in ingest.log()


def test_hevc(tmp_path):
    film = tmp_path / "film.mp4"  # made before: x265 may be slower than real time
    subprocess.run(["ffmpeg", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i",
                    "sine=sample_rate=48000", "-t", "6", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=30",
                    "-pix_fmt", "yuv420p", "-c:a", "aac", str(film)], check=True)
    with Ingest(*SEGMENT, "--grace", "1s") as ingest:
        publisher = subprocess.Popen(["ffmpeg", "-loglevel", "error", "-nostdin", "-re", "-i", str(film), "-c", "copy", "-f", "mpegts", ingest.srt_url()])
        assert ingest.wait_state("live", 60)["video"]["codec"] == "hevc"
        ledger = one_ledger(ingest)
        assert publisher.wait(90) == 0
        wait_for(lambda: ended(ledger), 60, "the end record")
        codecs = next(row for row in records(ledger, "R") if row[3] == "video")[4]
        assert codecs.startswith("hvc1.")
        assert_unbroken(ledger)
        lint_clean(ledger)


def test_every_form_of_streamid():
    with Ingest(*CAT, "--grace", "0s") as ingest:
        for stream_id in (KEY, f"live/{KEY}", f"#!::r={KEY},m=publish", f"#!::m=publish,r=live/{KEY},u=alice,h=a.example,t=stream,x=y",
                          f"%23!::r={KEY},m=publish"):
            with Caller(ingest.srt_port, stream_id) as caller:
                assert caller.refused is None
                wait_for(lambda: ingest.streams(), 10, "the stream")
            wait_for(lambda: not ingest.streams(), 60, "the stream to end")


def test_what_the_handshake_refuses_and_why():
    with Ingest(*CAT, "--grace", "0s") as ingest:
        with_passphrase(ingest)
        port = ingest.srt_port
        assert refused(port, None) == 1400
        assert refused(port, "#!::m=publish") == 1400
        assert refused(port, "wr0ngkey") == 1401
        assert refused(port, "#!::r=wr0ngkey,m=publish") == 1401
        assert refused(port, f"#!::r={KEY},u=bob,m=publish") == 1403
        assert refused(port, f"#!::r={KEY},m=request") == 1405
        assert refused(port, f"#!::r={KEY}") == 1405
        assert refused(port, f"#!::r={KEY},m=publish,t=file") == 1415
        bad_secret, unsecure = 10, 11
        assert refused(port, "other") == unsecure
        assert refused(port, "other", "a-phrase-of-eve") in (bad_secret, unsecure)
        assert refused(port, KEY, PHRASE) in (bad_secret, unsecure)  # none is set there
        ingest.wait_log("wrong SRT passphrase")
        assert ingest.streams() == []
        assert refused(port, "#!::r=other,u=bob,m=publish", PHRASE) is None
        for secret in ("wr0ngkey", "phrase-of", KEY):
            assert secret not in ingest.log()


def test_a_passphrase_is_kept_by_ffmpeg_too():
    with Ingest(*SEGMENT, "--grace", "1s") as ingest:
        with_passphrase(ingest)
        with Publisher(ingest.srt_url("other", passphrase="a-phrase-of-eve"), seconds=5) as publisher:
            assert publisher.process.wait(90) != 0
        with Publisher(ingest.srt_url("other", passphrase=PHRASE, pbkeylen=32), seconds=4, gop=30) as publisher:
            ledger = one_ledger(ingest)
            assert publisher.process.wait(90) == 0, publisher.output()
        wait_for(lambda: ended(ledger), 60, "the end record")
        assert media_seconds(ledger) > 2


def test_a_second_publisher_is_refused_whichever_way_it_comes():
    with Ingest(*CAT, "--takeover", "5s", "--grace", "0s") as ingest:
        with Publisher(ingest.srt_url()) as first:
            ingest.wait_state("live", 60)
            assert refused(ingest.srt_port, KEY) == 1409
            link, answer = hand_publish(ingest.port, KEY)
            link.close()
            assert b"NetStream.Publish.BadName" in answer
            assert first.process.poll() is None and ingest.stream()["state"] == "live"
        wait_for(lambda: not ingest.streams(), 60, "the end")
        with Publisher(ingest.url()):
            ingest.wait_state("live", 60)
            assert refused(ingest.srt_port, KEY) == 1409


def test_a_killed_publisher_comes_back_to_the_same_stream():
    with Ingest(*SEGMENT, "--takeover", "300ms") as ingest:
        with Publisher(ingest.srt_url(), gop=30) as first:
            ledger = one_ledger(ingest)
            wait_parts(ledger, 4)
            stream = ingest.stream()["stream"]
            first.kill()

        def back():
            publisher = Publisher(ingest.srt_url(), gop=30)
            try:
                wait_for(lambda: publisher.process.poll() is not None or ingest.log().count("publisher reconnected"), 60, "an answer")
            except AssertionError:
                publisher.stop()
                raise
            if publisher.process.poll() is None:
                return publisher
            publisher.stop()
            return None

        with wait_for(back, 90, "the return"):  # the first is refused while the other's silence is short
            count = len(parts(ledger))
            wait_parts(ledger, count + 4)
        assert ingest.ledgers() == [ledger] and ingest.stream()["stream"] == stream
        assert any("D" in row[12] for row in parts(ledger))
        assert_unbroken(ledger)
        lint_clean(ledger)


def test_a_stream_moves_between_srt_and_rtmp():
    with Ingest(*SEGMENT) as ingest:
        with Publisher(ingest.srt_url(), seconds=4, gop=30) as first:
            ledger = one_ledger(ingest)
            assert first.process.wait(90) == 0, first.output()
        wait_for(lambda: ingest.log().count("the publisher is gone"), 60, "the first to be gone")
        count = len(parts(ledger))
        with Publisher(ingest.url(), seconds=4, gop=30) as second:
            wait_parts(ledger, count + 4)
            assert ingest.stream()["publisher"]["protocol"] == "rtmp"
            assert second.process.wait(90) == 0, second.output()
        wait_for(lambda: ended(ledger), 60, "the end record")
        assert ingest.ledgers() == [ledger]
        assert_unbroken(ledger)
        lint_clean(ledger)


def test_srt_live_transmit_passes_a_feed_on(tmp_path):
    feed = free_udp_port()
    with Ingest(*SEGMENT, "--grace", "1s") as ingest:
        relay = subprocess.Popen(["srt-live-transmit", f"udp://127.0.0.1:{feed}", f"srt://127.0.0.1:{ingest.srt_port}?streamid={KEY}"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with Publisher(f"udp://127.0.0.1:{feed}?pkt_size=1316", gop=15, output="mpegts"):
                ledger = one_ledger(ingest)
                wait_parts(ledger, 6)
        finally:
            relay.terminate()
            relay.wait(10)
        wait_for(lambda: ended(ledger), 60, "the end record")
        assert_unbroken(ledger)
        lint_clean(ledger)


def test_too_high_a_bitrate_ends_the_publisher():
    with Ingest(*CAT, "--max-bitrate", "100") as ingest:
        with Publisher(ingest.srt_url(), extra=("-b:v", "2M", "-minrate", "2M", "-bufsize", "2M")) as publisher:
            assert publisher.process.wait(90) != 0
        assert "sends too much" in ingest.log()


def test_limits_on_connections_hold():
    with Ingest(*CAT, "--max-connections", "1") as ingest:
        with Caller(ingest.srt_port, KEY) as first:
            assert first.refused is None
            wait_for(lambda: ingest.streams(), 10, "the first")
            assert refused(ingest.srt_port, "other") == 1402


def test_who_sends_nothing_or_nonsense_costs_nothing():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    dice = random.Random(seed)
    with Ingest(*CAT, "--grace", "0s", "--idle-time", "1s") as ingest:
        with Caller(ingest.srt_port, KEY) as silent, Caller(ingest.srt_port, "other") as noisy:
            assert silent.refused is None and noisy.refused is None
            for _ in range(300):
                noisy.send(dice.randbytes(dice.randrange(1, 1316)))
            wait_for(lambda: not ingest.streams(), 60, "both to be ended")
        with Publisher(ingest.srt_url()):
            ingest.wait_state("live", 60)


def test_kick_ends_the_stream():
    with Ingest(*CAT) as ingest:
        with Publisher(ingest.srt_url()) as publisher:
            ingest.wait_state("live", 60)
            assert ingest.ask(command="kick", channel="alice")["ok"]
            assert publisher.process.wait(90) != 0
        wait_for(lambda: not ingest.streams(), 60, "the end")


def test_ingestd_is_replaced_and_the_stream_goes_on():
    with Ingest(*SEGMENT, platform=True) as ingest:
        with Publisher(ingest.srt_url(), gop=30) as publisher:
            ledger = one_ledger(ingest)
            wait_parts(ledger, 4)
            ingest.daemon.stop()
            assert publisher.process.wait(90) != 0
        ingest.start()
        count = len(parts(ledger))
        with Publisher(ingest.srt_url(), gop=30):
            wait_parts(ledger, count + 4)
        assert ingest.ledgers() == [ledger]


def test_a_platform_keeps_passphrases_for_each_channel():
    with Platform() as platform:
        key = platform.channel("alice")
        url = f"srt://127.0.0.1:{platform.port('srt')}?streamid={key}"
        phrase = platform.run("chanctl", "passphrase", "set", "alice", stdin="")
        assert 10 <= len(phrase) <= 79
        assert refused(platform.port("srt"), key) == 11
        assert platform.run("chanctl", "passphrase", "set", "alice", stdin="another-phrase\n") == ""
        assert refused(platform.port("srt"), key, phrase) in (10, 11)
        short = platform.run("chanctl", "passphrase", "set", "alice", stdin="short\n", check=False)
        assert short.returncode == 1 and "10 to 79" in short.stderr
        with Publisher(url + "&passphrase=another-phrase"):
            platform.wait_live("alice", 60)
            ports = next(row for row in platform.status()["programs"] if row["name"] == "ingestd")["ports"]
            assert (ports["rtmps"], ports["srt"]) == (platform.base + 1, platform.base + 2)
        platform.run("chanctl", "passphrase", "clear", "alice")
        events = platform.run("chanctl", "events")
        assert "srt_passphrase.set" in events and "srt_passphrase.clear" in events
        logs = "".join(path.read_text(errors="replace") for path in (platform.directory / "logs").glob("*.log"))
        for secret in (key, phrase, "another-phrase"):
            assert secret not in events + logs
        assert os.stat(platform.directory / "store.db").st_mode & 0o777 == 0o600
