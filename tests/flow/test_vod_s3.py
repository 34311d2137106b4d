"""Recordings in a real S3 store: OpenStack Swift with its s3api, which checks every signature."""
import json
import json
import os
import re
import signal
import subprocess
import urllib.parse

import pytest

from harness import Daemon, Platform, Publisher, free_port, get, install_npm, program, wait_for
from players import HlsJs
from swift_store import SECRET_KEY, Swift
from test_webd_pages import BROWSER, node_test

BUCKET = "vods"


@pytest.fixture(scope="module")
def swift():
    with Swift() as running:
        running.make_bucket(BUCKET)
        yield running


# ---- what a ledger and its record say

def lines_of(path):
    """The fields of each line that is whole, checksums apart."""
    text = path.read_text() if path.exists() else ""
    return [line.split(" ")[:-1] for line in text[:text.rfind("\n") + 1].splitlines()]


def segments_of(ledger):
    """{(rendition, msn): bytes} of what is finished; an ended ledger's last segments too."""
    sizes, closed = {}, set()
    for line in lines_of(ledger / "index"):
        if line[0] == "P":
            key = line[1], int(line[2])
            closed |= {(line[1], msn) for rendition, msn in sizes if rendition == line[1] and msn < key[1]}
            sizes[key] = sizes.get(key, 0) + int(line[5])
            if "L" in line[12]:
                closed.add(key)
        elif line[0] == "E":
            closed |= set(sizes)
    return {key: sizes[key] for key in closed}


def recorded(ledger):
    """{(rendition, msn): bytes} of the record of uploads: each once, none missed, without a hole."""
    found = {}
    for line in lines_of(ledger / "uploads"):
        assert line[0] in "VIUE", line
        if line[0] == "U":
            key = line[1], int(line[2])
            assert key not in found
            found[key] = int(line[3])
    for rendition in {name for name, _ in found}:
        numbers = [msn for name, msn in found if name == rendition]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return found


def whole(ledger):
    return any(line[0] == "E" for line in lines_of(ledger / "uploads"))


def check_bucket(swift, ledger, prefix):
    """What is recorded is in the bucket, equal to the ledger's files, and what is in the bucket is nothing else."""
    keys = set(swift.keys(BUCKET))
    for (rendition, msn), size in recorded(ledger).items():
        headers, body = swift.read(BUCKET, f"{prefix}/{rendition}/{msn}.m4s")
        assert body == (ledger / rendition / f"{msn}.m4s").read_bytes() and len(body) == size
        assert headers["Content-Type"] == ("audio/mp4" if rendition == "audio" else "video/mp4")
        assert "immutable" in headers["Cache-Control"]
    for header in ledger.glob("*/init-*.mp4"):
        assert swift.read(BUCKET, f"{prefix}/{header.parent.name}/{header.name}")[1] == header.read_bytes()
    files = {f"{prefix}/{path.parent.name}/{path.name}" for path in ledger.glob("*/*") if path.suffix in (".m4s", ".mp4")}
    others = {key for key in keys if key.startswith(prefix + "/")} - files
    assert all(key.endswith(".m3u8") for key in others), others


def frames_of(place):
    """How many pictures ffmpeg decodes of it."""
    done = subprocess.run(["ffmpeg", "-v", "error", "-i", str(place), "-map", "0:v:0", "-f", "framemd5", "-"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return sum(not line.startswith("#") for line in done.stdout.splitlines())


def check_lint(place, taken=()):
    """hlslint finds nothing there but `taken`: a bucket does not compress."""
    done = subprocess.run([program("hlslint"), "--json", str(place)], capture_output=True, text=True, timeout=90)
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode in (0, 1) and {finding["rule"] for finding in findings} <= set(taken), done.stdout + done.stderr


# ---- one ledger, one command

def record(folder, seconds=6, name="demo", pace=None):
    """A ledger of so many segments of a second, written at once or so many times faster than real time."""
    source = subprocess.Popen(["ffmpeg", "-v", "error", *(["-readrate", str(pace)] if pace else []), "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=15", "-f", "lavfi", "-i",
                               "sine=sample_rate=48000", "-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15",
                               "-keyint_min", "15", "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "nut", "-"],
                              stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    segmenter = subprocess.Popen([program("segmenter"), str(folder / name), "--channel", name, "--segment", "1s"], stdin=source.stdout,
                                 stderr=subprocess.DEVNULL)
    source.stdout.close()
    if not pace:
        assert (source.wait(60), segmenter.wait(60)) == (0, 0)
    return folder / name, source, segmenter


def stream_of(ledger):
    return lines_of(ledger / "index")[0][2]


def command(swift, ledger, *more, prefix="", **environment):
    """vodarchive upload, with the store's keys in the environment."""
    return [program("vodarchive"), "upload", "--vod", f"s3://{BUCKET}{prefix}", "--s3-endpoint", swift.endpoint, *more, str(ledger)], \
        {**os.environ, **swift.credentials, **environment}


def upload(swift, ledger, *more, **rest):
    words, environment = command(swift, ledger, *more, **rest)
    done = subprocess.run(words, capture_output=True, text=True, timeout=90, env=environment)
    assert SECRET_KEY not in done.stdout + done.stderr
    return done


def puts(swift):
    """How many objects the store has been given."""
    return len(re.findall(r'"PUT /disk/', (swift.folder / "object.log").read_text()))


def test_a_ledger_is_uploaded_once_and_plays_from_the_bucket(swift, tmp_path):
    ledger, _, _ = record(tmp_path)
    done = upload(swift, ledger)
    assert done.returncode == 0, done.stderr
    prefix = f"demo/{stream_of(ledger)}"
    assert recorded(ledger) == segments_of(ledger) and whole(ledger)
    check_bucket(swift, ledger, prefix)
    before = puts(swift)
    assert upload(swift, ledger).returncode == 0 and puts(swift) == before
    master = f"{swift.media_url}/{BUCKET}/{prefix}/master.m3u8"
    headers, _ = swift.read(BUCKET, f"{prefix}/master.m3u8")
    assert headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert frames_of(master) == 90
    check_lint(master, {"compression"})


@pytest.mark.parametrize("changed, code, hint", [({"AWS_SECRET_ACCESS_KEY": "not-the-secret"}, "403 SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
                                                 ({"AWS_ACCESS_KEY_ID": "nobody:here"}, "403 SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY")])
def test_wrong_keys_are_refused_and_the_error_says_what_to_do(swift, tmp_path, changed, code, hint):
    ledger, _, _ = record(tmp_path, 2)
    done = upload(swift, ledger, **changed)
    assert done.returncode == 1 and code in done.stderr and hint in done.stderr, done.stderr
    assert not any(value in done.stderr for value in changed.values())
    assert recorded(ledger) == {}
    assert upload(swift, ledger).returncode == 0 and recorded(ledger) == segments_of(ledger)


def test_what_is_configured_wrong_is_told_before_anything_is_sent(swift, tmp_path):
    ledger, _, _ = record(tmp_path, 2)
    keys = tmp_path / "keys"
    keys.write_text("aws_access_key_id = A\naws_secret_access_key = hush\n")
    keys.chmod(0o644)
    for words, said in ((["--s3-credentials", str(keys)], "chmod 600"), (["--s3-endpoint", "ftp://x"], "no endpoint"), (["--vod", "s3://X"], "no bucket"),
                        (["--vod", "file:/x"], "s3://BUCKET")):
        done = subprocess.run([program("vodarchive"), "upload", "--no-follow", *([] if "--vod" in words else ["--vod", "s3://vods"]), *words, str(ledger)],
                              capture_output=True, text=True, timeout=20, env={**os.environ, **swift.credentials})
        assert done.returncode == 2 and said in done.stderr and "hush" not in done.stderr, done.stderr
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run([program("vodarchive"), "upload", "--vod", "s3://vods", str(ledger)], capture_output=True, text=True, timeout=20, env=environment)
    assert done.returncode == 2 and "AWS_ACCESS_KEY_ID" in done.stderr
    assert not (ledger / "uploads").exists()
    words, environment = command(swift, ledger)
    words[3] = "s3://not-made"
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 1 and "404 NoSuchBucket" in done.stderr and "make the bucket" in done.stderr, done.stderr


def test_keys_may_come_from_a_file_of_ones_own(swift, tmp_path):
    ledger, _, _ = record(tmp_path, 2)
    keys = tmp_path / "keys"
    keys.write_text("[default]\naws_access_key_id = {AWS_ACCESS_KEY_ID}\naws_secret_access_key = {AWS_SECRET_ACCESS_KEY}\n".format(**swift.credentials))
    keys.chmod(0o600)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run([program("vodarchive"), "upload", "--vod", f"s3://{BUCKET}", "--s3-endpoint", swift.endpoint, "--s3-credentials", str(keys), str(ledger)],
                          capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr


def test_a_stream_has_one_place(swift, tmp_path):
    ledger, _, _ = record(tmp_path, 2)
    assert upload(swift, ledger).returncode == 0
    done = upload(swift, ledger, prefix="/elsewhere")
    assert done.returncode == 1 and f"uploads to s3://{BUCKET}, not to s3://{BUCKET}/elsewhere" in done.stderr, done.stderr
    (ledger / "uploads").unlink()
    assert upload(swift, ledger, prefix="/elsewhere").returncode == 0
    check_bucket(swift, ledger, f"elsewhere/demo/{stream_of(ledger)}")


def test_while_the_store_is_away_everything_stays_queued(swift, tmp_path):
    ledger, _, _ = record(tmp_path, 3)
    swift.stop_proxy()
    try:
        done = upload(swift, ledger, "--no-follow")
        assert done.returncode == 75 and "run it again" in done.stderr, done.stderr
        assert recorded(ledger) == {}
    finally:
        swift.start_proxy()
    assert upload(swift, ledger, "--no-follow").returncode == 0
    assert recorded(ledger) == segments_of(ledger) and whole(ledger)
    check_bucket(swift, ledger, f"demo/{stream_of(ledger)}")


def test_killed_at_any_moment_it_repeats_at_most_what_was_under_way(swift, tmp_path):
    ledger, _, _ = record(tmp_path, 25)
    before, kills = puts(swift), 0
    words, environment = command(swift, ledger, "--at-once", "2")
    while not whole(ledger):
        process = subprocess.Popen(words, stderr=subprocess.DEVNULL, env=environment)
        more = len(recorded(ledger)) + 7
        wait_for(lambda: process.poll() is not None or len(recorded(ledger)) >= more, 60, "some uploads")
        if process.poll() is None:
            process.kill()
            kills += 1
        process.wait()
    assert kills >= 3
    assert recorded(ledger) == segments_of(ledger)
    check_bucket(swift, ledger, f"demo/{stream_of(ledger)}")
    objects = len(recorded(ledger)) + 2 + 3  # headers, playlists
    assert puts(swift) - before <= objects + 2 * 2 * kills


def test_what_is_removed_before_it_is_uploaded_is_a_gap(swift, tmp_path):
    ledger, source, segmenter = record(tmp_path, 16, pace=4)
    segments = wait_for(lambda: len(segments_of(ledger)) >= 4 and segments_of(ledger), 30, "two segments")
    assert upload(swift, ledger, "--no-follow").returncode == 0
    first = {key for key in recorded(ledger)}
    assert len(first) >= len(segments) - 2 and not whole(ledger)
    (ledger / "cap").write_text("1\n")  # as ingestd does on a full disk: six segments stay
    assert (source.wait(60), segmenter.wait(60)) == (0, 0)
    done = upload(swift, ledger)
    assert done.returncode == 0 and "removed from the ledger before they were uploaded" in done.stderr, done.stderr
    missed = [line for line in lines_of(ledger / "uploads") if line[0] == "M"]
    assert missed and whole(ledger)
    text = swift.read(BUCKET, f"demo/{stream_of(ledger)}/source/whole.m3u8")[1].decode()
    gaps = sum(int(line[3]) - int(line[2]) for line in missed if line[1] == "source")
    assert text.count("#EXT-X-GAP") == gaps and text.count("#EXTINF") == 16 and text.endswith("#EXT-X-ENDLIST\n")
    check_lint(f"{swift.media_url}/{BUCKET}/demo/{stream_of(ledger)}/master.m3u8", {"compression"})


# ---- a platform, live

class Watcher:
    """Reads a live playlist again and again: what is listed is there, and never changes its address."""

    def __init__(self, url):
        self.url, self.seen = url, {}

    def look(self):
        status, _, body = get(self.url)
        assert status == 200
        text = body.decode()
        first = int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1])
        for msn, uri in enumerate((line for line in text.splitlines() if line and line[0] != "#"), first):
            address = urllib.parse.urljoin(self.url, uri)
            if msn not in self.seen:
                assert get(address)[0] == 200, address
            assert self.seen.setdefault(msn, address) == address
        return len(self.seen)


def served_media(platform):
    """How many segments, parts and headers origind has given away."""
    text = get(f"http://127.0.0.1:{platform.base + 11}/metrics")[2].decode()
    return sum(float(count) for route, count in re.findall(r'^http_request_duration_seconds_count\{[^}]*route="([^"]*)"[^}]*\} (\d+)', text, re.M)
               if route.endswith((":msn", ":part", ".mp4")))


def test_a_platform_publishes_live_to_a_bucket(swift, tmp_path, monkeypatch):
    keys = tmp_path / "keys"
    keys.write_text("aws_access_key_id = {AWS_ACCESS_KEY_ID}\naws_secret_access_key = {AWS_SECRET_ACCESS_KEY}\n".format(**swift.credentials))
    keys.chmod(0o600)
    monkeypatch.setenv("SLUICE_GRACE", "1s")  # of ingestd
    media = f"{swift.media_url}/{BUCKET}/live"
    with Platform("--quiet", "--vod", f"s3://{BUCKET}/live", "--s3-endpoint", swift.endpoint, "--s3-credentials", str(keys), "--media-url", media) as platform:
        key = platform.channel("ada")
        with Publisher(platform.publish_url(key), gop=30, rate=30):
            platform.wait_live("ada")
            ledger = (platform.directory / "live" / "ada").resolve()
            prefix = f"live/ada/{ledger.name}"
            published = f"http://127.0.0.1:{platform.port('origin')}/live/ada/published.m3u8"
            wait_for(lambda: get(published)[0] == 200, 30, "a published master")
            names = [line for line in get(published)[2].decode().splitlines() if line and line[0] != "#"]
            watcher = Watcher(urllib.parse.urljoin(published, names[0]))
            wait_for(lambda: watcher.look() >= 2, 30, "two published segments")
            assert all(address.startswith(f"{media}/ada/{ledger.name}/") for address in watcher.seen.values())
            check_bucket(swift, ledger, prefix)

            # Players have their playlists from origind and their media from the bucket.
            player = HlsJs(published, seconds=3)
            played = subprocess.run(["ffmpeg", "-v", "error", "-i", published, "-t", "2", "-map", "0:v:0", "-f", "framemd5", "-"], capture_output=True, text=True, timeout=60)
            assert sum(not line.startswith("#") for line in played.stdout.splitlines()) >= 55, played.stderr
            seen = player.seen()
            assert seen["fatal"] == [] and seen["frames"] > 0 and seen["audio"] > 0
            assert served_media(platform) == 0

            # The uploader is killed, and the store's front.
            before = platform.pid("vodarchive")
            os.kill(before, signal.SIGKILL)
            wait_for(lambda: (platform.pid("vodarchive") or before) != before, 30, "vodarchive back")
            known = len(recorded(ledger))
            wait_for(lambda: len(recorded(ledger)) > known + 2, 30, "uploads after a kill")
            swift.stop_proxy(kill=True)
            known, live = len(recorded(ledger)), len(segments_of(ledger))
            wait_for(lambda: len(segments_of(ledger)) >= live + 4, 30, "segments while the store is away")
            assert get(f"http://127.0.0.1:{platform.base + 14}/health")[0] == 503
            assert len(recorded(ledger)) <= known + 4
            listed = re.findall(r"/(\w+)/(\d+)\.m4s$", get(watcher.url)[2].decode(), re.M)
            assert listed and {(rendition, int(msn)) for rendition, msn in listed} <= set(recorded(ledger))
            swift.start_proxy()
            wait_for(lambda: len(recorded(ledger)) >= live + 4, 60, "what was queued uploaded")
            assert get(f"http://127.0.0.1:{platform.base + 14}/health")[0] == 200
            watcher.look()
            check_lint(published)
        wait_for(lambda: whole(ledger), 60, "the whole stream uploaded")
        assert get(watcher.url)[2].decode().endswith("#EXT-X-ENDLIST\n")
        assert recorded(ledger) == segments_of(ledger)
        check_bucket(swift, ledger, prefix)
        check_lint(ledger)
        logs = "".join(path.read_text() for path in (platform.directory / "logs").glob("*.log"))
        assert SECRET_KEY not in logs + platform.output()
        parts = [line for line in lines_of(ledger / "index") if line[0] == "P" and line[1] == "source"]
        expected = round(sum(int(line[7]) for line in parts) / 90000 * 30)
    # origind has gone: the recording plays from the bucket alone.
    master = f"{swift.media_url}/{BUCKET}/{prefix}/master.m3u8"
    assert abs(frames_of(master) - expected) <= 1
    player = HlsJs(master, seconds=3)
    check_lint(master, {"compression"})
    assert player.seen()["fatal"] == []


def test_the_page_plays_the_start_from_the_bucket(swift, tmp_path):
    install_npm(BROWSER)
    keys = tmp_path / "keys"
    keys.write_text("aws_access_key_id = {AWS_ACCESS_KEY_ID}\naws_secret_access_key = {AWS_SECRET_ACCESS_KEY}\n".format(**swift.credentials))
    keys.chmod(0o600)
    with Platform("--quiet", "--vod", f"s3://{BUCKET}/page", "--s3-endpoint", swift.endpoint, "--s3-credentials", str(keys),
                  "--media-url", f"{swift.media_url}/{BUCKET}/page") as platform:
        with Publisher(platform.publish_url(platform.channel("ada")), gop=30, rate=30):
            platform.wait_live("ada")
            ledger = (platform.directory / "live" / "ada").resolve()
            wait_for(lambda: len(recorded(ledger)) >= 12, 60, "a start in the bucket")
            node_test("dvr_cut.test.mjs", SLUICE_WEB=f"http://127.0.0.1:{platform.port('http')}", SLUICE_CHANNEL="ada",
                      SLUICE_MEDIA=urllib.parse.urlsplit(swift.media_url).netloc)
