"""A publisher of several tracks, and what its tests ask of the stream: pictures that carry their numbers, made once for each size
and put together by flv.py."""
import json
import subprocess

import flv
from harness import get, program, tool, wait_for
from ingest import assert_lint, ended, records
from numbered import check_frames, ledger_of, renditions

SIZES = {0: (640, 360), 1: (480, 270), 2: (320, 180)}
FPS = 30


def numbered_clip(path, size, seconds, gop=60, tone=440, bframes=0, told_kbits=None):
    """H.264 with burnt-in numbers and AAC of a tone, as fast as it goes. `told_kbits`: the picture's rate as its metadata has it."""
    width, height = size
    pictures = subprocess.Popen([tool("burn_numbers"), str(width), str(height), str(FPS), str(seconds * FPS), "--fast"], stdout=subprocess.PIPE)
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r",
                    str(FPS), "-i", "-", "-f", "lavfi", "-i", f"sine=frequency={tone}:sample_rate=48000:duration={seconds}",
                    "-c:v", "libx264", "-preset", "ultrafast", "-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0",
                    "-bf", str(bframes), *(["-b:v", f"{told_kbits}k", "-crf", "23"] if told_kbits else []), "-c:a", "aac", "-b:a", "64k", str(path)], stdin=pictures.stdout, check=True)
    pictures.stdout.close()
    pictures.wait()
    return path


def clips(folder, seconds, sizes=SIZES, **how):
    """{track id: tags} of a clip of each size."""
    return {track: flv.read(numbered_clip(folder / f"{track}-{seconds}.flv", size, seconds, tone=330 + 220 * track, **how))
            for track, size in sizes.items()}


def publish(url, path, *options):
    return subprocess.Popen([tool("rtmp_publish"), *options, url, str(path)], stdout=subprocess.DEVNULL)


def finished(platform, name, publisher, seconds=60):
    """The ledger of the stream when it is over, linted."""
    assert publisher.wait(seconds) == 0
    ledger = ledger_of(platform)
    wait_for(lambda: ended(ledger), 30, "the stream's end")
    assert_lint(ledger)
    return ledger


def whole(platform, name, ledger):
    return f"http://127.0.0.1:{platform.port('origin')}/vod/{name}/{ledger.name}/master.m3u8"


def master_lines(url, tag):
    status, _, body = get(url)
    assert status == 200, body
    return [line for line in body.decode().splitlines() if line.startswith(tag)]


def numbers(url):
    """{rendition: what check_frames reads}"""
    return {name: check_frames(playlist, width, height) for name, (playlist, width, height) in renditions(url).items()}


def assert_every_number_once(url, names, frames):
    found = numbers(url)
    assert set(found) == set(names), found
    for name, read in found.items():
        assert read["runs"] == [[0, frames - 1]] and not read["decoder"], (name, read)


def inits(ledger):
    """{rendition: {init: (codecs, size)}}"""
    out = {}
    for row in records(ledger, "R"):
        out.setdefault(row[1], {})[row[2]] = (row[4], row[6])
    return out


def states(platform):
    return {row["channel"]: row for row in json.loads(subprocess.run(
        [program("ingestd"), "--ask", "streams", "--control", str(platform.directory / "run" / "ingestd.sock")],
        capture_output=True, text=True, check=True).stdout)["streams"]}
