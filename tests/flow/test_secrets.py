"""A stream key, its hash, an SRT passphrase and the keys to S3 are nowhere but where they belong: not in what is served, told, logged, recorded, nor in a
command line or an environment that has no need of them."""
import hashlib
import pathlib
import re
import sqlite3

from harness import Platform, Publisher, get, wait_for
from ingest import hand_publish
from kills import below
from numbered import renditions

LONG = 60
PASSPHRASE = "a-phrase-of-no-other-use"
S3_SECRET = "AnotherSecretThatOnlyTheArchiveNeeds"


def media_playlists(platform, channel):
    """Everything that a player is given: both kinds of multivariant playlist, each playlist of the stream, its storyboard and pictures' addresses."""
    status, headers, master = get(platform.master_url(channel))
    assert status == 200
    yield master
    yield str(headers).encode()
    for url, *_ in renditions(platform.master_url(channel)).values():
        status, headers, playlist = get(url)
        assert status == 200
        yield playlist
        yield str(headers).encode()
        yield get(url.rsplit("/", 2)[0] + "/storyboard.json")[2]
        part = re.search(rb'#EXT-X-PART:.*URI="([^"]+)"', playlist)[1].decode()
        yield get(url.rsplit("/", 1)[0] + "/" + part)[2]


def of_processes(platform):
    """(what, bytes) of the command line and the environment of all that the platform runs; sluice itself was given the keys to S3."""
    for pid, row in below(platform.process.pid).items():
        try:
            yield f"command line of {row[1]}", pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            yield f"environment of {row[1]} ({row[2]})", pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            pass


def everything(platform, channels):
    for channel in channels:
        for served in media_playlists(platform, channel):
            yield f"what players of {channel} are given", served
        for path in (f"/api/channels/{channel}", f"/api/channels/{channel}/stream", "/api/channels", "/api/config", f"/{channel}", "/health"):
            _, headers, body = get(f"http://127.0.0.1:{platform.port('http')}{path}")
            yield path, body + str(headers).encode()
    for number in range(platform.base + 10, platform.base + 14):
        yield f"metrics at {number}", get(f"http://127.0.0.1:{number}/metrics")[2]
        yield f"health at {number}", get(f"http://127.0.0.1:{number}/health")[2]
    yield "status --json", platform.run("sluice", "status", "--json", check=False).stdout.encode()
    yield "status", platform.run("sluice", "status", check=False).stdout.encode()
    yield "events", platform.run("chanctl", "events").encode()
    for request in ("status", "streams", "summary", "health"):
        yield f"ask {request}", platform.run("ingestd", "--control", str(platform.directory / "run/ingestd.sock"), "--ask", request, check=False).stdout.encode()
    yield from of_processes(platform)
    for path in platform.directory.rglob("*"):
        if path.is_file() and not path.name.startswith("store.db") and path.parent.name != "tls":
            try:
                yield str(path.relative_to(platform.directory)), path.read_bytes()
            except FileNotFoundError:  # a segment that has just been removed
                pass


def test_secrets_are_nowhere_but_where_they_belong(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", S3_SECRET)
    with Platform("--quiet") as platform:
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        keys = {name: platform.channel(name) for name in ("alice", "bob", "carol")}
        platform.run("chanctl", "passphrase", "set", "bob", stdin=PASSPHRASE + "\n")
        mistyped = keys["alice"][:-1] + ("a" if keys["alice"][-1] != "a" else "b")
        with Publisher(platform.publish_url(keys["alice"])), \
                Publisher(f"srt://127.0.0.1:{platform.port('srt')}?streamid={keys['bob']}&passphrase={PASSPHRASE}&pbkeylen=16"), \
                Publisher(f"rtmps://127.0.0.1:{platform.port('rtmps')}/live/{keys['carol']}"):
            for name in keys:
                platform.wait_live(name, LONG)
            # Those who are refused are told of, too: a second publisher, a key with one letter wrong, a wrong passphrase.
            for key in (keys["alice"], mistyped):
                link, answer = hand_publish(platform.port("rtmp"), key)
                link.close()
                assert b"NetStream.Publish.BadName" in answer and key.encode() not in answer, answer
            with Publisher(f"srt://127.0.0.1:{platform.port('srt')}?streamid={mistyped}") as refused:
                assert refused.process.wait(LONG) != 0
            with Publisher(f"srt://127.0.0.1:{platform.port('srt')}?streamid={keys['bob']}&passphrase={PASSPHRASE[::-1]}") as refused:
                assert refused.process.wait(LONG) != 0
            platform.run("sluice", "reload")
            platform.run("sluice", "upgrade", "transcode")

            secret = {f"the key of {name}": key for name, key in keys.items()}
            secret |= {"a mistyped key": mistyped, "the passphrase": PASSPHRASE, "the keys to S3": S3_SECRET}
            for what, text in list(secret.items()):
                if "key of" in what:
                    digest = hashlib.sha256(text.encode()).hexdigest()
                    with sqlite3.connect(f"file:{platform.directory}/store.db?mode=ro", uri=True) as store:
                        assert store.execute("SELECT count(*) FROM stream_keys WHERE key_hash = ?", (digest,)).fetchone() == (1,), what
                    secret[f"the hash of {what}"] = digest
            looked_at = 0
            for where, content in everything(platform, keys):
                looked_at += 1
                for what, text in secret.items():
                    assert text.encode() not in content, f"{what} is in {where}"
            assert looked_at > 100
