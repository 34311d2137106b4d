"""The page and the gaps that a publisher leaves who was away, in Chromium against a whole platform: at the live edge, and from there back into them."""
import shutil

import pytest
from harness import Platform, Publisher, install_npm, wait_for
from ingest import media_seconds
from numbered import ledger_of
from test_webd_pages import BROWSER, node_test


def page_test(platform, script, channel, **environment):
    node_test(script, SLUICE_WEB=f"http://127.0.0.1:{platform.port('http')}", SLUICE_CHANNEL=channel, **environment)


@pytest.mark.parametrize("rungs", ["source", "source 90p15", "source 120p15 90p15"])
def test_a_publisher_that_is_away(rungs):
    install_npm(BROWSER)
    assert shutil.which("chromium"), "the tests need Chromium: apt install chromium"
    encoded = {"120p15": "120p15:150", "90p15": "90p15:80", "source": "source"}
    ladder = {"transcode": {"ladder": ",".join(encoded[rung] for rung in rungs.split()[1:] + ["source"])}} if rungs != "source" else {}
    with Platform("--quiet", settings={"ingestd": {"grace": "30s"}, **ladder}) as platform:
        page_test(platform, "edge_gap.test.mjs", "ada", SLUICE_PUBLISH=platform.publish_url(platform.channel("ada")), SLUICE_RUNGS=rungs)


def test_segments_that_were_lost():
    """Gaps without a discontinuity: those of a full disk, in all renditions, and those of a rendition that was shed."""
    install_npm(BROWSER)
    with Platform("--quiet", settings={"transcode": {"ladder": "90p15:80,source"}}) as platform:
        with Publisher(platform.publish_url(platform.channel("ada")), extra=["-b:v", "250k", "-maxrate", "250k", "-bufsize", "250k"]):
            platform.wait_live("ada")
            ledger = ledger_of(platform)
            wait_for(lambda: media_seconds(ledger, "90p15") > 30, 60, "a stream that is longer than a live playlist")
            page_test(platform, "lost_gap.test.mjs", "ada")


def test_the_end_of_what_there_is():
    """Viewers some seconds behind, or paused, while the publisher is away: they are told, and the stream's end reaches them."""
    install_npm(BROWSER)
    with Platform("--quiet", settings={"ingestd": {"grace": "30s"}}) as platform:
        page_test(platform, "past_end.test.mjs", "ada", SLUICE_PUBLISH=platform.publish_url(platform.channel("ada")))
