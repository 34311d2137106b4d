"""A bot's library, unmodified, moderates a running chat: each of its calls ends as its author expects."""
import json
import os
import subprocess

from chat_platform import running
from harness import install_npm
from test_people_clients import CLIENTS

# tmi.js waits for no other word than "it was not so" of these: they are told, and are its failures.
REFUSED = {"subscribers": "already_subs_on"}


def test_tmi_js_moderates():
    install_npm(CLIENTS)
    with running("--automod", "none", "--cooldown", "0s", "--message-rate", "1000") as chat:
        done = subprocess.run(["node", str(CLIENTS / "moderates.mjs"), chat.host, str(chat.ws), "demo", "ada"], env={**os.environ, "SLUICE_TOKEN": chat.ada},
                              capture_output=True, text=True, timeout=60)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        failed = [(each["does"], each["failed"]) for each in told if "failed" in each]
        assert failed == list(REFUSED.items()), (told, done.stderr)
        answers = [(each["does"], each["answer"]) for each in told if "answer" in each]
        assert ("mods", ["bob"]) in answers and ("vips", ["bob"]) in answers, told
        assert answers[-1] == ("channels", ["#demo"]), told
