"""What the tests of ingestd share: one with a key file or on a platform's store, its ledgers, hand-made RTMP openings."""
import json
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import tempfile

from harness import Daemon, free_port, free_udp_port, program, wait_for

KEY = "s3cret"


class Ingest:
    """ingestd with a key file (channel alice, key KEY) or, with platform=True, on a store of its own."""

    def __init__(self, *options, platform=False, env=None):
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-ingest-")
        self.directory = pathlib.Path(self.folder.name)
        self.port, self.tls_port, self.srt_port = free_port(), free_port() if platform or "--tls-cert" in options else 0, free_udp_port()
        self.control = self.directory / "control.sock"
        self.options = options
        self.env = env
        self.platform = platform
        self.key = KEY
        (self.directory / "keys").write_text(f"{KEY} alice\nother bob\n")
        if platform:
            self.tool("chanctl", "user", "add", "alice")
            self.tool("chanctl", "channel", "add", "alice", "--owner", "alice")
            self.key = self.tool("chanctl", "key", "rotate", "alice")
        self.daemon = None
        self.start()

    def tool(self, name, *arguments):
        return subprocess.run([program(name), "--dir", str(self.directory), *arguments], check=True, capture_output=True,
                              text=True, timeout=30).stdout.strip()

    def start(self, *more):
        if self.platform:
            where = ["--dir", str(self.directory)]
        else:
            where = ["--key-file", str(self.directory / "keys"), "--ledgers", str(self.directory / "ledgers"),
                     "--live", str(self.directory / "live")]
        self.daemon = Daemon(program("ingestd"), *where, "--rtmp-port", str(self.port), "--rtmps-port", str(self.tls_port), "--srt-port", str(self.srt_port), "--bind", "127.0.0.1", "--control",
                             str(self.control), *self.options, *more, env=self.env, seconds=60 if more else 15)

    def replace(self):
        """Another ingestd takes over; the old one, which may go on for a while."""
        old = self.daemon
        self.start("--take-over")
        return old

    def url(self, key=None):
        return f"rtmp://127.0.0.1:{self.port}/live/{key or self.key}"

    def tls_url(self, key=None):
        return f"rtmps://127.0.0.1:{self.tls_port}/live/{key or self.key}"

    def srt_url(self, stream_id=None, **query):
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return f"srt://127.0.0.1:{self.srt_port}?streamid={stream_id or self.key}{more}"

    def ask(self, **request):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect(str(self.control))
            link.sendall(json.dumps(request).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                got = link.recv(65536)
                if not got:
                    break
                answer += got
        return json.loads(answer)

    def streams(self):
        return self.ask(command="streams")["streams"]

    def stream(self):
        rows = self.streams()
        return rows[0] if rows else None

    def wait_state(self, state, seconds=15):
        return wait_for(lambda: (row := self.stream()) and row["state"] == state and row, seconds, f"stream {state}")

    def wait_log(self, text, seconds=15):
        wait_for(lambda: text in self.log(), seconds, f"'{text}' in the log")

    def log(self):
        # pread: the daemon shares the file's offset
        fd = self.daemon.log.fileno()
        return os.pread(fd, os.fstat(fd).st_size, 0).decode(errors="replace")

    def ledgers(self):
        folder = self.directory / "ledgers"
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if self.daemon.process.poll() is None:
                self.daemon.stop()
        finally:
            if kind is not None:
                print(self.log()[-8000:])
            self.folder.cleanup()


def records(ledger, kind=None):
    """The fields of a ledger's whole lines, without their checksums."""
    index = pathlib.Path(ledger) / "index"
    if not index.exists():
        return []
    lines = index.read_bytes().split(b"\n")[:-1]
    rows = [line.decode().split(" ")[:-1] for line in lines]
    return [row for row in rows if kind is None or row[0] == kind]


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def add_record(ledger, text):
    """Appends a line to a ledger's index, as its writer would."""
    with open(pathlib.Path(ledger) / "index", "ab") as index:
        index.write(f"{text} {crc32c(text.encode()):08x}\n".encode())


def parts(ledger, rendition="source"):
    return [row for row in records(ledger, "P") if row[1] == rendition]


def ended(ledger):
    rows = records(ledger)
    return bool(rows) and rows[-1][0] == "E"


def assert_unbroken(ledger):
    """Each part starts where the one before it ended, unless a discontinuity is marked."""
    for rendition in {row[1] for row in records(ledger, "P")}:
        end = None
        for row in parts(ledger, rendition):
            start, duration, flags = int(row[6]), int(row[7]), row[12]
            assert end is None or start == end or "D" in flags, (rendition, row, end)
            end = start + duration


def media_seconds(ledger, rendition="source"):
    scale = next(int(row[5]) for row in records(ledger, "R") if row[1] == rendition)
    return sum(int(row[7]) for row in parts(ledger, rendition)) / scale


# ---- RTMP by hand, as far as these tests need it

def amf(value):
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return b"\x01" + bytes([value])
    if isinstance(value, (int, float)):
        return b"\x00" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"\x02" + struct.pack(">H", len(value)) + value.encode()
    members = b"".join(struct.pack(">H", len(k)) + k.encode() + amf(v) for k, v in value.items())
    return b"\x03" + members + b"\x00\x00\x09"


def message(kind, payload, stream=0, chunk_stream=3, timestamp=0):
    """One message in chunks of 128 bytes."""
    head = bytes([chunk_stream]) + timestamp.to_bytes(3, "big") + len(payload).to_bytes(3, "big") + bytes([kind]) + \
        struct.pack("<I", stream)
    pieces = [payload[at:at + 128] for at in range(0, len(payload), 128)] or [b""]
    return head + bytes([0xC0 | chunk_stream]).join(pieces)


def publish_command(key):
    return message(20, amf("publish") + amf(3) + amf(None) + amf(key) + amf("live"), stream=1, chunk_stream=4)


def opening(key):
    """Everything a publisher says up to and with publish, with a simple handshake."""
    c0c1 = b"\x03" + bytes(8) + os.urandom(1528)
    connect = message(20, amf("connect") + amf(1) + amf({"app": "live", "tcUrl": "rtmp://127.0.0.1/live"}))
    create = message(20, amf("createStream") + amf(2) + amf(None))
    return c0c1, connect + create + publish_command(key)


def read_some(link, size):
    got = b""
    while len(got) < size:
        more = link.recv(size - len(got))
        if not more:
            break
        got += more
    return got


def read_until(link, text, seconds=10):
    link.settimeout(seconds)
    got = b""
    while text not in got:
        more = link.recv(65536)
        if not more:
            break
        got += more
    return got


def hand_publish(port, key):
    """A connection that has said publish: (socket, what the server answered up to a Publish status)."""
    link = socket.create_connection(("127.0.0.1", port), 10)
    try:
        c0c1, commands = opening(key)
        link.sendall(c0c1)
        answer = read_some(link, 1 + 1536 + 1536)
        link.sendall(answer[1:1537] + commands)
        return link, read_until(link, b"NetStream.Publish.")
    except OSError:
        link.close()
        raise


def trusting():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def tls(port, context=None):
    return (context or trusting()).wrap_socket(socket.create_connection(("127.0.0.1", port), 10))


def assert_lint(ledger):
    """hlslint finds nothing in the ledger."""
    done = subprocess.run([program("hlslint"), "--json", str(ledger)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not any("rule" in json.loads(line) for line in done.stdout.splitlines()), done.stdout + done.stderr
