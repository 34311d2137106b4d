"""hlslint judges what ffmpeg's hls muxer writes: what that breaks is named, and nothing else. The same folders from segmenter are clean."""
import functools
import http.server
import json
import re
import signal
import subprocess
import threading

import pytest
from harness import program, wait_for

PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
ENCODED = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "600k", "-maxrate", "600k", "-bufsize", "600k", "-pix_fmt", "yuv420p", "-sc_threshold", "0",
           "-c:a", "aac", "-b:a", "64k"]
FMP4 = ["-hls_segment_type", "fmp4"]
# ffmpeg writes version 7 where a header's tag wants 6, and knows neither of these attributes of a variant.
VERSION, MASTER = {"version-excess"}, {"average-bandwidth-required", "frame-rate-required", "independent-segments-told"}
# Five segments without dates, from a server of plain files.
# Files stay for six more segments, since those that a busy machine writes late come in a bunch and push others out too early.
PLAIN = {"live-segments-few", "live-program-date-time", "compression", "cors", "expires-told"}


def findings(*arguments):
    done = subprocess.run([program("hlslint"), "--json", *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    found = {json.loads(line)["rule"] for line in done.stdout.splitlines()}
    assert done.returncode == (1 if found else 0)
    return found


@pytest.mark.parametrize("options, broken", [
    ([], set()),
    (["-hls_list_size", "0"], set()),
    (["-hls_playlist_type", "vod"], set()),
    (["-hls_playlist_type", "vod", *FMP4], VERSION),
    (["-hls_playlist_type", "event", *FMP4, "-hls_flags", "independent_segments+program_date_time"], VERSION),
    (["-hls_playlist_type", "vod", *FMP4, "-hls_flags", "independent_segments", "-master_pl_name", "master.m3u8"], VERSION | MASTER),
])
def test_a_recording(tmp_path, options, broken):
    subprocess.run(["ffmpeg", "-loglevel", "error", *PICTURE, "-t", "12", *ENCODED, "-g", "60", "-f", "hls", "-hls_time", "2", *options,
                    str(tmp_path / "out.m3u8")], check=True, capture_output=True)
    assert findings(tmp_path) == broken


@pytest.mark.parametrize("form", ["cmaf", "ts"])
def test_the_playlists_of_segmenter_are_clean(tmp_path, form):
    source = subprocess.run(["ffmpeg", "-loglevel", "error", *PICTURE, "-t", "12", *ENCODED, "-g", "60", "-bf", "0", "-f", "nut", "-"], check=True, capture_output=True)
    subprocess.run([program("segmenter"), "--playlists", "--format", form, str(tmp_path / "out")], input=source.stdout, check=True, capture_output=True)
    (tmp_path / "out" / "index").unlink()  # else it is judged as a ledger
    assert (tmp_path / "out" / "master.m3u8").exists()
    assert findings(tmp_path / "out") == set()


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".m3u8": "application/vnd.apple.mpegurl"}

    def log_message(self, *_):
        pass


def watched(folder, keyframes, seconds):
    """What a live run of ffmpeg breaks, watched over HTTP while its list slides."""
    live = subprocess.Popen(["ffmpeg", "-loglevel", "error", "-re", *PICTURE, *ENCODED, "-force_key_frames", keyframes, "-g", "300", "-f", "hls",
                             "-hls_time", "1", "-hls_flags", "delete_segments", "-hls_delete_threshold", "6", str(folder / "out.m3u8")], stdin=subprocess.DEVNULL)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        wait_for(lambda: (folder / "out.m3u8").exists() and len(re.findall("EXTINF", (folder / "out.m3u8").read_text())) >= 4, 40, "a list of four segments")
        return findings("--late", "5s", "--watch", f"{seconds}s", f"http://127.0.0.1:{server.server_address[1]}/out.m3u8")
    finally:
        live.send_signal(signal.SIGINT)
        live.wait(20)
        server.shutdown()
        server.server_close()


def test_a_live_run(tmp_path):
    assert watched(tmp_path, "expr:gte(t,n_forced)", 6) == PLAIN


def test_a_live_run_whose_target_duration_follows_the_keyframes(tmp_path):
    # a keyframe each second, and after nine seconds each three: five segments are then less than three targets
    assert watched(tmp_path, "expr:gte(t,n_forced+gte(n_forced,9)*2*(n_forced-9))", 14) == PLAIN | {"update-target-changed", "live-too-short"}
