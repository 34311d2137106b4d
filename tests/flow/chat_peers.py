"""Clients of chatd for tests, over raw sockets: IRC by TCP, WebSocket by RFC 6455, the JSON protocol on it. Each over TLS where it is given a context."""
import base64
import hashlib
import json
import os
import socket
import struct
import zlib


def tags(line):
    """Of an IRC line that begins with them, {name: value}, as they are escaped."""
    return dict(tag.split("=", 1) for tag in line[1:].split(" ", 1)[0].split(";"))


class Closed(Exception):
    """The server closed; `code` is the WebSocket close code, if it said one."""

    def __init__(self, code=None, reason=""):
        super().__init__(f"closed {code} {reason}")
        self.code = code


def connect(host, port, timeout, tls):
    link = socket.create_connection((host, port), timeout)
    return tls.wrap_socket(link, server_hostname=host) if tls else link


class IrcPeer:
    """Lines over TCP."""

    def __init__(self, port, host="127.0.0.1", timeout=10, tls=None):
        self.socket = connect(host, port, timeout, tls)
        self.buffer = b""

    def send(self, *lines):
        self.socket.sendall(b"".join(line.encode() + b"\r\n" for line in lines))

    def line(self):
        while b"\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise Closed()
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode()

    def until(self, *parts):
        """Lines up to the first one that holds all of `parts`, which is the last returned."""
        lines = []
        while True:
            lines.append(self.line())
            if all(part in lines[-1] for part in parts):
                return lines

    def log_in(self, nick, token=None, capabilities="twitch.tv/tags twitch.tv/commands twitch.tv/membership"):
        if capabilities:
            self.send(f"CAP REQ :{capabilities}")
        if token:
            self.send(f"PASS oauth:{token}")
        self.send(f"NICK {nick}")
        return self.until(" 376 ")

    def join(self, channel):
        self.send(f"JOIN #{channel}")
        return self.until("ROOMSTATE", f"#{channel}")

    def close(self):
        self.socket.close()


class WebSocket:
    """A client's side of RFC 6455; frames can be sent as malformed as a test wants them."""

    def __init__(self, port, path="/", host="127.0.0.1", protocol=None, origin=None, headers=(), timeout=10, tls=None, deflate=False):
        """`deflate`: offers permessage-deflate, which must be taken, without context takeover (RFC 7692)."""
        self.socket = connect(host, port, timeout, tls)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers]
        if protocol:
            lines.append(f"Sec-WebSocket-Protocol: {protocol}")
        if deflate:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        if origin:
            lines.append(f"Origin: {origin}")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.buffer = b""
        head = self._take_until(b"\r\n\r\n").decode().split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in head[1:] if line)}
        if self.status == 101:
            accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
            assert self.headers["sec-websocket-accept"] == accept
            taken = "permessage-deflate; server_no_context_takeover; client_no_context_takeover" if deflate else None
            assert self.headers.get("sec-websocket-extensions") == taken
        self.deflate = deflate
        self.packed = self.packed_bytes = self.unpacked_bytes = 0  # of compressed messages that came

    def _more(self):
        more = self.socket.recv(65536)
        if not more:
            raise Closed()
        self.buffer += more

    def _take_until(self, mark):
        while mark not in self.buffer:
            self._more()
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def _take(self, count):
        while len(self.buffer) < count:
            self._more()
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def send_frame(self, first, payload=b"", mask=b"\x01\x02\x03\x04"):
        size = len(payload)
        head = bytes([first])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        masked = int.from_bytes(payload, "big") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        self.socket.sendall(head + mask + masked.to_bytes(size, "big"))

    def send(self, text):
        self.send_frame(0x81, text.encode())

    def frame(self):
        """(opcode, payload) of the next frame, unpacked; the server never masks and never fragments."""
        first, second = self._take(2)
        assert first & 0x80 and not first & 0x30 and not second & 0x80
        assert not first & 0x40 or (self.deflate and first & 0x0f == 1)
        size = second & 0x7f
        if size == 126:
            size = struct.unpack(">H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._take(8))[0]
        payload = self._take(size)
        if first & 0x40:
            message = zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")  # each by itself: no context is taken over
            self.packed, self.packed_bytes, self.unpacked_bytes = self.packed + 1, self.packed_bytes + size, self.unpacked_bytes + len(message)
            payload = message
        return first & 0x0f, payload

    def message(self):
        while True:
            opcode, payload = self.frame()
            if opcode == 9:
                self.send_frame(0x8a, payload)
            elif opcode == 8:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
                raise Closed(code, payload[2:].decode())
            elif opcode == 1:
                return payload.decode()

    def close(self):
        self.socket.close()


class Page(WebSocket):
    """The JSON protocol."""

    def __init__(self, port, **more):
        super().__init__(port, "/json", **more)
        self.hello = self.object()

    def object(self):
        return json.loads(self.message())

    def ask(self, **request):
        self.send(json.dumps(request))

    def until(self, kind):
        """The next object of this type; others before it are dropped."""
        while True:
            found = self.object()
            if found["type"] == kind:
                return found

    def log_in(self, ticket):
        self.ask(type="auth", ticket=ticket)
        return self.object()

    def join(self, channel, **more):
        self.ask(type="join", channel=channel, **more)
        return self.until("joined")

    def say(self, channel, text, key):
        self.ask(type="message", channel=channel, text=text, key=key)


def answered(peer, text):
    """What an IRC client is told of its line: ('USERSTATE' or a msg-id, the line)."""
    peer.send(f"PRIVMSG #demo :{text}")
    while True:
        line = peer.line()
        if " USERSTATE " in line:
            return "USERSTATE", line
        if " NOTICE " in line:
            return tags(line)["msg-id"], line
