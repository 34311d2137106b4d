"""`transcode --ladder auto,audio`: sound alone is a variant, from the audio rendition that there is, and nothing is encoded for it."""
import subprocess

import pytest

from harness import Publisher, get, program, wait_for
from ingest import assert_lint, ended, parts, records
from multitrack import numbered_clip
from players import Ffplay, HlsJs, Mpv
from stage import PICTURE, Stage, assert_clean, findings, watching

PIPELINE = ("--pipeline", "transcode --ladder auto,audio | segmenter")


def variants(master):
    """[(attributes, URI)]"""
    lines = master.splitlines()
    return [(line, lines[at + 1]) for at, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF:")]


def test_a_variant_without_a_picture_beside_the_ladder():
    with Stage(*PIPELINE, grace="1s") as stage:
        with Publisher(stage.ingest.url(), size=PICTURE):
            ledger = stage.wait_segments(2)
            watch = watching(stage.url(), 120)
            apple = watching(stage.url(), 5, "--apple")
            master = get(stage.url())[2].decode()
            pictures, (alone, uri) = variants(master)[:-1], variants(master)[-1]
            assert len(pictures) == 2 and all("RESOLUTION=" in attributes for attributes, _ in pictures)
            assert 'CODECS="mp4a.40.2",AUDIO="audio"' in alone and "RESOLUTION" not in alone
            assert int(alone.split("BANDWIDTH=")[1].split(",")[0]) <= 192_000
            assert uri == f"{ledger.name}/audio/playlist.m3u8" and f'URI="{uri}"' in master
            seen = HlsJs(stage.url()).seen()
            assert seen["frames"] > 0 and seen["audio"] > 0, seen
            for player in (Ffplay(stage.url()), Mpv(stage.url())):
                player.check()
            probed = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", stage.url(f"live/alice/{uri}")],
                                    capture_output=True, text=True, timeout=60)
            assert set(probed.stdout.split()) == {"aac"}, probed
        wait_for(lambda: ended(ledger), 30, "the end")
        assert_clean(watch)
        assert {row["rule"] for row in findings(apple)} == {"i-frame-variant"}
        assert {row[1] for row in records(ledger, "R")} == {"source", "360p30", "audio"}
        assert_lint(ledger)
        whole = variants(get(stage.whole(ledger))[2].decode())
        assert whole[-1][1].endswith(f"{ledger.name}/audio/whole.m3u8") and "RESOLUTION" not in whole[-1][0]


@pytest.mark.parametrize("ladder, expected", [("none", 1), ("none,audio", 2), ("480p30,audio,source", 3)])
def test_of_any_ladder_in_files(tmp_path, ladder, expected):
    clip = numbered_clip(tmp_path / "clip.flv", (854, 480), 5)
    out = tmp_path / "out"
    made = subprocess.run([program("transcode"), "--ladder", ladder], input=clip.read_bytes(), capture_output=True, check=True)
    subprocess.run([program("segmenter"), "--playlists", str(out)], input=made.stdout, capture_output=True, check=True)
    found = variants((out / "master.m3u8").read_text())
    assert len(found) == expected
    assert [uri for attributes, uri in found if "RESOLUTION" not in attributes] == (["audio/playlist.m3u8"] if "audio" in ladder else [])
    assert_lint(out)


def test_who_asks_for_it_of_a_source_without_sound_is_told(tmp_path):
    picture = tmp_path / "picture.flv"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=2", "-c:v", "libx264", "-preset", "ultrafast",
                    "-pix_fmt", "yuv420p", str(picture)], check=True)
    done = subprocess.run([program("transcode"), "--ladder", "none,audio"], input=picture.read_bytes(), capture_output=True, check=True)
    assert b"left out audio: the source has no sound" in done.stderr
    refused = subprocess.run([program("transcode"), "--ladder", "audio"], input=b"", capture_output=True)
    assert refused.returncode == 2 and b"write auto,audio" in refused.stderr
