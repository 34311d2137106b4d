"""origind standing alone: ffmpeg → segmenter → origind → what players and caches do."""
import gzip
import http.client
import json
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.parse

import pytest
from harness import Daemon, free_port, get, program, wait_for

PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
ENCODED = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30", "-keyint_min", "30", "-sc_threshold", "0",
           "-c:a", "aac", "-f", "nut", "-"]


class Stage:
    """A publisher into a ledger under `live`, and an origin that serves it."""

    def __init__(self, folder, seconds=None, paced=True):
        self.live = folder / "live"
        self.live.mkdir()
        self.port = free_port()
        self.ledger = self.live / "demo"
        length = ["-t", str(seconds)] if seconds else []
        self.source = subprocess.Popen(["ffmpeg", "-loglevel", "error", *(["-re"] if paced else []), *PICTURE, *length, *ENCODED],
                                       stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.segmenter = subprocess.Popen([program("segmenter"), str(self.ledger), "--segment", "1s", "--part", "250ms"],
                                          stdin=self.source.stdout, stderr=subprocess.DEVNULL)
        self.source.stdout.close()
        self.origin = Daemon(program("origind"), "--live", str(self.live), "--http-port", str(self.port))
        self.base = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.wait_for_segments(2)
        return self

    def __exit__(self, *_):
        self.end()
        self.origin.stop()

    def end(self):
        if self.source.poll() is None:
            self.source.send_signal(signal.SIGINT)
        self.source.wait(20)
        self.segmenter.wait(20)

    def wait_for_segments(self, count):
        wait_for(lambda: self.ledger.joinpath("index").exists() and
                 self.ledger.joinpath("index").read_text().count("IL ") + self.ledger.joinpath("index").read_text().count(" L ") >= 2 * count,
                 seconds=40, what=f"{count} segments")

    def playlists(self):
        """The addresses of the media playlists, from the master."""
        status, _, body = get(f"{self.base}/live/demo/master.m3u8")
        assert status == 200
        uris = re.findall(r'URI="([^"]+)"', body.decode()) + [line for line in body.decode().splitlines() if line and line[0] != "#"]
        return [urllib.parse.urljoin(f"{self.base}/live/demo/", uri) for uri in uris]

    def video(self):
        return self.playlists()[-1]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with Stage(tmp_path_factory.mktemp("origin")) as running:
        yield running


def ask(stage, url, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=20)
    split = urllib.parse.urlsplit(url)
    connection.request(method, split.path + (f"?{split.query}" if split.query else ""), headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def hinted(text):
    msn, part = re.search(r'PRELOAD-HINT:TYPE=PART,URI="(\d+)\.(\d+)\.m4s"', text).groups()
    return int(msn), int(part)


def test_a_blocked_playlist_and_the_hinted_part_come_together_and_hold_the_part(stage):
    url = stage.video()
    msn, part = hinted(get(url)[2].decode())
    answers = {}
    threads = [threading.Thread(target=lambda n=n, u=u: answers.__setitem__(n, get(u, 20))) for n, u in
               (("list", f"{url}?_HLS_msn={msn}&_HLS_part={part}"), ("part", urllib.parse.urljoin(url, f"{msn}.{part}.m4s")))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    status, headers, body = answers["list"]
    assert status == 200 and f'URI="{msn}.{part}.m4s"' in body.decode()
    assert re.fullmatch(r"public, max-age=\d+", headers["Cache-Control"])
    status, headers, body = answers["part"]
    assert status == 200 and body[4:8] == b"moof" and "immutable" in headers["Cache-Control"]


def lateness(stage):
    """Of eight parts: ms from the part's being written until a player that waits for it has word of it; the median."""
    url = stage.video()
    late = []
    for _ in range(8):
        msn, part = hinted(get(url)[2].decode())
        body = get(f"{url}?_HLS_msn={msn}&_HLS_part={part}", 20)[2].decode()
        arrived = time.time() * 1000
        rendition = url.split("/")[-2]
        written = [line.split(" ") for line in stage.ledger.joinpath("index").read_text().splitlines()
                   if line.startswith(f"P {rendition} {msn} {part} ")]
        assert body and written
        late.append(arrived - float(written[0][10]))
    return sorted(late)[len(late) // 2]


def test_parts_reach_waiting_players_within_milliseconds(stage):
    """Unlike those of a server that looks every now and then; on a machine that is busy only just now, at the second or third try."""
    medians = []
    while not medians or (medians[-1] >= 100 and len(medians) < 3):
        medians.append(lateness(stage))
    assert medians[-1] < 100, medians


def test_ranges_validators_and_methods(stage):
    url = stage.video()
    segment = urllib.parse.urljoin(url, re.search(r"^(\d+\.m4s)$", get(url)[2].decode(), re.M).group(1))
    whole, body = ask(stage, segment)
    assert whole.status == 200 and whole.headers["Content-Type"] == "video/mp4" and whole.headers["Access-Control-Allow-Origin"] == "*"
    part, some = ask(stage, segment, Range="bytes=10-19")
    assert part.status == 206 and some == body[10:20] and part.headers["Content-Range"] == f"bytes 10-19/{len(body)}"
    assert ask(stage, segment, Range=f"bytes={len(body)}-")[0].status == 416
    assert ask(stage, segment, If_None_Match=whole.headers["ETag"])[0].status == 304
    head, nothing = ask(stage, segment, "HEAD")
    assert head.status == 200 and nothing == b"" and head.headers["Content-Length"] == str(len(body))
    assert ask(stage, segment, "OPTIONS")[0].status == 204
    assert ask(stage, segment, "POST")[0].status == 405


def test_playlists_are_compressed_for_those_who_accept_it(stage):
    url = stage.video()
    answer, body = ask(stage, url, Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip" and gzip.decompress(body).startswith(b"#EXTM3U")
    assert "Content-Encoding" not in ask(stage, url)[0].headers


def test_what_is_wrong_is_told_by_status(stage):
    url = stage.video()
    for query in ("?_HLS_part=1", "?_HLS_msn=x", "?_HLS_msn=99999"):
        assert get(url + query)[0] == 400
    for path in ("/live/demo/../../etc/passwd", "/live/%2e%2e/master.m3u8", "/live/demo/..%2f..%2findex", "/live/demo/x/index"):
        assert ask(stage, path)[0].status in (400, 404)
    status, headers, body = get(f"{stage.base}/live/nobody/master.m3u8")
    assert status == 404 and int(headers["Retry-After"]) > 0
    assert json.loads(body)["error"]["code"] == "OFFLINE"


def test_ffprobe_and_streamlink_play_it(stage):
    probe = subprocess.run(["ffprobe", "-loglevel", "error", "-show_entries", "stream=codec_name", "-of", "json",
                            f"{stage.base}/live/demo/master.m3u8"], capture_output=True, text=True, timeout=60)
    assert {s["codec_name"] for s in json.loads(probe.stdout)["streams"]} == {"h264", "aac"}, probe.stderr
    if shutil.which("streamlink"):
        links = subprocess.run(["streamlink", "--json", f"{stage.base}/live/demo/master.m3u8"], capture_output=True, text=True, timeout=60)
        assert "180p" in json.loads(links.stdout)["streams"]


def test_the_stream_is_lint_clean_while_it_runs(stage):
    stage.wait_for_segments(9)
    done = subprocess.run([program("hlslint"), str(stage.ledger)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_an_ended_stream_has_its_end_and_its_whole(tmp_path):
    with Stage(tmp_path, seconds=8, paced=False) as stage:
        stage.segmenter.wait(30)
        url = stage.video()
        wait_for(lambda: get(url)[2].decode().endswith("#EXT-X-ENDLIST\n"), what="ENDLIST")
        stream = url.split("/")[-3]
        status, _, master = get(f"{stage.base}/vod/demo/{stream}/master.m3u8")
        assert status == 200 and b"whole.m3u8" in master
        whole = urllib.parse.urljoin(url, "whole.m3u8")
        text = get(whole)[2].decode()
        assert "#EXT-X-PLAYLIST-TYPE:VOD" in text and text.count("#EXTINF") == 8
        played = subprocess.run(["ffmpeg", "-loglevel", "error", "-i", f"{stage.base}/vod/demo/{stream}/master.m3u8",
                                 "-map", "0:v", "-f", "framemd5", "-"], capture_output=True, text=True, timeout=60)
        assert sum(not line.startswith("#") for line in played.stdout.splitlines()) == 240, played.stderr
        done = subprocess.run([program("hlslint"), str(stage.ledger)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout
