"""A publisher that is away for less than the grace time: the stream's playlists go on in gaps, players wait and play on when it is back."""
import subprocess
import time

import pytest

from harness import Platform, Publisher, get, install_npm, program, wait_for
from ingest import assert_lint, ended, media_seconds, parts, records
from numbered import ledger_of
from page_watch import WatchedPage
from players import HlsJs
from test_webd_pages import BROWSER, node_test


GRACE = 12  # s


@pytest.fixture(scope="module")
def platform():
    with Platform(settings={"ingestd": {"grace": f"{GRACE}s"}}) as running:
        yield running


def gap_seconds(ledger, rendition):
    scale = next(int(row[5]) for row in records(ledger, "R") if row[1] == rendition)
    return sum(int(row[7]) for row in parts(ledger, rendition) if "G" in row[12]) / scale


def playlists(platform, name, ledger, rendition):
    base = f"http://127.0.0.1:{platform.port('origin')}/live/{name}/{ledger.name}/{rendition}"
    return [get(f"{base}/{which}.m3u8")[2].decode() for which in ("playlist", "whole")]


@pytest.mark.parametrize("away", [3, 8])
def test_viewers_wait_and_go_on(platform, away):
    """The page, hls.js as it comes, and a player that joins meanwhile; the page stands still for little longer than the publisher is away."""
    name = f"away{away}"
    url, token = platform.publish_url(platform.channel(name)), platform.token(name)
    with Publisher(url) as first:
        platform.wait_live(name)
        ledger = ledger_of(platform)
        wait_for(lambda: b"EXT-X-MEDIA" in get(platform.master_url(name))[2], 30, "the sound")  # which players look for once
        with WatchedPage(platform, name, token) as page:
            bare = HlsJs(platform.master_url(name), seconds=away + 7, patience=90)
            page.moves_on(page.mark(), 4, 30, "at first")
            before = page.mark()
            first.kill()
            gone = time.monotonic()
            wait_for(lambda: gap_seconds(ledger, "source") > 0, 5, "gaps")
            joined = HlsJs(platform.master_url(name), seconds=3, patience=60)
            wait_for(lambda: gap_seconds(ledger, "audio") > away - 1.5 and time.monotonic() - gone >= away, away + 5, "the absence's end")
            assert "#EXT-X-GAP" in playlists(platform, name, ledger, "source")[0] or away < 4
            assert "GAP" not in playlists(platform, name, ledger, "source")[1]
            with Publisher(url) as second:
                state = page.moves_on(before, 6, 30, f"after an absence of {away} s")
                assert state["longest"] < away * 1000 + 2500, state
                assert not joined.seen()["fatal"]
                seen = bare.seen()
                assert not seen["fatal"] and seen["frames"] > 100, seen
                wait_for(lambda: any("#EXT-X-GAP" in text for text in playlists(platform, name, ledger, "source")[1:]), 10, "the gaps in the whole stream")
                second.stop()
    wait_for(lambda: ended(ledger), 30, "the stream's end")
    assert_lint(ledger)
    assert ledger_of(platform) == ledger
    breaks = {rendition: [row[2] for row in parts(ledger, rendition) if "D" in row[12]] for rendition in ("source", "audio")}
    assert len(breaks["source"]) == 1 and breaks["source"] == breaks["audio"], breaks
    assert not records(ledger, "S")
    for rendition in ("source", "audio"):
        marks = {}
        for row in parts(ledger, rendition):
            marks.setdefault(row[2], set()).add("G" in row[12])
        assert all(len(kinds) == 1 for kinds in marks.values()), "no segment has media and gaps"


def test_a_page_that_is_opened_meanwhile():
    install_npm(BROWSER)
    with Platform("--quiet", settings={"ingestd": {"grace": "2m"}}) as platform:
        with Publisher(platform.publish_url(platform.channel("ada"))) as publisher:
            platform.wait_live("ada")
            ledger = ledger_of(platform)
            wait_for(lambda: media_seconds(ledger, "source") > 6, 30, "media")
            publisher.kill()
        wait_for(lambda: gap_seconds(ledger, "source") > 12, 40, "gaps")
        node_test("away.test.mjs", SLUICE_WEB=f"http://127.0.0.1:{platform.port('http')}", SLUICE_CHANNEL="ada")


def test_a_publisher_that_stays_away_leaves_no_gaps_in_the_recording(platform):
    with Publisher(platform.publish_url(platform.channel("lost"))) as publisher:
        platform.wait_live("lost")
        ledger = ledger_of(platform)
        wait_for(lambda: media_seconds(ledger, "source") > 5, 20, "media")
        publisher.kill()
    wait_for(lambda: ended(ledger), 40, "the stream's end")
    assert GRACE - 4 < gap_seconds(ledger, "source") < GRACE + 1
    live, whole = playlists(platform, "lost", ledger, "source")
    assert live.rstrip().endswith("#EXT-X-ENDLIST") and "#EXT-X-GAP" in live
    assert "GAP" not in whole and "#EXT-X-PLAYLIST-TYPE:VOD" in whole and whole.rstrip().endswith("#EXT-X-ENDLIST")
    assert_lint(ledger)
    seen = HlsJs(f"http://127.0.0.1:{platform.port('origin')}/vod/lost/{ledger.name}/master.m3u8", seconds=4).seen()
    assert not seen["fatal"], seen


def test_gaps_begin_at_once_in_sound_and_picture_though_one_of_them_ends_early(platform, tmp_path):
    """A transport stream that is copied loses the sound of its last packet: a third of a second."""
    clip = tmp_path / "clip.ts"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "8",
                    "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k", str(clip)], check=True)
    url = f"srt://127.0.0.1:{platform.port('srt')}?streamid={platform.channel('copied')}"
    for time_ in range(2):
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-re", "-i", str(clip), "-t", "5", "-c", "copy", "-f", "mpegts", url], check=True, timeout=60)
        ledger = ledger_of(platform)
        before = gap_seconds(ledger, "source")
        wait_for(lambda: gap_seconds(ledger, "source") > before + 0.9, 20, "gaps")
    wait_for(lambda: ended(ledger), 40, "the stream's end")
    assert_lint(ledger)
    begins = {}
    for row in parts(ledger, "source") + parts(ledger, "audio"):
        if row[3] == "0":
            begins.setdefault(row[2], []).append(int(row[8]))
    assert len(begins) > 8 and all(len(times) == 2 and abs(times[0] - times[1]) < 200_000 for times in begins.values()), begins


def test_an_encoder_that_reconnects_at_once_leaves_no_gap(platform):
    url = platform.publish_url(platform.channel("quick"))
    with Publisher(url) as first:
        platform.wait_live("quick")
        ledger = ledger_of(platform)
        wait_for(lambda: media_seconds(ledger, "source") > 3, 20, "media")
        first.kill()
        with Publisher(url) as second:
            wait_for(lambda: any("D" in row[12] for row in parts(ledger, "source")), 20, "media of the second")
            second.stop()
    wait_for(lambda: ended(ledger), 30, "the stream's end")
    assert gap_seconds(ledger, "source") == 0


def test_gaps_by_hand(platform, tmp_path):
    """`segmenter --gaps` takes source times, a line each; what is none is named, and the ledger stays whole."""
    with Publisher(platform.publish_url(platform.channel("hand")), seconds=4) as publisher:
        platform.wait_live("hand")
        ledger = ledger_of(platform)
        publisher.process.wait(20)
    wait_for(lambda: ended(ledger), 30, "the stream's end")
    done = subprocess.run([program("segmenter"), "--gaps", str(ledger)], input="9000000\n", capture_output=True, text=True)
    assert done.returncode != 0 and "ended" in done.stderr, done.stderr
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(ledger), str(copy)], check=True)
    index = (copy / "index").read_bytes().splitlines(keepends=True)
    (copy / "index").write_bytes(b"".join(line for line in index if not line.startswith(b"E ")))
    done = subprocess.run([program("segmenter"), "--gaps", str(copy)], input="9000000\nsoon\n", capture_output=True, text=True)
    assert done.returncode == 1 and '"soon"' in done.stderr and "microseconds" in done.stderr, done.stderr
    assert gap_seconds(copy, "source") >= 4.5
    written = gap_seconds(copy, "source")
    done = subprocess.run([program("segmenter"), "--gaps", str(copy)], input="9000000000000000\n", capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "more than a day" in done.stderr and gap_seconds(copy, "source") == written, done.stderr
    assert_lint(copy)
    done = subprocess.run([program("segmenter"), "--gaps", str(tmp_path)], input="", capture_output=True, text=True)
    assert done.returncode == 1 and "holds no ledger" in done.stderr, done.stderr
