"""A publisher whose every picture carries its number, and a checker of what came out."""
import datetime
import json
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse

from harness import get, tool


class NumberedPublisher:
    """burn_numbers | ffmpeg → RTMP, in real time, until stopped."""

    def __init__(self, url, width=320, height=180, fps=30, gop=60, bframes=0, first=0):
        self.width, self.height = width, height
        self.log = tempfile.TemporaryFile()
        self.source = subprocess.Popen([tool("burn_numbers"), str(width), str(height), str(fps), "0", "--from", str(first)],
                                       stdout=subprocess.PIPE, stderr=self.log)
        self.process = subprocess.Popen(
            ["ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "warning",
             "-thread_queue_size", "512", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-",
             "-thread_queue_size", "512", "-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
             "-c:v", "libx264", "-preset", "ultrafast", *(["-tune", "zerolatency"] if not bframes else ["-bf", str(bframes)]),
             "-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0", "-b:v", "800k",
             "-c:a", "aac", "-b:a", "64k", "-f", "flv", url],
            stdin=self.source.stdout, stdout=self.log, stderr=self.log)
        self.source.stdout.close()

    def alive(self):
        return self.process.poll() is None

    def output(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        """ffmpeg ends as when a person presses q: it says goodbye to the server. True when it did so cleanly."""
        if self.alive():
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.source.kill()
        self.source.wait()
        return code in (0, 255)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class ReturningPublisher:
    """As a streamer's encoder: whenever its connection ends it publishes again by itself. The numbers go on with the clock, so
    each session's first number is greater than all before; `sessions` holds them, of tries that were refused too."""

    retry = 0.2  # s

    def __init__(self, url, fps=30, **picture):
        self.url, self.fps, self.picture = url, fps, picture
        self.begun = time.monotonic()
        self.sessions = []
        self.leaving = threading.Event()
        self.turn = threading.Lock()
        self.current = None
        self.clean = False
        self.publish()
        self.thread = threading.Thread(target=self.return_whenever_gone, daemon=True)
        self.thread.start()

    def publish(self):
        with self.turn:
            if self.leaving.is_set():
                return
            first = round((time.monotonic() - self.begun) * self.fps)
            self.sessions.append(first)
            self.current = NumberedPublisher(self.url, fps=self.fps, first=first, **self.picture)

    def return_whenever_gone(self):
        while not self.leaving.is_set():
            self.current.process.wait()
            self.current.source.kill()
            self.current.source.wait()
            if self.leaving.wait(self.retry):
                return
            self.publish()

    def alive(self):
        return self.current.alive()

    def output(self):
        return self.current.output()

    def stop(self):
        with self.turn:
            self.leaving.set()
        if self.thread.is_alive():
            self.clean = self.current.stop()
            self.thread.join(20)
        return self.clean

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def renditions(master_url):
    """{name: (playlist url, width, height)} of the video renditions of a multivariant playlist."""
    status, _, body = get(master_url)
    assert status == 200, (status, body)
    found, size = {}, None
    for line in body.decode().splitlines():
        if line.startswith("#EXT-X-STREAM-INF:"):
            resolution = line.split("RESOLUTION=")[1].split(",")[0]
            size = tuple(map(int, resolution.split("x")))
        elif line and not line.startswith("#"):
            found[line.split("/")[-2]] = (urllib.parse.urljoin(master_url, line), *size)
    return found


def check_frames(playlist_url, width, height, options=()):
    """Decodes a whole ended playlist, read with these options of ffmpeg's, and says which burnt-in numbers were lost or repeated."""
    decoder = subprocess.Popen(
        ["ffmpeg", "-v", "error", *options, "-i", playlist_url, "-map", "0:v", "-fps_mode", "passthrough", "-enc_time_base", "1:90000",
         "-f", "rawvideo", "-pix_fmt", "gray", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    reader = subprocess.run([tool("read_numbers"), str(width), str(height)], stdin=decoder.stdout, capture_output=True, text=True)
    decoder.stdout.close()
    errors = decoder.stderr.read().decode()
    decoder.stderr.close()
    decoder.wait()
    return {**json.loads(reader.stdout), "decoder": errors.strip()[-2000:]}


def ledger_of(platform):
    """The directory of the newest stream."""
    return max(pathlib.Path(platform.directory, "ledgers").iterdir(), key=lambda path: path.stat().st_ctime)


def dated_frames(playlist_url, width, height, work):
    """[(burnt-in number, date in ms)] of every frame of a whole playlist as it is shown: the date is EXT-X-PROGRAM-DATE-TIME of the
    frame's segment and the frame's place after the first frame shown of it."""
    text = get(playlist_url)[2].decode()
    blocks, headers, date, header, gap = [], {}, None, None, False
    for line in text.splitlines():
        if line.startswith("#EXT-X-MAP:"):
            header = line.split('"')[1]
            headers[header] = get(urllib.parse.urljoin(playlist_url, header))[2]
        elif line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            date = datetime.datetime.fromisoformat(line.split(":", 1)[1].replace("Z", "+00:00")).timestamp() * 1000
        elif line == "#EXT-X-GAP":
            gap = True
        elif line and not line.startswith("#"):
            if not gap:
                blocks.append((date, header, get(urllib.parse.urljoin(playlist_url, line))[2]))
            gap = False
    frames = []
    for header in headers:  # a new one after a change of the encoder
        mine = [(date, media) for date, of, media in blocks if of == header]
        movie = pathlib.Path(work, "dated.mp4")
        movie.write_bytes(headers[header] + b"".join(media for _, media in mine))
        probed = json.loads(subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts,pos", "-of", "json", str(movie)],
                                           capture_output=True, text=True, check=True).stdout)["packets"]
        shown, at = [], len(headers[header])
        for date, media in mine:
            own = sorted(int(packet["pts"]) for packet in probed if at <= int(packet["pos"]) < at + len(media))
            shown += [date + (pts - own[0]) / 90 for pts in own]
            at += len(media)
        decoder = subprocess.Popen(["ffmpeg", "-v", "error", "-i", str(movie), "-map", "0:v", "-fps_mode", "passthrough", "-enc_time_base", "1:90000",
                                    "-f", "rawvideo", "-pix_fmt", "gray", "-"], stdout=subprocess.PIPE)
        read = json.loads(subprocess.run([tool("read_numbers"), str(width), str(height)], stdin=decoder.stdout, capture_output=True, text=True).stdout)
        decoder.stdout.close()
        decoder.wait()
        numbers = [number for first, last in read["runs"] for number in range(first, last + 1)]
        assert len(numbers) == len(shown), (playlist_url, header, len(numbers), len(shown))
        frames += zip(numbers, shown)
    return frames
