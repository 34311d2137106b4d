"""origind and the one that takes over from it, which also stands alone: who is told what, and whose the sockets' names are."""
import array
import json
import os
import resource
import signal
import socket
import subprocess

import pytest

from harness import Daemon, free_port, program, wait_for

LONG = 60


@pytest.fixture
def command(tmp_path):
    (tmp_path / "live").mkdir()
    return [program("origind"), "--live", str(tmp_path / "live"), "--http-port", str(free_port()), "--bind", "127.0.0.1", "--control", str(tmp_path / "control.sock"), "--drain-time", "60s"]


def log(daemon):
    fd = daemon.log.fileno()
    return os.pread(fd, os.fstat(fd).st_size, 0).decode()  # it shares the file's offset


class Asker:
    """Asks an origind to hand over, as the next one would."""

    def __init__(self, tmp_path):
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link.settimeout(LONG)
        self.link.connect(str(tmp_path / "control.sock.handover"))
        self.fds = []

    def say(self, **what):
        self.link.send(json.dumps(what).encode())

    def hear(self):
        text, control, _, _ = self.link.recvmsg(65536, socket.CMSG_LEN(4))
        for _, _, data in control:
            self.fds.extend(array.array("i", data))
        return json.loads(text) if text else None

    def take(self):
        self.say(take_over=1)
        while "complete" not in self.hear():
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.link.close()
        for fd in self.fds:
            os.close(fd)


def test_origind_without_one_before_it_starts_as_ever(tmp_path, command):
    with Daemon(*command, "--take-over") as first:
        with Daemon(*command, "--take-over") as second:
            assert first.process.wait(LONG) == 0 and "another process has taken over" in log(first)
            assert second.process.poll() is None and (tmp_path / "control.sock.handover").exists()
        assert not (tmp_path / "control.sock.handover").exists() and not (tmp_path / "control.sock").exists()


def test_one_that_takes_everything_and_then_cannot_serve_changes_nothing(command):
    with Daemon(*command) as first:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            failed = subprocess.run([*command, "--take-over", "--metrics", f"127.0.0.1:{taken.getsockname()[1]}"], capture_output=True, text=True, timeout=LONG)
        assert failed.returncode == 75 and "another program holds port" in failed.stderr, failed
        with Daemon(*command, "--take-over"):
            assert first.process.wait(LONG) == 0 and "another process has taken over" in log(first)


def test_one_that_cannot_be_let_in_is_said_once_a_second(tmp_path, command):
    with Daemon(*command) as origind:
        pid = origind.process.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))  # its standard ones are open, so there is none to be had
        with Asker(tmp_path) as asker:
            asker.say(take_over=1)
            wait_for(lambda: log(origind).count("nobody may take over") >= 2, LONG, "word of it")
            assert log(origind).count("nobody may take over") < 5
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
            assert "listening" in asker.hear()


def test_one_that_is_ready_is_heard_before_the_next_that_asks(tmp_path, command):
    with Daemon(*command) as origind, Asker(tmp_path) as first:
        first.take()
        origind.process.send_signal(signal.SIGSTOP)
        try:
            wait_for(lambda: " (origind) T " in open(f"/proc/{origind.process.pid}/stat").read(), LONG, "its stop")
            with Asker(tmp_path):
                first.say(ready=True)
                origind.process.send_signal(signal.SIGCONT)
                assert origind.process.wait(LONG) == 0 and "another process has taken over" in log(origind)
        finally:
            origind.process.send_signal(signal.SIGCONT)


def test_one_that_is_told_to_stop_leaves_their_names_to_the_next(tmp_path, command):
    with Daemon(*command) as origind, Asker(tmp_path) as asker:
        asker.take()
        with socket.create_connection(("127.0.0.1", int(command[command.index("--http-port") + 1])), LONG) as half:
            half.sendall(b"GET / HTTP/1.1\r\n")
            with socket.socket(socket.AF_UNIX) as control:
                control.connect(str(tmp_path / "control.sock"))
                told = control.makefile("rw")
                wait_for(lambda: print('{"command":"streams"}', file=told, flush=True) or json.loads(told.readline())["connections"] == 1, LONG, "the half request")
            origind.process.terminate()
            wait_for(lambda: "draining" in log(origind), LONG, "the end to begin")
            asker.say(ready=True)
            assert asker.hear() is None
        assert origind.process.wait(LONG) == 0
        assert (tmp_path / "control.sock").exists() and (tmp_path / "control.sock.handover").exists()
