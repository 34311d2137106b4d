"""A platform whose segmenter writes MPEG-TS: the same playlists and parts, for players that know nothing newer."""
import subprocess

from harness import Platform, Publisher, get, program, wait_for
from ingest import parts
from numbered import ledger_of
from players import Ffplay, HlsJs


def test_mpeg_ts_through_the_platform(monkeypatch):
    monkeypatch.setenv("SLUICE_FORMAT", "ts")
    with Platform() as platform:
        key = platform.channel("alice")
        with Publisher(platform.publish_url(key)):
            platform.wait_live("alice", 20)
            ledger = ledger_of(platform)
            wait_for(lambda: len(parts(ledger)) >= 6, 20, "parts")
            url = platform.master_url("alice")
            browser, ffplay = HlsJs(url), Ffplay(url)
            ffplay.check()
            seen = browser.seen()
            assert seen["frames"] > 30 and seen["audio"] > 0, seen
            segment = sorted((ledger / "source").glob("*.ts"))[0].name
            status, headers, body = get(url.replace("master.m3u8", f"{ledger.name}/source/{segment}"))
            assert (status, headers["Content-Type"], body[0]) == (200, "video/mp2t", 0x47)
        wait_for(lambda: platform.status()["streams"] == [], 20, "the end of the stream")
        done = subprocess.run([program("hlslint"), str(ledger)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and done.stdout == "", done.stdout
