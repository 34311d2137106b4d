"""modctl over a platform of its own, without daemons."""
import re
import sqlite3
import subprocess

from cli_tool import CliTool
from harness import tool

TIME = re.compile(r"\d{4}-\d\d-\d\dT\S+Z")


class Modctl(CliTool):
    """ada owns #demo and #other; bob, cyd and eve are there."""

    def __init__(self, folder):
        super().__init__("modctl", folder)
        self.chanctl = CliTool("chanctl", folder)
        self.directory = folder / "platform"
        for name in ("ada", "bob", "cyd", "eve"):
            self.chanctl("user", "add", name)
        for name in ("demo", "other"):
            self.chanctl("channel", "add", name, "--owner", "ada")

    def seed(self, *arguments):
        subprocess.run([tool("chat_seed"), str(self.directory), *arguments], check=True, timeout=30)

    def acts(self, *more):
        return [(entry["action"], entry["target"]) for entry in self.json("audit", "list", "--last", "0", *more)]

    def sql(self):
        return sqlite3.connect(self.directory / "store.db")

    def crowd(self, count):
        """Names of users that are there now."""
        names = [f"raider_{i}" for i in range(count)]
        with self.sql() as store:
            store.executemany("INSERT INTO users (name, display_name, created_ms) VALUES (?, ?, 0)", [(name, name) for name in names])
        return names


def me():
    return "unix:" + subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
