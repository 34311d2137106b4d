"""Going back in a live stream: seek bar, storyboard, thumbnails; in Chromium against a whole platform."""
import json
import os
import shutil
import signal
import subprocess

import pytest
from harness import Platform, get, install_npm, program, wait_for
from test_origind_play import Stage
from test_webd_pages import BROWSER, node_test


def test_dates_and_tracks():
    node_test("timeline.test.mjs")


def test_go_to_start_and_back_in_chromium():
    install_npm(BROWSER)
    assert shutil.which("chromium"), "the tests need Chromium: apt install chromium"
    with Platform("--quiet") as platform:
        key = platform.channel("ada")
        node_test("dvr.test.mjs", SLUICE_WEB=f"http://127.0.0.1:{platform.port('http')}", SLUICE_CHANNEL="ada",
                  SLUICE_PUBLISH=platform.publish_url(key), SLUICE_STATUS=f"{program('sluice')} status --json --dir {platform.directory}")
