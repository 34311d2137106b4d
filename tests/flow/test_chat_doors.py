"""Who comes to chatd beyond its limits on connections is told why, each in its protocol's way, over TLS too; and never holds anything of it for long."""
import contextlib
import http.client
import socket
import ssl
import time

import pytest

from chat_peers import Closed, IrcPeer, WebSocket
from chat_platform import running
from harness import wait_for

WHY = "Too many connections to this server. Try again later."
TOLD = [f":tmi.twitch.tv NOTICE * :{WHY}", f"ERROR :Closing Link: {WHY}"]
AT_ONCE = 64  # that are told; beyond them nobody is


@pytest.fixture
def full():
    """A chatd with one reader, who is all that it takes."""
    with running("--connections", "1", "--connections-per-address", "1") as chat:
        chat.reader = chat.irc_peer("justinfan1")
        yield chat


def heard(peer):
    """All that the server says before it closes."""
    lines = []
    with contextlib.suppress(Closed, ConnectionError, ssl.SSLError):
        while True:
            lines.append(peer.line())
    return lines


@pytest.mark.parametrize("says", [(), ("CAP REQ :twitch.tv/tags", "NICK justinfan2", "JOIN #demo")])
@pytest.mark.parametrize("encrypted", [False, True])
def test_irc_is_told_and_closed(full, encrypted, says):
    peer = IrcPeer(full.ircs if encrypted else full.irc, tls=full.trusting() if encrypted else None)
    if says:
        peer.send(*says)
    assert heard(peer) == TOLD


@pytest.mark.parametrize("path", ["/", "/json"])
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_web_socket_is_answered_503(full, encrypted, path):
    peer = WebSocket(full.wss if encrypted else full.ws, path, tls=full.trusting() if encrypted else None)
    assert peer.status == 503
    offer = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", full.ws, timeout=10)) as link:
        link.request("GET", path, headers=offer)
        answer = link.getresponse()
        assert (answer.status, answer.headers["Retry-After"], answer.read().decode()) == (503, "10", WHY + "\n")


def own_address():
    """Of this machine, other than loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return None
        return probe.getsockname()[0]


def test_an_address_has_its_own_limit():
    address = own_address()
    if not address or address.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    why = "Too many connections from your address. Close one, or try again later."
    with running("--connections-per-address", "1", host=address) as chat:
        reader = chat.irc_peer("justinfan1")
        assert heard(IrcPeer(chat.irc, address)) == [f":tmi.twitch.tv NOTICE * :{why}", f"ERROR :Closing Link: {why}"]
        assert WebSocket(chat.ws, host=address).status == 503
        assert chat.metric("sluice_chat_refused_connections_total 2")
        reader.send("PING :still")
        assert reader.until("PONG")


def test_sockets_that_say_nothing_keep_out_nobody_else():
    address = own_address()
    if not address or address.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    with running("--connections-per-address", "1", host=address) as chat, contextlib.ExitStack() as silent:
        links = [silent.enter_context(socket.create_connection((address, chat.ws), 30)) for _ in range(AT_ONCE)]
        with pytest.raises((ConnectionError, Closed)):
            WebSocket(chat.ws, host=address)
        elsewhere = silent.enter_context(socket.create_connection((address, chat.ws), 30, ("127.0.0.2", 0)))
        elsewhere.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert elsewhere.recv(12).endswith(b" 426")
        began = time.monotonic()
        for link in links:
            assert not link.recv(1)  # closed
        assert 5 < time.monotonic() - began < 15

        def comes_in():
            with contextlib.suppress(ConnectionError, Closed):
                return WebSocket(chat.ws, host=address).status == 101

        wait_for(comes_in, 10, "there is room again")


def test_there_is_room_again_when_one_has_gone(full):
    assert heard(IrcPeer(full.irc)) == TOLD
    full.reader.close()
    wait_for(lambda: full.ask("rooms")["connections"] == 0, 10, "the reader has gone")
    assert full.irc_peer("justinfan3").join("demo")


def test_those_who_are_told_are_bounded_and_given_up(full):
    """Handshakes that never come hold nothing for long, and so many connections at once are closed without a word."""
    with contextlib.ExitStack() as silent:
        links = [silent.enter_context(socket.create_connection(("127.0.0.1", full.ircs), 30)) for _ in range(AT_ONCE)]
        wait_for(lambda: heard(IrcPeer(full.irc)) == [], 4, "all places are taken")
        for link in links:
            assert not link.recv(1)
    assert heard(IrcPeer(full.irc)) == TOLD
    full.reader.send("PING :still")
    assert full.reader.until("PONG")
