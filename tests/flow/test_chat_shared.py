"""Two platforms of `sluice up --chat-bus`: one chat; sluice status tells of the server between them."""
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from chat_peers import Page
from harness import Platform, program, tool, wait_for
from remote import RedisServer


def seed(directory, *arguments):
    return subprocess.run([tool("store_seed"), f"sqlite:{directory}/store.db", *arguments], check=True, capture_output=True, text=True).stdout.strip()


class Pair:
    """Platforms whose stores begin as copies of one, and a Redis server with a password."""

    def __init__(self):
        self.root = tempfile.TemporaryDirectory(prefix="sluice-shared-")
        root = pathlib.Path(self.root.name)
        self.redis = RedisServer(password="open sesame")
        secret = root / "password"
        secret.write_text("open sesame\n")
        secret.chmod(0o600)
        directories = [root / "a", root / "b"]
        directories[0].mkdir()
        seed(directories[0], "user", "ada")
        seed(directories[0], "channel", "demo", "ada")
        self.token = seed(directories[0], "token", "ada", "chat:read,chat:edit")
        shutil.copytree(*directories)
        self.platforms = [Platform("--chat-bus", self.redis.url(), "--redis-password-file", str(secret), directory=str(directory)) for directory in directories]

    def page(self, number, writes=True):
        platform = self.platforms[number]
        page = Page(platform.port("ws"))
        if writes:
            assert page.log_in(seed(platform.directory, "ticket", self.token))["type"] == "authenticated"
        page.join("demo", history=0)
        return page

    def close(self):
        for platform in self.platforms:
            platform.stop()
        self.redis.kill()
        self.root.cleanup()


@pytest.fixture(scope="module")
def pair():
    pair = Pair()
    yield pair
    pair.close()


def test_a_line_and_a_limit_cross(pair):
    ada, reader, other = pair.page(0), pair.page(1, writes=False), pair.page(1)
    ada.say("demo", "hello over there", "c1")
    seen = reader.until("message")
    assert (seen["text"], seen["user"]["login"]) == ("hello over there", "ada")
    other.say("demo", "hello over there", "c1")  # the key, too
    assert other.until("confirmed")["duplicate"]


def test_status_tells_whether_lines_cross(pair):
    a, b = pair.platforms
    for platform in (a, b):
        wait_for(lambda: platform.status()["state"] == "ready", 10, "well")
    pair.redis.kill()
    wait_for(lambda: a.status()["state"] == "degraded" and b.status()["state"] == "degraded", 15, "told")
    reason = a.status()["reason"]
    assert reason.startswith("chatd: chat-bus: ") and str(pair.redis.port) in reason
    plain = subprocess.run([program("sluice"), "status", "--dir", str(a.directory)], capture_output=True, text=True)
    assert plain.returncode == 1 and "degraded: chatd: chat-bus: " in plain.stdout.splitlines()[0]
    pair.redis.start()
    for platform in (a, b):
        wait_for(lambda: platform.status()["state"] == "ready", 15, "well again")


def test_the_password_is_nowhere_to_be_seen(pair):
    for platform in pair.platforms:
        said = platform.output() + "".join(path.read_text(errors="replace") for path in (platform.directory / "logs").glob("*.log"))
        assert "sesame" not in said
        for name in ("chatd", "webd", "ingestd", "origind"):
            assert b"sesame" not in pathlib.Path(f"/proc/{platform.pid(name)}/cmdline").read_bytes()
            assert (b"SLUICE_CHAT_BUS" in pathlib.Path(f"/proc/{platform.pid(name)}/environ").read_bytes()) == (name == "chatd")


@pytest.mark.parametrize("options,said", [
    (("--chat-bus", "redis://:geheim@127.0.0.1"), "a password on the command line"),
    (("--chat-bus", "http://127.0.0.1"), "is no Redis server"),
    (("--redis-password-file", "/dev/null"), "without --chat-bus"),
])
def test_what_is_no_chat_bus_is_refused_before_anything_starts(tmp_path, options, said):
    done = subprocess.run([program("sluice"), "up", "--dir", str(tmp_path / "p"), *options], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and said in done.stderr and "geheim" not in done.stderr and not (tmp_path / "p").exists()


def test_a_configuration_file_names_it_with_its_password_and_shows_none(tmp_path):
    (tmp_path / "sluice.conf").write_text("chat-bus = redis://:geheim@127.0.0.1\n")
    shown = subprocess.run([program("sluice"), "up", "--config", str(tmp_path), "--print-config"], capture_output=True, text=True, timeout=30, check=True).stdout
    assert "chat-bus" in shown and "geheim" not in shown
