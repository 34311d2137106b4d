"""ingestd's door: who gets in, who does not, and what a hostile peer may cost."""
import random
import re
import select
import socket
import subprocess

import pytest

from harness import Publisher, program, wait_for
from ingest import Ingest, hand_publish, opening, read_some, read_until


def gone(link, seconds=15):
    """The peer closed the connection."""
    link.settimeout(seconds)
    try:
        while link.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def still_serves(ingest):
    """A well-behaved publisher still gets in."""
    link, answer = hand_publish(ingest.port, ingest.key)
    with link:
        assert b"NetStream.Publish.Start" in answer
    wait_for(lambda: not ingest.streams(), 10, "the stream to end")


@pytest.fixture
def ingest():
    with Ingest("--exec", "cat >/dev/null", "--grace", "0s") as running:
        yield running


def test_a_right_key_is_let_in_and_streams(ingest):
    with Publisher(ingest.url(), seconds=3) as publisher:
        row = ingest.wait_state("live")
        assert row["channel"] == "alice"
        assert row["video"] == {**row["video"], "codec": "h264", "width": 320, "height": 180, "fps": 30.0}
        assert row["audio"]["codec"] == "aac"
        assert row["publisher"]["address"].startswith("127.0.0.1:")
        assert publisher.process.wait(15) == 0, publisher.output()
    wait_for(lambda: not ingest.streams(), 10, "the end")
    assert ingest.key not in ingest.log()


def test_a_wrong_key_is_refused_at_once_and_not_logged(ingest):
    link, answer = hand_publish(ingest.port, "wr0ngkey")
    with link:
        assert b"NetStream.Publish.BadName" in answer
        assert gone(link)
    assert ingest.streams() == []
    assert "wrong stream key" in ingest.log()
    assert "wr0ngkey" not in ingest.log()
    with Publisher(ingest.url("wr0ngkey")) as publisher:
        assert publisher.process.wait(15) != 0
    assert "wr0ngkey" not in ingest.log()


def test_who_tries_key_after_key_fills_no_log(ingest):
    for _ in range(58):
        link, answer = hand_publish(ingest.port, "wr0ngkey")
        with link:
            assert b"NetStream.Publish.BadName" in answer
    ingest.wait_log("and 57 more from 127.0.0.1: wrong stream key", 60)
    assert ingest.log().count("publisher refused") == 1
    still_serves(ingest)


def test_a_second_publisher_is_refused_and_the_first_goes_on(ingest):
    with Publisher(ingest.url()) as first:
        ingest.wait_state("live")
        link, answer = hand_publish(ingest.port, ingest.key)
        with link:
            assert b"NetStream.Publish.BadName" in answer
        assert ingest.stream()["state"] == "live"
        assert first.process.poll() is None


def test_a_silent_publisher_loses_its_place_to_the_same_key():
    with Ingest("--exec", "cat >/dev/null", "--takeover", "300ms") as ingest:
        silent, answer = hand_publish(ingest.port, ingest.key)
        with silent:
            assert b"NetStream.Publish.Start" in answer
            stream = ingest.stream()["stream"]

            def take():
                link, said = hand_publish(ingest.port, ingest.key)
                if b"NetStream.Publish.Start" in said:
                    return link
                link.close()
                return None

            with wait_for(take, 10, "the take-over"):
                assert gone(silent)
                assert ingest.stream()["stream"] == stream


def test_one_byte_at_a_time(ingest):
    c0c1, commands = opening(ingest.key)
    with socket.create_connection(("127.0.0.1", ingest.port), 10) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(c0c1)):
            link.sendall(c0c1[at:at + 1])
        answer = read_some(link, 1 + 1536 + 1536)
        rest = answer[1:1537] + commands
        for at in range(len(rest)):
            link.sendall(rest[at:at + 1])
        assert b"NetStream.Publish.Start" in read_until(link, b"NetStream.Publish.")


def test_a_torn_handshake(ingest):
    c0c1, _ = opening(ingest.key)
    for size in (0, 1, 2, 700, 1536, 1537):
        with socket.create_connection(("127.0.0.1", ingest.port), 10) as link:
            link.sendall(c0c1[:size])
            link.shutdown(socket.SHUT_WR)
            assert gone(link)
    still_serves(ingest)


def test_half_open_handshakes_are_reaped():
    with Ingest("--exec", "cat >/dev/null", "--setup-time", "500ms") as ingest:
        links = [socket.create_connection(("127.0.0.1", ingest.port), 10) for _ in range(50)]
        for link in links:
            link.sendall(b"\x03")
        for link in links:
            assert gone(link)
            link.close()
        still_serves_soon(ingest)


def still_serves_soon(ingest):
    link, answer = hand_publish(ingest.port, ingest.key)
    with link:
        assert b"NetStream.Publish.Start" in answer


def test_random_bytes(ingest):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    dice = random.Random(seed)
    for after_handshake in (False, True) * 10:
        with socket.create_connection(("127.0.0.1", ingest.port), 10) as link:
            try:
                if after_handshake:
                    c0c1, _ = opening(ingest.key)
                    link.sendall(c0c1)
                    link.sendall(read_some(link, 1 + 1536 + 1536)[1:1537])
                link.sendall(dice.randbytes(dice.randrange(1, 100_000)))
                link.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            assert gone(link)
    still_serves(ingest)


def test_random_bytes_after_publish_end_the_session_only():
    with Ingest("--exec", "cat >/dev/null", "--grace", "0s", "--idle-time", "2s") as ingest:
        seed = random.randrange(1 << 30)
        print("seed", seed)
        dice = random.Random(seed)
        for _ in range(5):
            link, answer = hand_publish(ingest.port, ingest.key)
            with link:
                assert b"NetStream.Publish.Start" in answer
                try:
                    link.sendall(dice.randbytes(50_000))
                    link.shutdown(socket.SHUT_WR)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                assert gone(link)
            wait_for(lambda: not ingest.streams(), 10, "the stream to end")
        still_serves(ingest)


def test_a_publisher_that_stops_reading_costs_little(ingest):
    link, answer = hand_publish(ingest.port, ingest.key)
    with link:
        assert b"NetStream.Publish.Start" in answer
        # Requests whose answers nobody reads. The server must not keep them all.
        ping = b"".join(bytes([2]) + bytes(3) + (6).to_bytes(3, "big") + b"\x04" + bytes(4) + b"\x00\x06" + bytes(4)
                        for _ in range(1000))
        link.setblocking(False)
        sent = 0
        while sent < 64 * len(ping):
            if not select.select([], [link], [], 1)[1]:
                break
            try:
                sent += link.send(ping)
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                break
        status = open(f"/proc/{ingest.daemon.process.pid}/status").read()
        assert int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) < 100_000
    wait_for(lambda: not ingest.streams(), 10, "the stream to end")
    still_serves(ingest)


def test_too_many_connections_are_turned_away():
    with Ingest("--exec", "cat >/dev/null", "--max-connections", "3") as ingest:
        links = [socket.create_connection(("127.0.0.1", ingest.port), 10) for _ in range(3)]
        for link in links:  # each has its answer: it has been counted
            link.sendall(opening("x")[0])
            assert len(read_some(link, 1537)) == 1537
        with socket.create_connection(("127.0.0.1", ingest.port), 10) as fourth:
            assert gone(fourth)
        links.pop().close()

        def let_in():
            try:
                link, answer = hand_publish(ingest.port, ingest.key)
            except ConnectionError:  # turned away: the place is not free yet
                return False
            link.close()
            return b"NetStream.Publish.Start" in answer

        wait_for(let_in, 10, "a free place")
        for link in links:
            link.close()


def test_too_high_a_bitrate_ends_the_publisher():
    with Ingest("--exec", "cat >/dev/null", "--max-bitrate", "100") as ingest:
        with Publisher(ingest.url(), extra=("-b:v", "2M", "-minrate", "2M", "-bufsize", "2M")) as publisher:
            assert publisher.process.wait(20) != 0
        line = next(line for line in ingest.log().splitlines() if "sends too much" in line)
        assert "channel=alice" in line and "stream=" in line


def test_a_keyframe_interval_that_is_not_known_yet_is_not_told(ingest):
    with Publisher(ingest.url(), gop=250):
        said = wait_for(lambda: [line for line in ingest.ask(command="summary")["lines"] if " fps  " in line], 15, "the picture in the summary")
        assert "GOP 0.0 s" not in said[0]


def test_kick_ends_the_stream(ingest):
    with Publisher(ingest.url()) as publisher:
        ingest.wait_state("live")
        assert ingest.ask(command="kick", channel="alice")["ok"]
        assert publisher.process.wait(15) != 0
    wait_for(lambda: not ingest.streams(), 10, "the end")
    assert ingest.ask(command="kick", channel="alice")["error"]["what"] == "alice is not being published"


def test_keys_are_read_again_on_sighup(ingest):
    (ingest.directory / "keys").write_text("fresh alice\n")
    ingest.daemon.process.send_signal(1)
    ingest.wait_log("configuration reloaded")
    link, answer = hand_publish(ingest.port, ingest.key)
    link.close()
    assert b"BadName" in answer
    link, answer = hand_publish(ingest.port, "fresh")
    link.close()
    assert b"Publish.Start" in answer


def test_a_channel_in_a_key_file_is_a_name_and_no_path(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("k ../../etc\n")
    done = subprocess.run([program("ingestd"), "--key-file", str(keys), "--exec", "true", "--rtmp-port", "0"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert "keys:1" in done.stderr
