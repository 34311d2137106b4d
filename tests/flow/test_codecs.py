"""Enhanced RTMP through the whole platform: HEVC, AV1 and Opus in, what becomes of them out. Clips are made by ffmpeg's encoders
and published by rtmp_publish, since Debian's ffmpeg and OBS know nothing of Enhanced RTMP yet."""
import re
import subprocess

import pytest

import flv
from harness import Platform, get, program, tool, wait_for
from ingest import Ingest, ended, records
from numbered import ledger_of
from players import HlsJs

SECONDS = 5
CODECS = {
    "hevc": (["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=60:min-keyint=60:scenecut=0:bframes=2"],
             r"hvc1\.1\.6\.L\d+\.[0-9A-Fa-f.]+", "hvc1"),
    "av1": (["-c:v", "libsvtav1", "-preset", "12", "-g", "60", "-b:v", "500k"], r"av01\.0\.\d\d[MH]\.08", "av01"),
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    made = {}
    encoders = subprocess.run(["ffmpeg", "-hide_banner", "-encoders"], capture_output=True, text=True).stdout
    for codec, (options, _, _) in CODECS.items():
        if options[1] in encoders:
            made[codec] = flv.make(folder / f"{codec}.mp4", size="320x180", seconds=SECONDS, codec=options,
                                   audio=("-c:a", "libopus", "-strict", "-2", "-movflags", "+faststart"))
    return made


@pytest.fixture(scope="module")
def platform():
    with Platform() as running:
        yield running


def published(url, path, *options):
    return subprocess.Popen([tool("rtmp_publish"), "--enhanced", *options, url, str(path)], stdout=subprocess.PIPE)


def decoded(url):
    """(codec → frames, complaints) of everything a multivariant playlist leads to."""
    done = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,height,nb_read_frames", "-of",
                           "csv=p=0", url], capture_output=True, text=True, timeout=60)
    return {line.split(",")[0]: int(line.split(",")[-1]) for line in done.stdout.split()}, done.stderr


def lint(ledger):
    done = subprocess.run([program("hlslint"), str(ledger)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("codec", CODECS)
def test_a_new_codec_is_passed_through_with_a_rung_for_everybody(platform, clips, codec):
    if codec not in clips:
        pytest.skip(f"this ffmpeg encodes no {codec}")
    key = platform.channel(codec)
    running = published(platform.publish_url(key), clips[codec])
    platform.wait_live(codec)
    ledger = ledger_of(platform)
    assert running.wait(30) == 0
    running.stdout.close()
    wait_for(lambda: ended(ledger), 30, "the end")
    assert {row[1] for row in records(ledger, "P")} == {"source", "180p30", "audio"}
    url = f"http://127.0.0.1:{platform.port('origin')}/vod/{codec}/{ledger.name}/master.m3u8"
    player = HlsJs(url, seconds=2)
    status, _, master = get(url)
    assert status == 200
    lines = [line for line in master.decode().splitlines() if line.startswith("#EXT-X-STREAM-INF")]
    _, pattern, entry = CODECS[codec]
    assert re.search(rf'CODECS="{pattern},mp4a\.40\.2"', lines[0]), lines
    assert re.search(r'CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2"', lines[1]), lines
    assert all("FRAME-RATE=30.000" in line and "RESOLUTION=320x180" in line for line in lines)
    init = (ledger / "source" / "init-0.mp4").read_bytes()
    assert entry.encode() in init
    counts, complaints = decoded(url)
    assert counts[codec] == counts["h264"] == SECONDS * 30 and complaints == ""
    assert abs(counts["aac"] - SECONDS * 48_000 / 1024) < 4
    seen = player.seen()
    assert seen["frames"] > 0 and seen["audio"] > 0, seen
    lint(ledger)


def test_opus_reaches_the_segments_when_nothing_transcodes(clips):
    """With segmenter alone as the pipeline, Opus stays Opus: an Opus sample entry, its name in CODECS."""
    if "av1" not in clips:
        pytest.skip("this ffmpeg encodes no AV1")
    with Ingest("--pipeline", "segmenter") as ingest:
        running = published(ingest.url(), clips["av1"], "--fast")
        assert running.wait(30) == 0
        running.stdout.close()
        wait_for(lambda: ingest.ledgers() and ended(ingest.ledgers()[0]), 30, "the end")
        ledger = ingest.ledgers()[0]
        codecs = {row[1]: row[4] for row in records(ledger, "R")}
        assert codecs["audio"] == "opus" and codecs["source"].startswith("av01.")
        assert b"Opus" in (ledger / "audio" / "init-0.mp4").read_bytes()
        whole = b"".join(path.read_bytes() for path in [ledger / "audio/init-0.mp4",
                                                        *sorted((ledger / "audio").glob("*.m4s"), key=lambda p: int(p.stem))])
        done = subprocess.run(["ffmpeg", "-v", "error", "-i", "-", "-f", "null", "-"], input=whole, capture_output=True)
        assert done.returncode == 0 and done.stderr == b""
        lint(ledger)
