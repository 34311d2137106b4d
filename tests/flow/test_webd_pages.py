"""The pages: the chat connection without a browser, and everything in Chromium against a whole platform."""
import os
import pathlib
import shutil
import subprocess

from harness import BUILD, Platform, install_npm
from pictures import write_png

BROWSER = pathlib.Path(__file__).parents[1] / "browser"


def node_test(script, **environment):
    done = subprocess.run(["node", "--test", str(BROWSER / script)], capture_output=True, text=True, timeout=500,
                          env={**os.environ, **environment})
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_chat_connection():
    node_test("chat_connection.test.mjs", SLUICE_PAGES=str(BUILD / "pages"))


def test_where_a_line_has_emotes():
    node_test("emotes.test.mjs")


def test_what_badges_stand_for():
    node_test("badges.test.mjs")


def test_how_far_behind_the_edge_it_plays():
    node_test("live_edge.test.mjs")


def test_when_it_starts_over():
    node_test("patience.test.mjs")


def test_when_it_asks_for_what_is_kept():
    node_test("kept_window.test.mjs")


def test_what_gaps_behind_the_edge_mean():
    node_test("gaps.test.mjs")


def test_what_gaps_at_the_edge_mean():
    node_test("absence.test.mjs")


def test_the_lock_files_name_no_private_registry():
    for folder in (BROWSER, pathlib.Path(__file__).parents[2] / "cmd" / "webd" / "pages"):
        lock = (folder / "package-lock.json").read_text()
        for line in lock.splitlines():
            if '"resolved"' in line:
                assert "https://registry.npmjs.org/" in line


def test_pages_in_chromium(tmp_path):
    for folder in (BROWSER, BROWSER / "chat-clients"):
        install_npm(folder)
    assert shutil.which("chromium"), "the tests need Chromium: apt install chromium"
    platform = Platform("--quiet")
    try:
        key = platform.channel("ada")
        platform.run("chanctl", "user", "add", "bob")
        picture = write_png(tmp_path / "wave.png", 56, 28)
        for code in ("Wave", '"/><b>x</b>'):
            platform.run("chanctl", "emote", "add", code, "--image-2x", str(picture))
        platform.run("chanctl", "emote", "add", "Plain")
        node_test("pages.test.mjs", SLUICE_WEB=f"http://127.0.0.1:{platform.port('http')}", SLUICE_CHANNEL="ada",
                  SLUICE_TOKEN=platform.token("ada"), SLUICE_PUBLISH=platform.publish_url(key),
                  SLUICE_CHAT_PORT=str(platform.port("ws")), SLUICE_BOB=platform.token("bob"))
    finally:
        platform.stop()


def test_the_menu_of_audio_tracks():
    install_npm(BROWSER)
    with Platform("--quiet") as platform:
        key = platform.channel("ada")
        node_test("sounds.test.mjs", SLUICE_WEB=f"http://127.0.0.1:{platform.port('http')}", SLUICE_CHANNEL="ada",
                  SLUICE_PUBLISH=f"srt://127.0.0.1:{platform.port('srt')}?streamid={key}")
