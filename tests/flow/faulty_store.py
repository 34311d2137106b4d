"""An S3 service that does as a test says, and a ledger written by hand: for faults that no real store shows when it is asked to.

It takes every signature; `swift_store.py` has a store that does not.
"""
import collections
import http.server
import os
import re
import threading

from ingest import crc32c

# `nth`: which try of its key this is, from 1 on.
Put = collections.namedtuple("Put", "key body access_key nth")


def refusal(status, code="", message="", more=b""):
    """An answer as S3 gives it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode() + more
    return b"HTTP/1.1 %d No\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


class FaultyStore:
    """`rule(put)` gives None, and the object is kept, or the raw bytes of another answer, in pieces where it has no end, after which the
    connection is closed."""

    def __init__(self, rule=None):
        self.rule = rule or (lambda put: None)
        self.objects, self.tries, self.lock = {}, [], threading.Lock()
        store = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                key = self.path.split("/", 2)[2]
                access_key = re.search("Credential=([^/]*)/", self.headers["Authorization"])[1]
                with store.lock:
                    put = Put(key, body, access_key, 1 + sum(other.key == key for other in store.tries))
                    store.tries.append(put)
                answer = store.rule(put)
                if answer is None:
                    with store.lock:
                        store.objects[key] = body
                    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                else:
                    self.close_connection = True
                try:
                    for piece in [answer] if isinstance(answer, bytes) else answer:
                        self.wfile.write(piece)
                except OSError:
                    pass  # who asked has gone

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class MadeLedger:
    """A ledger with one part a segment, of any bytes."""

    def __init__(self, path, renditions=("source", "audio"), channel="demo"):
        self.path, self.renditions, self.channel = path, renditions, channel
        self.next, self.init, self.wall = 0, 0, 1763820000000
        path.mkdir(parents=True)
        self.line(f"L 1 {path.name} {channel} {self.wall} 1000 1000 1000000 1 cmaf")
        for name in renditions:
            self.header(name, b"header of " + name.encode())

    def line(self, text):
        with open(self.path / "index", "ab") as index:
            index.write(f"{text} {crc32c(text.encode()):08x}\n".encode())

    def header(self, name, content):
        (self.path / name).mkdir(exist_ok=True)
        (self.path / name / f"init-{self.init}.mp4").write_bytes(content)
        what = "audio mp4a.40.2 48000 0x0 0/1 48000/2" if name == "audio" else "video avc1.64001f 90000 160x90 15/1 0/0"
        self.line(f"R {name} {self.init} {what} 100000 0")

    def segments(self, count, kind=b"m"):
        """So many more of every rendition; which they are shows in their bytes."""
        for _ in range(count):
            for name in self.renditions:
                media = (kind + f"{name}{self.next}".encode()) * 20
                (self.path / name / f"{self.next}.m4s").write_bytes(media)
                scale = 48000 if name == "audio" else 90000
                self.wall += 7
                self.line(f"P {name} {self.next} 0 0 {len(media)} {self.next * scale} {scale} {self.next * 1000000} {self.next * 1000000 + 1000000} {self.wall} {self.init} IL")
            self.next += 1
        return self

    def end(self):
        self.wall += 7
        self.line(f"E {self.wall}")
        return self

    def lose(self, msn):
        """As a machine that lost power leaves it, once its next writer has looked: nothing from this segment on."""
        text = (self.path / "index").read_bytes()
        first = re.search(rb"^P \S+ %d " % msn, text, re.M).start()
        os.truncate(self.path / "index", first)
        for path in self.path.glob("*/*.m4s"):
            if int(path.stem) >= msn:
                path.unlink()
        self.next = msn
        self.wall += 60000
        return self

    def files(self):
        """{key: bytes} of its media, as it is to be in the store."""
        prefix = f"{self.channel}/{self.path.name}"
        return {f"{prefix}/{path.parent.name}/{path.name}": path.read_bytes() for path in self.path.glob("*/*") if path.is_file()}
