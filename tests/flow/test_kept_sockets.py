"""What a program listens on outlives it: who connects while it is dead waits, and is not refused."""
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import Platform, Publisher, get, wait_for
from kills import named_with

PORTS = {"origind": "origin", "webd": "http", "chatd": "irc", "ingestd": "rtmp"}


@pytest.fixture
def platform():
    with Platform() as running:
        yield running


class Knocking:
    """Somebody who connects to a port all the time, and leaves at once."""

    def __init__(self, port):
        self.port, self.let_in, self.refused, self.over = port, 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.knock)

    def knock(self):
        while not self.over.wait(0.01):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=20).close()
                self.let_in += 1
            except ConnectionRefusedError:
                self.refused += 1

    def __enter__(self):
        self.thread.start()
        wait_for(lambda: self.let_in > 0, 10, "the first to be let in")
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def kill(platform, name):
    before = platform.pid(name)
    os.kill(before, signal.SIGKILL)
    return before


def back(platform, name, before):
    wait_for(lambda: (pid := platform.pid(name)) and pid != before, 10, f"{name} again")


def children(platform):
    return [int(child) for child in pathlib.Path(f"/proc/{platform.process.pid}/task/{platform.process.pid}/children").read_text().split()]


def keeps_sockets(pid):
    try:
        return "keep-sockets" in pathlib.Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # it has ended
        return False


def keeper_of_sockets(platform):
    return next((child for child in children(platform) if keeps_sockets(child)), None)


@pytest.mark.parametrize("name", PORTS)
def test_nobody_is_refused_while_a_program_is_dead(platform, name):
    with Knocking(platform.port(PORTS[name])) as knocking:
        for _ in range(3):
            back(platform, name, kill(platform, name))
    assert knocking.refused == 0


def test_who_came_while_the_program_was_dead_is_answered(platform):
    before = kill(platform, "origind")
    assert get(f"http://127.0.0.1:{platform.port('origin')}/live/nobody/master.m3u8", timeout=20)[0] == 404
    back(platform, "origind", before)


def test_a_plain_player_reads_on_through_kills_of_origind(platform):
    """ffmpeg takes a refused reload for the end of the stream."""
    key = platform.channel("ada")
    with Publisher(platform.publish_url(key)):
        platform.wait_live("ada")
        written = platform.directory / "read.nut"
        player = subprocess.Popen(["ffmpeg", "-v", "error", "-i", platform.master_url("ada"), "-map", "0:v:0", "-c", "copy", "-y", written])
        try:
            wait_for(lambda: written.exists() and written.stat().st_size > 0, 20, "the player's first pictures")
            for _ in range(8):
                before, size = kill(platform, "origind"), written.stat().st_size
                back(platform, "origind", before)
                wait_for(lambda: player.poll() is not None or written.stat().st_size > size, 20, "more pictures")
                assert player.poll() is None, "the player has ended"
        finally:
            player.kill()
            player.wait()


def test_a_program_that_is_told_another_address_leaves_the_old_one():
    settings = {"webd": {"bind": "127.0.0.1"}}
    with Platform(settings=settings) as platform:
        address = lambda host: (host, platform.port("http"))
        socket.create_connection(address("127.0.0.1"), timeout=5).close()
        for bind, there, left in (("127.0.0.2", "127.0.0.2", "127.0.0.1"), ("0.0.0.0", "127.0.0.3", None)):
            (platform.directory / "webd.conf").write_text(f"bind = {bind}\n")
            back(platform, "webd", kill(platform, "webd"))
            socket.create_connection(address(there), timeout=5).close()
            if left:
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(address(left), timeout=5)


def test_who_keeps_the_sockets_may_die_too(platform):
    first = keeper_of_sockets(platform)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: (now := keeper_of_sockets(platform)) and now != first, 10, "another keeper of sockets")
    back(platform, "webd", kill(platform, "webd"))  # it tells the new one of its sockets
    with Knocking(platform.port("http")) as knocking:
        back(platform, "webd", kill(platform, "webd"))
    assert knocking.refused == 0


def test_a_new_keeper_of_sockets_does_not_outlive_a_sluice_that_is_killed_as_it_starts_it(platform):
    for _ in range(3):
        before, seen = set(children(platform)), set()
        os.kill(keeper_of_sockets(platform), signal.SIGKILL)
        until = time.monotonic() + 10
        # rm, and it, or it alone where rm was too quick; without a pause: within a millisecond it has asked the kernel to tell of sluice's end.
        while len(seen) < 2 and not any(keeps_sockets(child) for child in seen):
            seen |= set(children(platform)) - before
            assert time.monotonic() < until, "no new keeper of sockets"
        platform.process.kill()
        platform.process.wait()
        wait_for(lambda: not named_with(platform.directory), 20, "everything ended")
        platform.up()


def test_a_platform_that_is_down_refuses(platform):
    with Knocking(platform.port("irc")) as knocking:
        began = time.monotonic()
        platform.stop()
        wait_for(lambda: knocking.refused > 0, 5, "somebody to be refused")
        assert time.monotonic() - began < 20
    assert not (platform.directory / "run" / "sockets").exists()
