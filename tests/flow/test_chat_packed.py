"""permessage-deflate with clients that people have: ws for Node.js, and Chromium."""
import json
import shutil
import subprocess

from chat_platform import running
from harness import install_npm
from test_webd_pages import BROWSER, node_test

CLIENTS = BROWSER / "chat-clients"


def test_ws_for_node_packs_and_unpacks():
    install_npm(CLIENTS)
    text = "a line that says again and again that it says again and again what it says"
    with running("--cooldown", "0s") as chat:
        page = chat.page(chat.ada)
        page.join("demo")
        with subprocess.Popen(["node", str(CLIENTS / "packed.mjs"), "127.0.0.1", str(chat.ws), "demo"], stdout=subprocess.PIPE, text=True) as client:
            events = {}

            def until(name):
                for line in client.stdout:
                    event = json.loads(line)
                    assert event["event"] != "error", event
                    events[event["event"]] = event
                    if event["event"] == name:
                        return event
                raise AssertionError(f"{name} never came: {events}")

            assert until("open")["extensions"] == "permessage-deflate"
            assert until("pong")["said"]["id"] == "packed " * 8
            page.say("demo", text, "packed")
            assert until("message")["said"]["text"] == text
            assert until("close")["code"] == 1000
    assert client.returncode == 0
    assert "joined" in events


def test_chromium_packs_and_unpacks():
    install_npm(BROWSER)
    assert shutil.which("chromium"), "the tests need Chromium: apt install chromium"
    with running("--cooldown", "0s") as chat:
        node_test("packed.test.mjs", SLUICE_CHAT_PORT=str(chat.ws), SLUICE_TICKET=chat.ticket(chat.ada))
