"""SIGHUP: what each daemon swaps while it serves, without dropping anyone; what waits for a restart; what changes nothing."""
import contextlib
import json
import os
import signal
import socket
import subprocess

import pytest

from chat_peers import Page, WebSocket
from chat_platform import Chat
from harness import Daemon, free_port, get, program, wait_for
from ingest import Ingest, hand_publish, message, opening, read_some, read_until, tls
from srt_caller import Caller
from test_daemons import DAEMONS, command
from test_rtmps import certificate, gone


class Config:
    """A configuration file of a daemon, and its SIGHUP."""

    def __init__(self, path, **settings):
        self.path = path
        self.write(**settings)

    def write(self, **settings):
        self.path.write_text("".join(f"{name.replace('_', '-')} = {value}\n" for name, value in settings.items()))

    def reload(self, daemon, expect="configuration reloaded"):
        before = log_of(daemon).count(expect)
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: log_of(daemon).count(expect) > before, 10, expect)


def log_of(daemon):
    # pread: the daemon shares the file's offset
    fd = daemon.log.fileno()
    return os.pread(fd, os.fstat(fd).st_size, 0).decode(errors="replace")


@pytest.mark.parametrize("name", DAEMONS)
def test_what_cannot_be_swapped_is_named(name, tmp_path):
    config = Config(tmp_path / "config", drain_time="3s", bind="127.0.0.1")
    with Daemon(*command(name, tmp_path), "--config", str(config.path)) as daemon:
        config.write(drain_time="4s", bind="127.0.0.2")
        config.reload(daemon)
        wait_for(lambda: "need a restart" in log_of(daemon), 10, "the warning")
        line = next(line for line in log_of(daemon).splitlines() if "need a restart" in line)
        assert "bind" in line and "drain-time" not in line
        assert "changed=drain-time" in log_of(daemon)


def test_webd_swaps_addresses_and_keeps_them_when_the_file_is_wrong(tmp_path):
    port = free_port()
    config = Config(tmp_path / "config", chat_port=7001)
    with Daemon(*command("webd", tmp_path, http=port), "--config", str(config.path)) as webd:
        def addresses():
            return json.loads(get(f"http://127.0.0.1:{port}/api/config")[2])["data"]

        with socket.create_connection(("127.0.0.1", port), 10) as kept:
            kept.sendall(b"GET /api/config HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"ws://a:7001" in kept.recv(65536)
            config.write(chat_port=7002, origin_url="https://cdn.example")
            config.reload(webd)
            assert "7002" in json.dumps(addresses()) and "https://cdn.example" in json.dumps(addresses())
            config.write(chat_port=7003, origin_url="nonsense")
            config.reload(webd, "not reloaded")
            assert "7002" in json.dumps(addresses()) and "https://cdn.example" in json.dumps(addresses())
            kept.sendall(b"GET /api/config HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"ws://a:7002" in kept.recv(65536)


def test_chatd_swaps_limits_under_those_who_are_connected(tmp_path):
    config = Config(tmp_path / "config", cooldown="1h")
    chat = Chat(tmp_path, "--config", str(config.path))
    with contextlib.closing(chat.page(chat.bob)) as page:
        page.join("demo")
        page.say("demo", "one", "k1")
        assert page.until("confirmed")
        page.say("demo", "two", "k2")
        assert page.until("error")["code"] == "rate_limited"
        assert WebSocket(chat.ws, "/json", origin="http://other.example").status == 403
        config.write(cooldown="0s", allow_origin="http://other.example", connections=1)
        config.reload(chat.daemon)
        page.say("demo", "two", "k2")
        assert page.until("confirmed")["key"] == "k2"
        assert WebSocket(chat.ws, "/json").status == 503
        config.write(cooldown="0s", allow_origin="http://other.example")
        config.reload(chat.daemon)
        Page(chat.ws, origin="http://other.example").close()
        page.ask(type="ping", id=1)
        assert page.until("pong")["id"] == 1
    chat.daemon.stop()


def test_ingestd_swaps_limits_and_refuses_another_feed(tmp_path):
    config = Config(tmp_path / "config", max_connections=1)
    with Ingest("--config", str(config.path)) as ingest:
        with socket.create_connection(("127.0.0.1", ingest.port), 10):
            wait_for(lambda: closed_at_once(ingest.port), what="a full house")
            config.write(max_connections=2)
            config.reload(ingest.daemon)
            assert not closed_at_once(ingest.port)
            config.write(max_connections=3, exec="cat")
            config.reload(ingest.daemon, "not reloaded")


@pytest.fixture
def three_ways(tmp_path):
    """An ingestd whose limits are as wide as can be, a configuration to narrow them, and a publisher by each way in that has just been let in."""
    cert, key = certificate(tmp_path, "ingest")
    config = Config(tmp_path / "config", idle_time="10m", setup_time="10m", grace="0s")
    with Ingest("--exec", "cat >/dev/null", "--tls-cert", str(cert), "--tls-key", str(key), "--config", str(config.path)) as ingest, contextlib.ExitStack() as links:
        (ingest.directory / "keys").write_text("one plain\ntwo encrypted\nthree srt\n")
        config.reload(ingest.daemon)
        plain, answer = hand_publish(ingest.port, "one")
        links.enter_context(plain)
        assert b"NetStream.Publish.Start" in answer
        encrypted = links.enter_context(tls(ingest.tls_port))
        c0c1, commands = opening("two")
        encrypted.sendall(c0c1)
        encrypted.sendall(read_some(encrypted, 1 + 1536 + 1536)[1:1537] + commands)
        assert b"NetStream.Publish.Start" in read_until(encrypted, b"NetStream.Publish.")
        caller = links.enter_context(Caller(ingest.srt_port, "three"))
        wait_for(lambda: {row["channel"] for row in ingest.streams()} == {"plain", "encrypted", "srt"}, 15, "all three")
        yield ingest, config, plain, encrypted, caller


def test_ingestd_swaps_the_times_of_those_who_are_connected(three_ways):
    ingest, config, plain, encrypted, _ = three_ways
    with socket.create_connection(("127.0.0.1", ingest.port), 10) as strange, socket.create_connection(("127.0.0.1", ingest.tls_port), 10) as torn:
        strange.sendall(opening("one")[0])
        assert len(read_some(strange, 1 + 1536)) == 1 + 1536  # it is there, and has begun to be waited for
        config.write(idle_time="10m", setup_time="500ms", grace="0s")
        config.reload(ingest.daemon)
        assert gone(strange) and gone(torn)
    assert len(ingest.streams()) == 3
    config.write(idle_time="1s", setup_time="500ms", grace="0s")
    config.reload(ingest.daemon)
    assert gone(plain) and gone(encrypted)
    wait_for(lambda: not ingest.streams(), 15, "the end of those who send nothing")


def test_ingestd_swaps_the_longest_message_and_the_bitrate_of_those_who_publish(three_ways):
    ingest, config, plain, encrypted, caller = three_ways
    config.write(idle_time="10m", max_message="1K", max_bitrate=100, grace="0s")
    config.reload(ingest.daemon)
    plain.sendall(message(9, bytes(1025), stream=1, chunk_stream=6))
    assert gone(plain)
    ingest.wait_log("a message of 1025 bytes; 1024 are allowed")
    for _ in range(100):
        encrypted.sendall(message(9, bytes(1000), stream=1, chunk_stream=6))
    assert b"bitrate is above" in read_until(encrypted, b"limit")
    for _ in range(100):
        caller.send(bytes(1316))
    wait_for(lambda: not ingest.streams(), 15, "the end of all three")
    assert ingest.log().count("sends too much") == 2


def closed_at_once(port):
    """Whether the server hangs up on a newcomer before it has said anything, rather than shaking hands."""
    with socket.create_connection(("127.0.0.1", port), 10) as link:
        try:
            link.sendall(b"\x03" + bytes(1536))
            return not link.recv(1)
        except ConnectionError:
            return True


def test_origind_swaps_what_playlists_show(tmp_path):
    (tmp_path / "live").mkdir()
    source = subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10", "-t", "20", "-c:v", "libx264",
                             "-preset", "ultrafast", "-g", "10", "-sc_threshold", "0", "-f", "nut", "-"], capture_output=True, check=True)
    subprocess.run([program("segmenter"), str(tmp_path / "live" / "demo"), "--segment", "1s", "--part", "500ms"], input=source.stdout, check=True,
                   capture_output=True)
    port = free_port()
    config = Config(tmp_path / "config", live_window="60s")
    with Daemon(*command("origind", tmp_path, http=port), "--config", str(config.path)) as origind:
        def master():
            return get(f"http://127.0.0.1:{port}/live/demo/master.m3u8")[2].decode()

        def segments():
            path = next(line for line in master().splitlines() if line and not line.startswith("#")).split("/live/demo/")[-1]
            return get(f"http://127.0.0.1:{port}/live/demo/{path}")[2].decode().count("#EXTINF")

        assert "http" not in master() and segments() >= 19
        config.write(live_window="8s", public_url="https://cdn.example/")
        config.reload(origind)
        assert "https://cdn.example/live/demo/" in master() and segments() < 12
        config.write(live_window="soon")
        config.reload(origind, "not reloaded")
        assert "https://cdn.example/live/demo/" in master()
