"""Going back in a live stream: pictures for seeking from the ledger, and the page's seek bar in Chromium against a whole platform."""
import concurrent.futures
import json
import os
import random
import shutil
import subprocess

import pytest
from harness import BIN, Daemon, Platform, Publisher, free_port, get, install_npm, program, wait_for
from ingest import media_seconds, parts
from numbered import ledger_of
from test_origind_play import Stage
from test_webd_pages import BROWSER, node_test


class Origin:
    """An origind of its own whose storyboard is a shell script; {real} is the real one."""

    def __init__(self, stage, folder, script, *options):
        here = folder / "bin"
        here.mkdir(exist_ok=True)
        shutil.copy(BIN / "origind", here / "origind")
        self.script = here / "storyboard"
        self.script.write_text("#!/bin/sh\n" + script.replace("{real}", program("storyboard")) + "\n")
        self.script.chmod(0o755)
        port = free_port()
        self.daemon = Daemon(str(here / "origind"), "--live", str(stage.live), "--http-port", str(port), *options)
        self.base = f"http://127.0.0.1:{port}"

    def runs(self):
        return len(self.script.with_suffix(".runs").read_text().splitlines())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.daemon.stop()


def test_dates_and_tracks():
    node_test("timeline.test.mjs")


def test_go_to_start_and_back_in_chromium():
    install_npm(BROWSER)
    assert shutil.which("chromium"), "the tests need Chromium: apt install chromium"
    with Platform("--quiet") as platform:
        key = platform.channel("ada")
        node_test("dvr.test.mjs", SLUICE_WEB=f"http://127.0.0.1:{platform.port('http')}", SLUICE_CHANNEL="ada",
                  SLUICE_PUBLISH=platform.publish_url(key), SLUICE_STATUS=f"{program('sluice')} status --json --dir {platform.directory}")


def test_go_to_start_of_a_stream_that_was_cut():
    """Sound begins a moment after the picture, and the edge is behind a discontinuity."""
    install_npm(BROWSER)
    with Platform("--quiet", settings={"transcode": {"ladder": "90p15:80,source"}}) as platform:
        url = platform.publish_url(platform.channel("ada"))
        with Publisher(url) as first:
            platform.wait_live("ada")
            ledger = ledger_of(platform)
            wait_for(lambda: media_seconds(ledger, "source") > 10, 30, "what is before the cut")
            first.kill()
        with Publisher(url):
            wait_for(lambda: media_seconds(ledger, "source") > 18 and any("D" in row[12] for row in parts(ledger)), 40, "what is behind it")
            node_test("dvr_cut.test.mjs", SLUICE_WEB=f"http://127.0.0.1:{platform.port('http')}", SLUICE_CHANNEL="ada")


def test_the_quality_behind_a_gap():
    """A publisher was away: a segment is a gap in every rendition, which says nothing of any rendition's quality."""
    install_npm(BROWSER)
    with Platform("--quiet", settings={"transcode": {"ladder": "90p15:80,source"}}) as platform:
        url = platform.publish_url(platform.channel("ada"))
        with Publisher(url) as first:
            platform.wait_live("ada")
            ledger = ledger_of(platform)
            wait_for(lambda: media_seconds(ledger, "source") > 8, 30, "what is before the gap")
            first.kill()

        def gaps(rendition):
            return [int(row[2]) for row in parts(ledger, rendition) if "G" in row[12]]

        wait_for(lambda: gaps("source") and gaps("90p15"), 20, "gaps")
        with Publisher(url):
            wait_for(lambda: media_seconds(ledger, "source") > 24, 60, "what is behind it")
            assert gaps("source")[-1] == gaps("90p15")[-1]
            node_test("dvr_gap.test.mjs", SLUICE_WEB=f"http://127.0.0.1:{platform.port('http')}", SLUICE_CHANNEL="ada", SLUICE_GAP=str(gaps("source")[-1]))


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with Stage(tmp_path_factory.mktemp("pictures"), seconds=30, paced=False) as done:
        done.segmenter.wait(60)
        yield done


def stream_of(stage):
    return stage.ledger.joinpath("index").read_text().split(" ")[2]


def size(jpeg, folder):
    (folder / "picture.jpg").write_bytes(jpeg)
    probed = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "json", folder / "picture.jpg"],
                            capture_output=True, text=True, check=True)
    stream = json.loads(probed.stdout)["streams"][0]
    return stream["codec_name"], stream["width"], stream["height"]


def test_pictures_come_from_the_ledger(stage, tmp_path):
    base = f"{stage.base}/live/demo/{stream_of(stage)}"
    status, headers, track = get(f"{base}/storyboard.vtt")
    assert status == 200 and headers["Content-Type"].startswith("text/vtt") and headers["Access-Control-Allow-Origin"] == "*"
    assert track.decode().count("storyboard-0.jpg#xywh=") == 3
    assert track.decode() == subprocess.run([program("storyboard"), "--track", stage.ledger], capture_output=True, text=True, check=True).stdout
    status, headers, sheet = get(f"{base}/storyboard-0.jpg")
    assert status == 200 and headers["Cache-Control"] == "public, max-age=600"
    assert size(sheet, tmp_path) == ("mjpeg", 800, 450)
    assert sheet == subprocess.run([program("storyboard"), stage.ledger], capture_output=True, check=True).stdout
    status, headers, picture = get(f"{stage.base}/live/demo/thumbnail.jpg")
    assert status == 200 and headers["Cache-Control"] == "public, max-age=5"
    assert size(picture, tmp_path) == ("mjpeg", 480, 270)
    window = json.loads(get(f"{base}/window.json")[2])
    assert window["ended"] and window["start"] < window["end"]
    assert get(f"{base}/storyboard-1.jpg")[0] == 404
    assert get(f"{stage.base}/live/demo/nosuch/storyboard.vtt")[0] == 404
    assert json.loads(get(f"{stage.base}/live/nobody/thumbnail.jpg")[2])["error"]["code"] == "OFFLINE"


def test_many_who_want_one_picture_share_a_program(stage, tmp_path):
    with Origin(stage, tmp_path, 'echo run >>"$0.runs"; exec {real} "$@"') as origin:
        url = f"{origin.base}/live/demo/{stream_of(stage)}/storyboard-0.jpg"
        with concurrent.futures.ThreadPoolExecutor(20) as askers:
            answers = list(askers.map(lambda _: get(url, 30), range(20)))
        assert {status for status, _, _ in answers} == {200} and len({body for _, _, body in answers}) == 1
        assert origin.runs() == 1


def test_a_program_that_hangs_is_ended_and_one_that_fails_is_told(stage, tmp_path):
    with Origin(stage, tmp_path, 'echo $$ >>"$0.runs"; exec sleep 1000', "--picture-time", "1s") as origin:
        status, _, body = get(f"{origin.base}/live/demo/{stream_of(stage)}/storyboard-0.jpg", 20)
        assert status == 503 and json.loads(body)["error"]["code"] == "UNAVAILABLE"
        pid = int(origin.script.with_suffix(".runs").read_text())
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 10, "its end")  # the answer does not wait for it
        assert get(f"{origin.base}/live/demo/{stream_of(stage)}/storyboard-0.jpg", 20)[0] == 503
        assert origin.runs() == 1
        assert "took too long" in origin.daemon.output()
        assert get(f"{origin.base}/live/demo/master.m3u8")[0] == 200
    with Origin(stage, tmp_path, "exit 1") as origin:
        assert json.loads(get(f"{origin.base}/live/demo/thumbnail.jpg")[2])["error"]["code"] == "NO_PICTURE"


def test_media_that_cannot_be_decoded_harms_nobody(stage, tmp_path):
    copy = tmp_path / "live" / "demo"
    shutil.copytree(stage.ledger, copy)
    for segment in copy.glob("source/*.m4s"):
        segment.write_bytes(random.Random(7).randbytes(segment.stat().st_size))
    with Daemon(program("origind"), "--live", str(copy.parent), "--http-port", str(port := free_port())):
        base = f"http://127.0.0.1:{port}/live/demo"
        assert json.loads(get(f"{base}/thumbnail.jpg", 20)[2])["error"]["code"] == "NO_PICTURE"
        assert get(f"{base}/master.m3u8")[0] == 200


def test_sound_alone_has_no_pictures(tmp_path):
    source = subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "6", "-c:a", "aac", "-f", "nut", "-"],
                            capture_output=True, check=True).stdout
    subprocess.run([program("segmenter"), str(tmp_path / "live" / "demo")], input=source, check=True, capture_output=True)
    stream = (tmp_path / "live" / "demo" / "index").read_text().split(" ")[2]
    assert subprocess.run([program("storyboard"), tmp_path / "live" / "demo"], capture_output=True).returncode == 1
    with Daemon(program("origind"), "--live", str(tmp_path / "live"), "--http-port", str(port := free_port())):
        base = f"http://127.0.0.1:{port}/live/demo"
        for path in ("thumbnail.jpg", f"{stream}/storyboard.vtt", f"{stream}/storyboard-0.jpg"):
            status, _, body = get(f"{base}/{path}")
            assert status == 404 and json.loads(body)["error"]["code"] == "NO_VIDEO"
        assert json.loads(get(f"{base}/{stream}/window.json")[2])["pictures"] is False


def test_what_has_been_removed_has_no_picture(tmp_path):
    ledger = tmp_path / "live" / "demo"
    source = subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10", "-t", "320", "-c:v", "libx264", "-preset",
                             "ultrafast", "-g", "20", "-f", "nut", "-"], capture_output=True, check=True).stdout
    subprocess.run([program("segmenter"), str(ledger), "--dvr-window", "40s"], input=source, check=True, capture_output=True)
    stream = (ledger / "index").read_text().split(" ")[2]
    with Daemon(program("origind"), "--live", str(tmp_path / "live"), "--http-port", str(port := free_port())):
        base = f"http://127.0.0.1:{port}/live/demo/{stream}"
        assert get(f"{base}/storyboard-0.jpg")[0] == 404
        status, headers, _ = get(f"{base}/storyboard-1.jpg", 20)
        assert status == 200 and headers["Cache-Control"] == "public, max-age=5"
        track = get(f"{base}/storyboard.vtt")[2].decode()
        assert "storyboard-0.jpg" not in track and "00:04:4" in track
        window = json.loads(get(f"{base}/window.json")[2])
        assert window["start"] > window["epoch"]
