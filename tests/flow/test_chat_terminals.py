"""irssi and weechat, the terminal clients of Debian, unmodified, against chatd: they log in with a token, join, speak, hear, answer, leave, and
come back after a restart."""
import os
import pathlib
import pty
import subprocess
import tempfile
import threading

import pytest

from chat_platform import running
from harness import wait_for


class WeeChat:
    """weechat-headless, told what to do through its FIFO; what it hears stands in its logs."""

    def __init__(self, chat, home):
        self.home = home
        self.process = subprocess.Popen(["weechat-headless", "--dir", str(home)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(lambda: list(home.glob("weechat_fifo*")), what="weechat's FIFO")
        self.type("/set logger.file.flush_delay 0")
        self.type(f"/server add chat {chat.host}/{chat.irc} -nossl")
        for option, value in {"nicks": "bob", "password": f"oauth:{chat.bob}", "autojoin": "#demo", "autoreconnect_delay": "1",
                              "capabilities": "twitch.tv/tags,twitch.tv/commands,twitch.tv/membership"}.items():
            self.type(f"/set irc.server.chat.{option} {value}")
        self.type("/connect chat")

    def type(self, text, where="*"):
        """Something typed into the current buffer, or another one's."""
        with open(next(self.home.glob("weechat_fifo*")), "w") as fifo:
            fifo.write(f"{where}{text}\n")

    def say(self, text):
        self.type(text, "irc.chat.#demo *")

    def quote(self, line):
        self.type(f"/quote -server chat {line}")

    def heard(self):
        return "".join(path.read_text(errors="replace") for path in (self.home / "logs").glob("irc.chat.*"))


class Irssi:
    """irssi in a terminal of its own; what it hears stands in its logs."""

    CONFIG = """
servers = ( {{ address = "{host}"; chatnet = "chat"; port = "{port}"; password = "oauth:{token}"; use_tls = "no"; autoconnect = "yes"; }} );
chatnets = {{ chat = {{ type = "IRC"; nick = "bob"; }}; }};
channels = ( {{ name = "#demo"; chatnet = "chat"; autojoin = "yes"; }} );
settings = {{
  core = {{ real_name = "bob"; user_name = "bob"; nick = "bob"; server_reconnect_time = "1s"; }};
  "irc/core" = {{ cmd_queue_speed = "10msec"; }};
  "fe-common/core" = {{ autolog = "yes"; autolog_path = "{home}/logs/$0.log"; }};
}};
"""

    def __init__(self, chat, home):
        (home / "config").write_text(self.CONFIG.format(host=chat.host, port=chat.irc, token=chat.bob, home=home))
        self.home = home
        self.terminal, inner = pty.openpty()
        self.process = subprocess.Popen(["irssi", "--home", str(home)], stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
                                        env={**os.environ, "TERM": "xterm", "COLUMNS": "200", "LINES": "50"})
        os.close(inner)
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        try:
            while os.read(self.terminal, 65536):
                pass  # a terminal that nobody reads would stop it
        except OSError:
            pass  # it has ended

    def type(self, text):
        os.write(self.terminal, text.encode() + b"\r")

    def say(self, text):
        self.type(f"/msg #demo {text}")

    def quote(self, line):
        self.type(f"/quote {line}")

    def heard(self):
        return "".join(path.read_text(errors="replace") for path in (self.home / "logs").glob("*"))


@pytest.mark.parametrize("client", [WeeChat, Irssi])
def test_a_terminal_client_speaks_hears_answers_leaves_and_comes_back(client):
    with running("--cooldown", "0s") as chat, tempfile.TemporaryDirectory(prefix="sluice-terminal-") as home:
        page = chat.page(chat.ada)
        page.join("demo")
        terminal = client(chat, pathlib.Path(home))
        try:
            until_there(page, 2)
            terminal.say("hello from the terminal")
            assert said(page, "hello from the terminal")["user"]["login"] == "bob"
            page.say("demo", "hello terminal", "k1")
            hears(terminal, "hello terminal")
            page.say("demo", "/me waves", "k2")
            hears(terminal, "waves")

            asked = said(page, "hello terminal")
            terminal.quote(f"@reply-parent-msg-id={asked['id']} PRIVMSG #demo :an answer")
            assert said(page, "an answer")["reply"]["id"] == asked["id"]

            terminal.type("/part #demo") if client is Irssi else terminal.say("/part #demo")
            until_there(page, 1)
            terminal.type("/join #demo") if client is Irssi else terminal.type("/join -server chat #demo")
            until_there(page, 2)

            chat.daemon.stop()
            chat.start()
            page = chat.page(chat.ada)
            if page.join("demo")["viewers"] < 2:
                until_there(page, 2)
            page.say("demo", "after the restart", "k3")
            hears(terminal, "after the restart")
        except BaseException:
            print(terminal.heard()[-4000:])
            raise
        finally:
            terminal.process.kill()
            terminal.process.wait()


def until_there(page, people):
    """Until so many are in the room."""
    while page.until("presence")["viewers"] != people:
        pass


def said(page, text):
    while (message := page.until("message"))["text"] != text:
        pass
    return message


def hears(terminal, text):
    wait_for(lambda: text in terminal.heard(), what=f"'{text}' in the terminal")
