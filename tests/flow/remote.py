"""Transcoders on other machines, on this one: a real Redis server, workers, filters that dispatch."""
import hmac
import os
import pathlib
import secrets
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pytest

from harness import Daemon, free_port, get, program, wait_for
from test_transcode import make

KEY = "sluice:transcode:jobs"
LADDER = ("--ladder", "360p30,source", "--cores", "1")


class RedisServer:
    """Debian's redis-server on a port of its own, nothing saved; started and stopped here, whatever the package's service does."""

    def __init__(self, password=None, config=""):
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-redis-")
        self.port = free_port()
        self.password = password
        self.config = config
        self.process = None
        self.start()

    def start(self):
        config = f"port {self.port}\nbind 127.0.0.1\ndir {self.folder.name}\nsave \"\"\nappendonly no\nlogfile {self.folder.name}/log\n{self.config}\n"
        if self.password:
            config += f"requirepass \"{self.password}\"\n"
        self.process = subprocess.Popen(["redis-server", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.process.stdin.write(config.encode())
        self.process.stdin.close()
        wait_for(self.answers, 15, "redis-server ready")

    def answers(self):
        try:
            return self.ask("PING") == "PONG"
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def ask(self, *words):
        """One command on a connection of its own; its reply as Python values."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as link:
            commands = [("AUTH", self.password)] if self.password else []
            for command in [*commands, words]:
                link.sendall(command_bytes(command))
            lines = link.makefile("rb")
            for _ in commands:
                read_reply(lines)
            return read_reply(lines)

    def length(self):
        return self.ask("XLEN", KEY)

    def pending(self):
        found = self.ask("XPENDING", KEY, "workers")
        return found[0] if isinstance(found, list) else 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.folder.cleanup()


class Between:
    """Stands between clients and a Redis server. `rule(words, ask, link)` makes each command's answer, as bytes: `ask(words)` is the server's,
    `link` the client's socket. A rule that raises ConnectionError closes the client's connection."""

    def __init__(self, redis, rule):
        self.redis, self.rule = redis, rule
        self.commands, self.accepted = [], []  # what was asked, and when connections came
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                link, _ = self.server.accept()
            except OSError:
                return
            self.accepted.append(time.monotonic())
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def serve(self, link):
        try:
            with link, socket.create_connection(("127.0.0.1", self.redis.port)) as server:
                asked, answers = link.makefile("rb"), server.makefile("rb")

                def ask(words):
                    server.sendall(command_bytes(words))
                    return read_raw_reply(answers)

                while words := read_reply(asked):
                    self.commands.append(words)
                    link.sendall(self.rule(words, ask, link))
        except (OSError, ValueError):
            pass

    def count(self, name):
        return sum(words[0] == name for words in self.commands)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()


def command_bytes(words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in (str(w).encode() for w in words))


def read_raw_reply(lines):
    """A reply as it came, for read_reply(io.BytesIO(…))."""
    line = lines.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the server is gone")
    kind, count = line[:1], line[1:-2]
    if kind == b"$" and int(count) >= 0:
        return line + lines.read(int(count) + 2)
    if kind == b"*" and int(count) > 0:
        return line + b"".join(read_raw_reply(lines) for _ in range(int(count)))
    return line


def read_reply(lines):
    line = lines.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    if kind in b"+-":
        return rest.decode()
    if kind == b":":
        return int(rest)
    if int(rest) < 0:
        return None
    if kind == b"$":
        return lines.read(int(rest) + 2)[:-2].decode()
    return [read_reply(lines) for _ in range(int(rest))]


class Remote:
    """A Redis server and a secret; workers and dispatchers that use them."""

    def __init__(self, password=None, config=""):
        self.redis = RedisServer(password, config)
        self.url = self.redis.url()  # what workers and dispatchers are given
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-remote-")
        self.secret = self.file("secret", secrets.token_hex(32))
        self.workers = []

    def file(self, name, content):
        path = pathlib.Path(self.folder.name, name)
        path.write_text(content + "\n")
        path.chmod(0o600)
        return str(path)

    def options(self, secret=None):
        """What dispatchers and workers are given alike."""
        more = ["--redis-password-file", self.file("password", self.redis.password)] if self.redis.password else []
        return ["--secret-file", secret or self.secret, *more]

    def worker(self, name, *options, **how):
        made = Worker(self, name, *options, **how)
        self.workers.append(made)
        return made

    def dispatch(self, *options, secret=None):
        return [program("transcode"), "--dispatch", self.url, *self.options(secret), *options]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            for worker in self.workers:
                if kind is not None:
                    print(f"worker {worker.name}:\n{worker.output()[-6000:]}")
                worker.end()
        finally:
            self.redis.__exit__()
            self.folder.cleanup()


class Worker(Daemon):
    """A worker whose temporary files are its own."""

    def __init__(self, remote, name, *options, secret=None, env=None, ready=True):
        self.name = name
        self.metrics_port = free_port()
        self.temporary = tempfile.TemporaryDirectory(prefix="sluice-worker-")
        super().__init__(program("transcode"), "--worker", remote.url, *remote.options(secret), "--name", name, "--metrics",
                         f"127.0.0.1:{self.metrics_port}", *options, env={"TMPDIR": self.temporary.name, **(env or {})}, ready=ready)

    def says(self, text, seconds=20):
        wait_for(lambda: text in self.output(), seconds, f"'{text}' in the log of {self.name}")

    def health(self):
        return get(f"http://127.0.0.1:{self.metrics_port}/health")

    def metric(self, name, labels=""):
        text = get(f"http://127.0.0.1:{self.metrics_port}/metrics")[2].decode()
        return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + labels + " ")), None)

    def children(self):
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True).stdout
        return [int(pid) for pid in listed.split()]

    def busy(self):
        return self.process.poll() is None and bool(self.children())

    def left_behind(self):
        return os.listdir(self.temporary.name)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.temporary.cleanup()
        self.log.close()


# ---- streams that are dispatched

@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.flv"
    make(path, "-g", "60", "-bf", "2")
    return path


@pytest.fixture
def remote():
    with Remote() as made:
        yield made


def run(command, source, env=None):
    with open(source, "rb") as data:
        return subprocess.run(command, stdin=data, capture_output=True, timeout=60, env={**os.environ, **(env or {})})


def start(command, source=None):
    """A dispatcher whose input stays open; its output is thrown away."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if source:
        process.stdin.write(source)
        process.stdin.flush()
    return process


def ends(process, code, seconds=30):
    said = process.communicate(timeout=seconds)[1].decode()
    assert process.returncode == code, said
    return said


# ---- the connection, played by a test

def frame(kind, payload):
    return kind + struct.pack(">I", len(payload)) + payload


def read_frame(link):
    head = link.recv(5, socket.MSG_WAITALL)
    return (head[:1], link.recv(struct.unpack(">I", head[1:])[0], socket.MSG_WAITALL)) if len(head) == 5 else (b"", head)


def proof(secret, who, ticket, worker, dispatcher):
    return hmac.new(secret, b"sluice job proof 1\n" + who + b"\n" + ticket + b"\n" + worker + dispatcher, "sha256").digest()


def posted(remote):
    """The fields of the one entry."""
    wait_for(lambda: remote.redis.length() == 1, 20, "the job posted")
    words = remote.redis.ask("XRANGE", KEY, "-", "+")[0][1]
    return dict(zip(words[::2], words[1::2]))


def post(remote, to, good_for=8000):
    """An entry that somebody who knows the secret has made; its ticket is abc."""
    secret = pathlib.Path(remote.secret).read_text().strip().encode()
    job = {"to": to, "ticket": "abc", "stream": "s", "channel": "c", "good-for": str(good_for)}
    seal = hmac.new(secret, b"sluice job entry 1\n" + b"".join(value.encode() + b"\n" for value in job.values()), "sha256").hexdigest()
    return remote.redis.ask("XADD", KEY, "*", "v", "1", "seal", seal, *(word for pair in job.items() for word in pair))


def play_worker(remote, job):
    """A connection to the dispatcher of this job, which has proven itself and has been given the order."""
    secret, ticket, mine = pathlib.Path(remote.secret).read_text().strip().encode(), job["ticket"].encode(), bytes(32)
    host, port = job["to"].rsplit(":", 1)
    link = socket.create_connection((host, int(port)), 10)
    link.sendall(frame(b"H", b"\x01" + bytes([len(ticket)]) + ticket + mine + b"played"))
    kind, challenge = read_frame(link)
    assert kind == b"C"
    link.sendall(frame(b"P", proof(secret, b"worker", ticket, mine, challenge[:32])))
    assert read_frame(link)[0] == b"J"
    return link
