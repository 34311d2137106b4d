"""A channel's page in a real Chromium, watched while programs are killed (tests/browser/kill_watch.mjs)."""
import json
import os
import pathlib
import shutil
import subprocess

from harness import install_npm, read_line_from, wait_for

BROWSER = pathlib.Path(__file__).parents[1] / "browser"


class WatchedPage:
    """The page is opened once and never touched again but to write a line of chat."""

    def __init__(self, platform, channel, token, proxy=""):
        install_npm(BROWSER)
        assert shutil.which("chromium"), "the tests need Chromium: apt install chromium"
        self.process = subprocess.Popen(
            ["node", str(BROWSER / "kill_watch.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "SLUICE_WEB": f"http://127.0.0.1:{platform.port('http')}", "SLUICE_CHANNEL": channel, "SLUICE_TOKEN": token,
                 "SLUICE_PROXY": proxy})
        self.answer(150)  # a picture, on a busy machine and a slow path

    def answer(self, seconds=20):
        line = read_line_from(self.process.stdout.fileno(), seconds)
        assert line.endswith("\n"), f"the page's watcher says no more: {line!r}"
        return json.loads(line)

    def ask(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        answer = self.answer()
        assert "failed" not in answer, answer
        return answer

    def mark(self):
        """Standstills are measured from here on."""
        return self.ask("mark")

    def state(self):
        return self.ask("state")

    def say(self, text):
        """Writes a line of chat, whether chat is connected just now or not."""
        self.ask(f"say {text}")

    def moves_on(self, since, media_seconds, seconds, what):
        """Waits until so much more has been played than at the state `since`, without a reload or a fault of the page's scripts."""
        wait_for(lambda: self.state()["moved"] >= since["moved"] + media_seconds, seconds, f"the page plays on {what}, it is {self.state()}; that")
        state = self.state()
        assert state["loads"] == 1 and not state["faults"], state
        return state

    def hears(self, text, seconds):
        return wait_for(lambda: (state := self.state()) and text in state["lines"] and not state["pending"] and state, seconds,
                        f"the page shows the line '{text}', it is {self.state()}; that")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
