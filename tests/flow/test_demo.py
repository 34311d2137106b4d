"""`sluice up --demo`: the demo channel goes live by itself, your own key and token work, and no secret is where others can read it."""
import pathlib
import re
import stat

from harness import Platform, Publisher, get, wait_for


def command_lines():
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            pass


def test_the_demo_is_live_and_its_secrets_are_kept():
    with Platform("--demo") as platform:
        platform.wait_live("demo", 30)
        secrets = {name: (platform.directory / "demo" / name).read_text().strip() for name in ("demo.key", "studio.key", "studio.token")}
        for name in secrets:
            assert stat.S_IMODE((platform.directory / "demo" / name).stat().st_mode) == 0o600
        printed = platform.output()
        assert f"stream key {secrets['studio.key']}" in printed and f"the token {secrets['studio.token']}" in printed
        assert secrets["demo.key"] not in printed
        logs = "".join(path.read_text(errors="replace") for path in (platform.directory / "logs").iterdir())
        for name, secret in secrets.items():
            assert len(secret) >= 32 and re.fullmatch("[a-z2-7]+", secret)
            assert not any(secret.encode() in line for line in command_lines()), name
            assert secret not in logs, name
        with Publisher(platform.publish_url(secrets["studio.key"])):
            platform.wait_live("studio", 30)
        assert {row["name"]: row["state"] for row in platform.status()["programs"]}["demo"] == "ready"

        # the same keys are good after the next start
        platform.stop()
        platform.up()
        platform.wait_live("demo", 30)
        assert (platform.directory / "demo/demo.key").read_text().strip() == secrets["demo.key"]
        wait_for(lambda: any(row["channel"] == "demo" for row in platform.streams()), 20, "the demo in the status")


def test_pages_are_told_a_public_address():
    with Platform("--public-url", "https://live.example.org/") as platform:
        key = platform.channel("alice")
        assert "watch    https://live.example.org/" in platform.output()
        with Publisher(platform.publish_url(key)):
            platform.wait_live("alice", 20)
            master = get(platform.master_url("alice"))[2].decode()
            addresses = [line for line in master.splitlines() if line and not line.startswith("#")]
            assert addresses and not any("://" in address for address in addresses)
