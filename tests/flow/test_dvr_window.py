"""The page's seek bar in Chromium on a stream of which only the last 40 s are kept."""
from harness import Platform, install_npm
from test_webd_pages import BROWSER, node_test


def test_the_oldest_is_watched_while_it_is_removed(monkeypatch):
    install_npm(BROWSER)
    monkeypatch.setenv("SLUICE_DVR_WINDOW", "40s")  # of segmenter
    with Platform("--quiet") as platform:
        key = platform.channel("ada")
        node_test("dvr_window.test.mjs", SLUICE_WEB=f"http://127.0.0.1:{platform.port('http')}", SLUICE_CHANNEL="ada",
                  SLUICE_PUBLISH=platform.publish_url(key))
