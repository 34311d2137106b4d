"""What flow tests share: the programs, free ports, temporary platforms, publishers, waiting on conditions.

Nothing here sleeps for a guessed time: `wait_for` looks again until a deadline, and readiness comes over a pipe.
"""
import contextlib
import fcntl
import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", pathlib.Path(__file__).parents[2] / "build"))
BIN = BUILD / "bin"
TOOLS = BUILD / "tests"


def program(name):
    """The path of one of our programs."""
    return str(BIN / name)


def tool(name):
    """The path of a program that only tests use."""
    return str(TOOLS / name)


def free_port():
    """A TCP port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_udp_port():
    """A UDP port that nobody has bound just now."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_port_base(span=20):
    """The first of `span` neighbouring ports that nothing listens on just now, below the ephemeral range."""
    while True:
        base = random.randrange(10000, 32000 - span)
        with contextlib.ExitStack() as held:
            try:
                for port in range(base, base + span):
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        probe = held.enter_context(socket.socket(type=kind))
                        if kind == socket.SOCK_STREAM:
                            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return base


def wait_for(condition, seconds=20, what="the condition"):
    """Looks until `condition()` gives something true, and returns it."""
    deadline = time.monotonic() + seconds
    pause = select.poll()  # nothing registered: poll() is only the interval between two looks
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        pause.poll(20)


def get(url, timeout=10):
    """(status, headers, body) of a GET, whatever the status."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def read_line_from(fd, seconds):
    """One line from a descriptor, or what came until the deadline."""
    deadline = time.monotonic() + seconds
    line = b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            break
        byte = os.read(fd, 1)
        if not byte:
            break
        line += byte
    return line.decode()


def install_npm(folder):
    """The npm packages that the folder's lock file names, unless they are there; tests that want them at once take turns."""
    with open(folder / "package.json") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        installed = folder / "node_modules" / ".package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True)


class Daemon:
    """One of our daemons, started with --ready-fd and stopped at the end of the `with` block. Without `ready` it is not waited for."""

    def __init__(self, *command, seconds=15, env=None, ready=True):
        reader, writer = os.pipe()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*command, "--ready-fd", str(writer)], pass_fds=[writer], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log, env={**os.environ, **(env or {})})
        os.close(writer)
        line = read_line_from(reader, seconds) if ready else "\n"
        os.close(reader)
        if line != "\n":
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{command[0]} did not become ready:\n{self.output()}")

    def output(self):
        # pread: the daemon shares the file's offset, and would write over what it said
        fd = self.log.fileno()
        return os.pread(fd, os.fstat(fd).st_size, 0).decode(errors="replace")

    def stop(self, seconds=15):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not stop within {seconds} s:\n{self.output()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Platform:
    """`sluice up` in a temporary directory on random ports. `settings`: {program: {option: value}}, its configuration file."""

    def __init__(self, *options, directory=None, settings=None):
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="sluice-test-"))
        for name, own in (settings or {}).items():
            (self.directory / f"{name}.conf").write_text("".join(f"{option} = {value}\n" for option, value in own.items()))
        self.owns_directory = directory is None
        self.base = free_port_base()
        self.options = options
        self.log = open(self.directory / "up.log", "ab+")
        self.process = None
        self.up()

    def up(self, seconds=40):
        reader, writer = os.pipe()
        self.process = subprocess.Popen(
            [program("sluice"), "up", "--dir", str(self.directory), "--port-base", str(self.base),
             "--ready-fd", str(writer), *self.options],
            pass_fds=[writer], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        os.close(writer)
        line = read_line_from(reader, seconds)
        os.close(reader)
        if line != "\n":
            self.stop()
            raise AssertionError(f"sluice up did not become ready:\n{self.output()}")

    def output(self):
        return (self.directory / "up.log").read_text(errors="replace")

    def port(self, name):
        return self.base + {"rtmp": 0, "rtmps": 1, "srt": 2, "http": 3, "origin": 4, "ws": 5, "irc": 6}[name]

    def run(self, name, *arguments, check=True, stdin=None):
        """Runs one of our tools on this platform; its standard output, stripped."""
        done = subprocess.run([program(name), "--dir", str(self.directory), *arguments], input=stdin,
                              capture_output=True, text=True, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError(f"{name} {arguments} → {done.returncode}\n{done.stderr}")
        return done.stdout.strip() if check else done

    def channel(self, name):
        """Makes a user and a channel of that name; the stream key."""
        self.run("chanctl", "user", "add", name)
        self.run("chanctl", "channel", "add", name, "--owner", name)
        return self.run("chanctl", "key", "rotate", name)

    def token(self, user, scope="chat:read,chat:edit"):
        return self.run("chanctl", "token", "issue", user, "--scope", scope)

    def status(self):
        done = subprocess.run([program("sluice"), "status", "--json", "--dir", str(self.directory)],
                              capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout)

    def streams(self):
        """What ingestd says of its streams, when it says something."""
        return wait_for(lambda: (rows := self.status()["streams"]) is not None and [rows], 20, "word of the streams")[0]

    def ask(self, name, command):
        """A daemon's answer on its control socket; raises OSError or ValueError where it is not there."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(str(self.directory / "run" / f"{name}.sock"))
            link.sendall(json.dumps({"command": command}).encode() + b"\n")
            return json.loads(link.makefile().readline())

    def pid(self, name):
        """The process of a program while it is ready, else nothing."""
        for row in self.status()["programs"]:
            if row["name"] == name and row["state"] == "ready":
                return row["pid"]
        return None

    def publish_url(self, key):
        return f"rtmp://127.0.0.1:{self.port('rtmp')}/live/{key}"

    def master_url(self, channel):
        return f"http://127.0.0.1:{self.port('origin')}/live/{channel}/master.m3u8"

    def wait_live(self, channel, seconds=20):
        wait_for(lambda: get(self.master_url(channel))[0] == 200, seconds, f"{channel} live")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"sluice up did not stop:\n{self.output()}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is not None:
            print(self.output()[-8000:])
        self.log.close()
        if self.owns_directory:
            shutil.rmtree(self.directory, ignore_errors=True)


class Publisher:
    """A real ffmpeg that publishes a small test picture with a tone, in real time, until stopped."""

    def __init__(self, url, size="320x180", rate=30, gop=60, seconds=None, video=None, extra=(), encoder="libx264", output=None):
        source = video or f"testsrc2=size={size}:rate={rate}"
        limit = ["-t", str(seconds)] if seconds else []
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "warning", "-re",
             "-f", "lavfi", "-i", source, "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", *limit,
             "-c:v", encoder, "-preset", "ultrafast", "-tune", "zerolatency", "-g", str(gop), "-keyint_min", str(gop),
             "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k", *extra,
             "-f", output or ("mpegts" if url.startswith("srt:") else "flv"), url],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def output(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def kill(self):
        """As if its machine had died."""
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
