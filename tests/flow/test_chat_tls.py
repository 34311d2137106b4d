"""chatd over TLS: IRC and both protocols on WebSocket, real clients, half-open handshakes, another certificate in mid-chat."""
import os
import signal
import socket
import ssl
import subprocess

import pytest

from chat_peers import IrcPeer, WebSocket
from chat_platform import running
from harness import wait_for
from test_chat_clients import CLIENTS, Talker, installed  # noqa: F401 (a fixture)


@pytest.fixture(scope="module")
def chat():
    with running("--cooldown", "0s", "--message-rate", "1000", "--login-time", "2s") as chat:
        yield chat


def test_all_ways_in_hear_each_other(chat):
    tls = chat.trusting()
    ada, bob, page = chat.irc_peer("ada", chat.ada, tls), chat.irc_peer("bob", chat.bob), chat.page(chat.bob, tls)
    web = WebSocket(chat.wss, protocol="irc", tls=tls)
    web.send(f"PASS oauth:{chat.bob}\r\nNICK bob\r\nJOIN #demo\r\n")
    while " 366 " not in web.message():
        pass
    ada.join("demo")
    bob.join("demo")
    page.join("demo")
    ada.send("PRIVMSG #demo :over TLS")
    assert bob.until("PRIVMSG")[-1].endswith(":over TLS")
    assert page.until("message")["text"] == "over TLS"
    while ":over TLS" not in web.message():
        pass
    page.say("demo", "from a page", "k1")
    assert page.until("confirmed")["key"] == "k1"
    assert ada.until("PRIVMSG")[-1].endswith(":from a page")


def test_much_is_said_to_one_who_reads_late(chat):
    """More than a record and a socket's buffer hold."""
    reader, writer = chat.irc_peer("justinfan1", tls=chat.trusting()), chat.irc_peer("ada", chat.ada)
    reader.join("demo")
    writer.join("demo")
    for number in range(400):
        writer.send(f"PRIVMSG #demo :{number} {'long ' * 90}")
    writer.until("USERSTATE")
    for number in range(400):
        assert f"PRIVMSG #demo :{number} long" in reader.until("PRIVMSG")[-1]


def test_who_does_not_speak_tls_is_sent_away(chat):
    with socket.create_connection((chat.host, chat.ircs), 10) as link:
        link.sendall(b"NICK justinfan1\r\n")
        assert not link.recv(1)
    with socket.create_connection((chat.host, chat.wss), 10) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert not link.recv(1)


def test_a_handshake_that_never_comes_is_given_up(chat):
    with socket.create_connection((chat.host, chat.ircs), 30) as link:
        assert not link.recv(1)
    assert chat.irc_peer("justinfan2", tls=chat.trusting()).join("demo")


def test_certificates_are_read_again(tmp_path):
    with running() as chat:
        first = chat.trusting()
        connected = chat.irc_peer("ada", chat.ada, first)
        connected.join("demo")
        cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=other",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
        for made, name in ((key, "key.pem"), (cert, "cert.pem")):
            os.replace(made, chat.directory / "tls" / name)
        chat.daemon.process.send_signal(signal.SIGHUP)
        second = chat.trusting()

        def shown():
            try:
                IrcPeer(chat.ircs, tls=second).close()
                return True
            except ssl.SSLCertVerificationError:
                return False
        wait_for(shown, 10, "the other certificate")
        connected.send("PING :still")
        assert connected.until("PONG")


FIXED = {"twurple": {"host": "127.8.0.1", "ircs": 6697}, "tmi": {"host": "127.8.0.2", "wss": 443}}


@pytest.mark.parametrize("client", ["tmi", "dank", "twurple", "framework"])
def test_real_clients(client):
    """Those whose port over TLS is fixed get an address of their own; no certificate can name that, and Node.js is told not to look."""
    if client == "tmi" and os.geteuid() != 0:
        pytest.skip("tmi.js goes to port 443 over TLS, which root alone may open")
    where = FIXED.get(client, {})
    with running("--cooldown", "0s", **where) as chat:
        page = chat.page(chat.ada)
        page.join("demo")
        port = chat.wss if client == "tmi" else chat.ircs
        trust = {"NODE_TLS_REJECT_UNAUTHORIZED": "0"} if where else {"NODE_EXTRA_CA_CERTS": str(chat.directory / "tls" / "cert.pem")}
        with Talker(client, chat.host, port, "bob", chat.bob, SLUICE_SECURE="1", **trust) as talker:
            talker.until("said")
            assert page.until("message")["user"]["login"] == "bob"
            page.say("demo", "hello client", "k1")
            while talker.until("message")["from"] == "bob":
                pass
