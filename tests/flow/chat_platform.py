"""A chatd over a store of its own, for tests."""
import contextlib
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile

from chat_peers import IrcPeer, Page
from harness import Daemon, free_port_base, get, program, tool


class Chat:
    """A chatd over a store with users ada (owns #demo), bob and cyd (may only read)."""

    def __init__(self, directory, *options, host="127.0.0.1", irc=None, ircs=None, wss=None, name="chatd"):
        self.directory = pathlib.Path(directory)
        self.host = host
        self.control = self.directory / f"{name}.sock"
        self.options = options
        if not (self.directory / "store.db").exists():
            for name in ("ada", "bob", "cyd"):
                self.seed("user", name)
            self.seed("channel", "demo", "ada")
        self.ada, self.bob = (self.seed("token", name, "chat:read,chat:edit") for name in ("ada", "bob"))
        self.cyd = self.seed("token", "cyd", "chat:read")
        base = free_port_base(5)
        self.ws, self.metrics = base, base + 1
        self.irc, self.ircs, self.wss = irc or base + 2, ircs or base + 3, wss or base + 4
        self.start()

    def start(self):
        self.daemon = Daemon(program("chatd"), "--dir", str(self.directory), "--ws-port", str(self.ws), "--irc-port", str(self.irc),
                             "--wss-port", str(self.wss), "--ircs-port", str(self.ircs),
                             "--metrics", f"127.0.0.1:{self.metrics}", "--control", str(self.control),
                             "--bind", self.host, *self.options)

    def seed(self, *arguments):
        return subprocess.run([tool("store_seed"), f"sqlite:{self.directory}/store.db", *arguments], check=True,
                              capture_output=True, text=True).stdout.strip()

    def chanctl(self, *arguments, stdin=None):
        return subprocess.run([program("chanctl"), "--dir", str(self.directory), *arguments], input=stdin, check=True,
                              capture_output=True, text=True, timeout=30).stdout.strip()

    def ticket(self, token):
        return self.seed("ticket", token)

    def page(self, token=None, tls=None):
        page = Page(self.wss if tls else self.ws, host=self.host, tls=tls)
        if token:
            assert page.log_in(self.ticket(token))["type"] == "authenticated"
        return page

    def irc_peer(self, nick, token=None, tls=None):
        peer = IrcPeer(self.ircs if tls else self.irc, self.host, tls=tls)
        peer.log_in(nick, token)
        return peer

    def trusting(self):
        """For TLS: trusts the platform's own certificate, and no other."""
        return ssl.create_default_context(cafile=self.directory / "tls" / "cert.pem")

    def metric(self, line):
        return line in get(f"http://127.0.0.1:{self.metrics}/metrics")[2].decode()

    def ask_all(self, *requests):
        """The control socket's answers, in order, to requests that are sent at once."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(20)
            control.connect(str(self.control))
            control.sendall(b"".join(json.dumps(request).encode() + b"\n" for request in requests))
            answers = control.makefile()
            return [json.loads(answers.readline()) for _ in requests]

    def ask(self, command):
        return self.ask_all({"command": command})[0]


@contextlib.contextmanager
def running(*options, directory=None, **where):
    """`directory`: another chatd's, whose store it is."""
    with contextlib.nullcontext(directory) if directory else tempfile.TemporaryDirectory(prefix="sluice-chat-") as place:
        chat = Chat(place, *options, **where)
        try:
            yield chat
        finally:
            chat.daemon.stop()


def everybody(chat):
    """The broadcaster and bob over IRC, and a page of bob's, in the room."""
    ada, bob, page = chat.irc_peer("ada", chat.ada), chat.irc_peer("bob", chat.bob), chat.page(chat.bob)
    for peer in (ada, bob, page):
        peer.join("demo")
    return ada, bob, page
