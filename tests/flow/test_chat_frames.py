"""chatd's WebSocket under hostile frames (RFC 6455, RFC 7692), over raw sockets: what closes it and with which code, and what it has to stand."""
import base64
import json
import os
import pathlib
import socket
import struct
import zlib

import pytest

from chat_peers import Closed, Page, WebSocket
from chat_platform import running
from harness import wait_for

MASK = b"\x11\x22\x33\x44"
LIMIT = 16 * 1024  # bytes of a message
TEXT, BINARY, CLOSE, PING, PONG, MORE = 0x81, 0x82, 0x88, 0x89, 0x8a, 0x00
SMILE = "\U0001f600".encode()


def frame(first, payload=b"", masked=True, length=None):
    """A frame with these first bits; `length` overrides how its length is written."""
    size = len(payload)
    flag = 0x80 if masked else 0
    if length is not None:
        head = length
        head = bytes([head[0] | flag]) + head[1:]
    elif size < 126:
        head = bytes([flag | size])
    elif size < 65536:
        head = bytes([flag | 126]) + struct.pack(">H", size)
    else:
        head = bytes([flag | 127]) + struct.pack(">Q", size)
    body = bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload)) if masked else payload
    return bytes([first]) + head + (MASK if masked else b"") + body


def close(code, reason=b""):
    return frame(CLOSE, struct.pack(">H", code) + reason)


@pytest.fixture(scope="module")
def chat():
    with running("--cooldown", "0s") as chat:
        yield chat


# name: what is sent → the code that chatd closes with
REFUSED = {
    "unmasked text": (frame(TEXT, b"hi", masked=False), 1002),
    "unmasked ping": (frame(PING, b"", masked=False), 1002),
    "unmasked close": (frame(CLOSE, b"\x03\xe8", masked=False), 1002),
    "unmasked empty": (frame(TEXT, b"", masked=False), 1002),
    "RSV1": (frame(0xc1, b"hi"), 1002),
    "RSV2": (frame(0xa1, b"hi"), 1002),
    "RSV3": (frame(0x91, b"hi"), 1002),
    "all RSV": (frame(0xf1, b"hi"), 1002),
    "RSV1 on a ping": (frame(0xc9), 1002),
    "RSV1 on a continuation": (frame(0x01, b"PI") + frame(0xc0, b"NG"), 1002),
    "opcode 3": (frame(0x83), 1002),
    "opcode 7": (frame(0x87, b"x"), 1002),
    "opcode 11": (frame(0x8b), 1002),
    "opcode 15": (frame(0x8f, b"x"), 1002),
    "continuation of nothing": (frame(0x80, b"x"), 1002),
    "first fragment as continuation": (frame(0x00, b"x") + frame(0x80, b"x"), 1002),
    "continuation after a whole message": (frame(TEXT, b"PING") + frame(0x80, b"x"), 1002),
    "text inside text": (frame(0x01, b"a") + frame(TEXT, b"b"), 1002),
    "binary inside text": (frame(0x01, b"a") + frame(BINARY, b"b"), 1002),
    "fragmented ping": (frame(0x09, b"a"), 1002),
    "fragmented close": (frame(0x08, b"\x03\xe8"), 1002),
    "fragmented pong": (frame(0x0a, b"a"), 1002),
    "ping of 126": (frame(PING, b"x" * 126), 1002),
    "pong of 126": (frame(PONG, b"x" * 126), 1002),
    "close of 126": (frame(CLOSE, b"\x03\xe8" + b"x" * 124), 1002),
    "ping of 64 bits": (frame(PING, b"", length=b"\x7f" + struct.pack(">Q", 1)), 1002),
    "length of 125 in 16 bits": (frame(TEXT, b"x" * 125, length=b"\x7e\x00\x7d"), 1002),
    "length of 0 in 16 bits": (frame(TEXT, b"", length=b"\x7e\x00\x00"), 1002),
    "length of 126 in 64 bits": (frame(TEXT, b"x" * 126, length=b"\x7f" + struct.pack(">Q", 126)), 1002),
    "length of 65535 in 64 bits": (frame(TEXT, b"", length=b"\x7f" + struct.pack(">Q", 65535)), 1002),
    "length with the highest bit": (frame(TEXT, b"", length=b"\x7f" + struct.pack(">Q", 1 << 63)), 1002),
    "length of all ones": (frame(TEXT, b"", length=b"\x7f" + b"\xff" * 8), 1002),
    "length of 63 bits": (frame(TEXT, b"", length=b"\x7f\x7f" + b"\xff" * 7), 1009),
    "length of 4 GB": (frame(TEXT, b"", length=b"\x7f" + struct.pack(">Q", 1 << 32)), 1009),
    "one byte over": (frame(TEXT, b"x" * (LIMIT + 1)), 1009),
    "one byte over, told by its head alone": (frame(TEXT, b"", length=b"\x7e" + struct.pack(">H", LIMIT + 1)), 1009),
    "one byte over in fragments": (frame(0x01, b"x" * LIMIT) + frame(0x80, b"x"), 1009),
    "over in many fragments": (frame(0x01, b"x") + frame(MORE, b"x" * 5000) * 4, 1009),
    "binary": (frame(BINARY, b"x"), 1003),
    "empty binary": (frame(BINARY), 1003),
    "fragmented binary": (frame(0x02, b"a") + frame(0x80, b"b"), 1003),
    "bad byte": (frame(TEXT, b"a\xffb"), 1007),
    "overlong": (frame(TEXT, b"\xc0\xaf"), 1007),
    "surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "past U+10FFFF": (frame(TEXT, b"\xf4\x90\x80\x80"), 1007),
    "lone continuation byte": (frame(TEXT, b"\x80"), 1007),
    "character cut by the end": (frame(TEXT, SMILE[:3]), 1007),
    "character cut by the end of the last fragment": (frame(0x01, SMILE[:2]) + frame(0x80, SMILE[2:3]), 1007),
    "bad second half in the next fragment": (frame(0x01, SMILE[:2]) + frame(0x80, b"ab"), 1007),
    "bad text in a first fragment, the rest never sent": (frame(0x01, b"\xfe"), 1007),
    "close with half a code": (frame(CLOSE, b"\x03"), 1002),
    "close 0": (close(0), 1002),
    "close 999": (close(999), 1002),
    "close 1004": (close(1004), 1002),
    "close 1005": (close(1005), 1002),
    "close 1006": (close(1006), 1002),
    "close 1015": (close(1015), 1002),
    "close 1016": (close(1016), 1002),
    "close 2999": (close(2999), 1002),
    "close 5000": (close(5000), 1002),
    "close 65535": (close(65535), 1002),
    "close whose reason is not UTF-8": (close(1000, b"\xc3\x28"), 1007),
    "close whose reason is cut": (close(1000, SMILE[:3]), 1007),
    "close without a code": (frame(CLOSE), 1000),
    "close 1000": (close(1000), 1000),
    "close 1001 with a reason": (close(1001, "gone…".encode()), 1001),
    "close 1011": (close(1011), 1011),
    "close 1014": (close(1014), 1014),
    "close 3000": (close(3000), 3000),
    "close 4999 with the longest reason": (close(4999, b"x" * 123), 4999),
    "close between fragments": (frame(0x01, b"a") + close(1000), 1000),
    "close, and then anything": (close(1000) + frame(TEXT, b"PING") + b"\xff" * 40, 1000),
}


@pytest.mark.parametrize("way", ["whole", "byte by byte"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_closes_a_socket_and_with_which_code(chat, name, way):
    sent, code = REFUSED[name]
    if way == "byte by byte" and len(sent) > 300:
        sent = sent[:300]  # a head of 300 bytes tells nothing new byte by byte
        if code == 1009 and name not in ("length of 63 bits", "length of 4 GB"):
            pytest.skip("needs its thousands of bytes")
    peer = WebSocket(chat.ws, protocol="irc")
    try:
        if way == "whole":
            peer.socket.sendall(sent)
        else:
            peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(len(sent)):
                peer.socket.sendall(sent[at:at + 1])
    except (BrokenPipeError, ConnectionResetError):
        pass  # it closed before all was sent
    with pytest.raises(Closed) as closed:
        while True:
            assert peer.message().startswith((":tmi.twitch.tv", "PONG"))
    assert closed.value.code == code
    assert ends(peer)


def ends(peer):
    """Nothing follows the close frame: the connection ends."""
    try:
        return peer.socket.recv(100) == b"" and peer.buffer == b""
    except ConnectionResetError:
        return True  # it had more of ours to read


# name: what is sent → what comes back, frame by frame
STOOD = {
    "an empty text": (frame(TEXT), []),
    "an empty first and an empty last fragment": (frame(0x01) + frame(MORE, b"PING") + frame(0x80), ["PONG :tmi.twitch.tv\r\n"]),
    "a message of many one-byte fragments": (frame(0x01, b"P") + frame(MORE, b"I") + frame(MORE, b"N") + frame(0x80, b"G"), ["PONG :tmi.twitch.tv\r\n"]),
    "a ping between fragments": (frame(0x01, b"PI") + frame(PING, b"now") + frame(0x80, b"NG"), [(10, b"now"), "PONG :tmi.twitch.tv\r\n"]),
    "pings and pongs between fragments": (frame(0x01, b"PI") + frame(PING, b"1") + frame(PONG, b"x") + frame(PING, b"2") + frame(0x80, b"NG"),
                                          [(10, b"1"), (10, b"2"), "PONG :tmi.twitch.tv\r\n"]),
    "a ping of 125": (frame(PING, bytes(range(125))), [(10, bytes(range(125)))]),
    "an empty ping": (frame(PING), [(10, b"")]),
    "a pong that nobody asked for": (frame(PONG, b"hello"), []),
    "a character split over fragments": (frame(0x01, b"PING " + SMILE[:1]) + frame(MORE, SMILE[1:3]) + frame(0x80, SMILE[3:]),
                                         [":tmi.twitch.tv PONG tmi.twitch.tv :\U0001f600\r\n"]),
    "a ping inside a character": (frame(0x01, b"PING " + SMILE[:2]) + frame(PING, b"\xff") + frame(0x80, SMILE[2:]),
                                  [(10, b"\xff"), ":tmi.twitch.tv PONG tmi.twitch.tv :\U0001f600\r\n"]),
    "the longest message": (frame(TEXT, b"\r\n" * (LIMIT // 2 - 2) + b"PING"), ["PONG :tmi.twitch.tv\r\n"]),
    "the longest message in fragments": (frame(0x01, b"\r\n" * (LIMIT // 2 - 2)) + frame(0x80, b"PING"), ["PONG :tmi.twitch.tv\r\n"]),
    "a mask of zeros": (bytes([TEXT, 0x84]) + b"\0\0\0\0PING", ["PONG :tmi.twitch.tv\r\n"]),
    "several messages in one write": (frame(TEXT, b"PING") * 3, ["PONG :tmi.twitch.tv\r\n"] * 3),
    "several lines in one frame": (frame(TEXT, b"PING\r\nPING a\nPING b"),
                                   ["PONG :tmi.twitch.tv\r\n:tmi.twitch.tv PONG tmi.twitch.tv :a\r\n:tmi.twitch.tv PONG tmi.twitch.tv :b\r\n"]),
    "a NUL in a line": (frame(TEXT, b"PING\0x\r\nPING"), [":tmi.twitch.tv PONG tmi.twitch.tv :x\r\nPONG :tmi.twitch.tv\r\n"]),
}


@pytest.mark.parametrize("way", ["whole", "byte by byte"])
@pytest.mark.parametrize("name", STOOD)
def test_what_a_socket_stands(chat, name, way):
    stands(WebSocket(chat.ws, protocol="irc"), *STOOD[name], way)


def stands(peer, sent, answers, way):
    step = len(sent) if way == "whole" else 1 if len(sent) < 300 else 97
    for at in range(0, len(sent), step):
        peer.socket.sendall(sent[at:at + step])
    for answer in answers:
        opcode, payload = peer.frame()
        assert (payload.decode() if opcode == 1 else (opcode, payload)) == answer
    peer.send("PING last")
    assert peer.message() == ":tmi.twitch.tv PONG tmi.twitch.tv :last\r\n"
    peer.close()


def packed(text, flush=zlib.Z_SYNC_FLUSH, level=9):
    """A message's payload by permessage-deflate."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    payload = packer.compress(text) + packer.flush(flush)
    return payload[:-4] if flush == zlib.Z_SYNC_FLUSH else payload + b"\0"


PACKED, BOMB = 0xc1, packed(b"x" * 20_000_000)
# The same, where permessage-deflate was agreed on.
PACKED_REFUSED = {
    "RSV1 on a continuation": (frame(0x41, packed(b"PI")) + frame(0xc0, b"NG"), 1002),
    "RSV1 on a ping": (frame(0xc9), 1002),
    "RSV1 on a pong": (frame(0xca), 1002),
    "RSV1 on a close": (frame(0xc8, b"\x03\xe8"), 1002),
    "RSV2": (frame(0xa1, packed(b"PING")), 1002),
    "RSV1 and RSV3": (frame(0xd1, packed(b"PING")), 1002),
    "no deflate data": (frame(PACKED, b"\xff\xff\xff\xff"), 1007),
    "a block of the reserved kind": (frame(PACKED, b"\x06\0"), 1007),
    "an empty payload": (frame(PACKED), 1007),
    "cut in a block": (frame(PACKED, packed(b"PING this and that")[:-3]), 1007),
    "a distance before the beginning": (frame(PACKED, bytes.fromhex("038200")), 1007),
    "the wrong complement of a length": (frame(PACKED, b"\0\x05\0\0\0hello\0"), 1007),
    "a zlib head": (frame(PACKED, zlib.compress(b"PING")), 1007),
    "a message that needs the one before": (frame(PACKED, packed(b"PING one and the same")) + frame(PACKED, bytes.fromhex("0a82cb00")), 1007),
    "bad text": (frame(PACKED, packed(b"a\xffb")), 1007),
    "a character cut by the end": (frame(PACKED, packed(SMILE[:3])), 1007),
    "one byte over": (frame(PACKED, packed(b"x" * (LIMIT + 1))), 1009),
    "a bomb, of which only the head fits": (frame(PACKED, BOMB), 1009),
    "a bomb within what a message may have": (frame(PACKED, packed(b"x" * 10_000_000)), 1009),
    "a bomb in fragments": (frame(0x41, BOMB[:8000]) + frame(0x80, BOMB[8000:16000]), 1009),
    "binary": (frame(0xc2, packed(b"x")), 1003),
}
PACKED_STOOD = {
    "a compressed message": (frame(PACKED, packed(b"PING")), ["PONG :tmi.twitch.tv\r\n"]),
    "one that is not": (frame(TEXT, b"PING"), ["PONG :tmi.twitch.tv\r\n"]),
    "in fragments, with a ping between": (frame(0x41, packed(b"PING")[:2]) + frame(PING, b"now") + frame(0x80, packed(b"PING")[2:]),
                                          [(10, b"now"), "PONG :tmi.twitch.tv\r\n"]),
    "as a last block": (frame(PACKED, packed(b"PING", zlib.Z_FINISH)), ["PONG :tmi.twitch.tv\r\n"]),
    "stored, not compressed": (frame(PACKED, packed(b"PING", level=0)), ["PONG :tmi.twitch.tv\r\n"]),
    "the longest": (frame(PACKED, packed(b"\r\n" * (LIMIT // 2 - 2) + b"PING")), ["PONG :tmi.twitch.tv\r\n"]),
    "an empty one": (frame(PACKED, b"\0"), []),
}


def shut(peer, sent):
    """The code with which a peer is closed that sends this."""
    with pytest.raises(Closed) as closed:
        peer.socket.sendall(sent)
        while True:
            assert peer.message().startswith((":tmi.twitch.tv", "PONG"))
    return closed.value.code


@pytest.mark.parametrize("name", PACKED_REFUSED)
def test_what_closes_a_socket_that_packs(chat, name):
    sent, code = PACKED_REFUSED[name]
    assert shut(WebSocket(chat.ws, protocol="irc", deflate=True), sent) == code


@pytest.mark.parametrize("way", ["whole", "byte by byte"])
@pytest.mark.parametrize("name", PACKED_STOOD)
def test_what_a_socket_that_packs_stands(chat, name, way):
    stands(WebSocket(chat.ws, protocol="irc", deflate=True), *PACKED_STOOD[name], way)


def test_many_bombs_take_no_memory(chat):
    def resident():
        return int(pathlib.Path(f"/proc/{chat.daemon.process.pid}/statm").read_text().split()[1]) * 4096
    before = resident()
    for _ in range(50):
        assert shut(WebSocket(chat.ws, protocol="irc", deflate=True), frame(PACKED, packed(b"x" * 10_000_000))) == 1009
    assert resident() - before < 10_000_000


def test_who_offers_it_is_sent_packed_lines_and_who_does_not_the_same_unpacked(chat):
    text = "all that is said here is said here, and here, and there, and here again"
    page, plain = (Page(chat.ws, deflate=deflate) for deflate in (True, False))
    bots = [WebSocket(chat.ws, protocol="irc", deflate=deflate) for deflate in (True, False)]
    for number, bot in enumerate(bots):
        bot.send(f"NICK justinfan{number}\r\nJOIN #demo")
        while " 366 " not in bot.message():
            pass
    page.join("demo")
    plain.join("demo")
    ada = chat.page(chat.ada)
    ada.join("demo")
    packed_before = page.packed
    ada.say("demo", text, "packed")
    assert page.until("message") == plain.until("message")
    assert page.packed == packed_before + 1 and page.packed_bytes < page.unpacked_bytes
    lines = [bot.message() for bot in bots]
    assert lines[0] == lines[1] and text in lines[0]
    assert bots[0].packed >= 1 and bots[1].packed == 0
    # Answers of its own, too: the history.
    assert page.join("demo")["history"] == plain.join("demo")["history"]
    assert page.packed > packed_before + 1
    # What it packs is read.
    page.send_frame(0xc1, packed(json.dumps({"type": "ping", "id": "packed"}).encode()))
    assert page.until("pong")["id"] == "packed"


def test_off_it_is_declined():
    with running("--deflate", "off") as chat:
        offer = ["Sec-WebSocket-Extensions: permessage-deflate"]
        assert "sec-websocket-extensions" not in WebSocket(chat.ws, protocol="irc", headers=offer).headers
        assert shut(WebSocket(chat.ws, protocol="irc", headers=offer), frame(PACKED, packed(b"PING"))) == 1002


KEY = base64.b64encode(os.urandom(16)).decode()
HANDSHAKE = {"Host": "h", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13"}


@pytest.mark.parametrize("method,change,status", [
    ("GET", {}, 101), ("GET", {"Upgrade": "WebSocket", "Connection": "keep-alive, upgrade"}, 101),
    ("GET", {"Sec-WebSocket-Extensions": "x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=9"}, 101),
    ("GET", {"Upgrade": None}, 426), ("GET", {"Connection": None}, 426), ("GET", {"Upgrade": "h2c"}, 426),
    ("GET", {"Sec-WebSocket-Version": "8"}, 426), ("GET", {"Sec-WebSocket-Version": None}, 426),
    ("GET", {"Sec-WebSocket-Key": None}, 426), ("GET", {"Sec-WebSocket-Key": "c2hvcnQ="}, 426),
    ("POST", {"Content-Length": "0"}, 405), ("GET", {"Host": None}, 400),
])
def test_handshakes(chat, method, change, status):
    with socket.create_connection(("127.0.0.1", chat.ws), 10) as peer:
        headers = {name: value for name, value in (HANDSHAKE | change).items() if value is not None}
        lines = [f"{method} / HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        peer.sendall("\r\n".join(lines).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            more = peer.recv(4096)
            assert more, head
            head += more
        assert int(head.split()[1]) == status, head
        assert b"extensions" not in head.lower()  # none is spoken
        if status == 426:
            assert b"sec-websocket-version: 13" in head.lower()


def test_frames_that_come_with_the_handshake_are_not_lost(chat):
    with socket.create_connection(("127.0.0.1", chat.ws), 10) as peer:
        lines = ["GET / HTTP/1.1", *(f"{name}: {value}" for name, value in HANDSHAKE.items()), "", ""]
        peer.sendall("\r\n".join(lines).encode() + frame(TEXT, b"PING early"))
        got = b""
        while b":early\r\n" not in got:
            more = peer.recv(4096)
            assert more, got
            got += more


def test_none_of_it_left_a_connection_behind(chat):
    peer = WebSocket(chat.ws, protocol="irc")
    peer.socket.sendall(frame(TEXT, b"x", length=b"\x7e\x02\x00"))  # a head, and then nothing
    peer.close()
    wait_for(lambda: chat.ask("rooms")["connections"] == 0, what="the end of all connections")
