"""Real players, started side by side; each says at the end what it made of the stream."""
import json
import os
import pathlib
import select
import subprocess
import time

from harness import BUILD, install_npm

BROWSER = pathlib.Path(__file__).parents[1] / "browser"


class HlsJs:
    """hls.js in Chromium until so many seconds were played and so many picture sizes seen."""

    def __init__(self, url, seconds=2, sizes=1, patience=100):
        install_npm(BROWSER)
        self.process = subprocess.Popen(
            ["node", str(BROWSER / "hls_plays.mjs"), str(BUILD / "pages/node_modules/hls.js/dist/hls.min.js"), url,
             f"seconds={seconds}", f"sizes={sizes}", f"patience={patience}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def seen(self):
        said, _ = self.process.communicate(timeout=180)
        assert self.process.returncode == 0, said
        return json.loads(said.splitlines()[-1])


class Ffplay:
    """ffplay until its clock has gone on for some seconds."""

    def __init__(self, url, seconds=3):
        self.seconds = seconds
        self.process = subprocess.Popen(
            ["ffplay", "-hide_banner", "-stats", "-loglevel", "info", url],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"})

    @staticmethod
    def clocks(said):
        return [float(word) for line in said.replace("\r", "\n").splitlines() if "A-V" in line
                for word in line.split()[:1] if word not in ("nan", "-nan")]

    def check(self, video="h264", audio="aac", patience=100):
        deadline, said, clocks = time.monotonic() + patience, "", []
        try:
            while not clocks or clocks[-1] - clocks[0] < self.seconds:
                left = deadline - time.monotonic()
                ready = left > 0 and select.select([self.process.stdout], [], [], left)[0]
                more = os.read(self.process.stdout.fileno(), 65536) if ready else b""
                assert more, said[-3000:]
                said += more.decode(errors="replace")
                clocks = self.clocks(said)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
        assert f"Video: {video}" in said and f"Audio: {audio}" in said, said[-3000:]


class Streamlink:
    """streamlink's best rendition into ffprobe, which counts the packets of a few seconds."""

    def __init__(self, url, seconds=3):
        self.seconds = seconds
        self.player = subprocess.Popen(["streamlink", "--loglevel", "none", "--stdout", f"hls://{url}", "best"], stdout=subprocess.PIPE)
        self.probe = subprocess.Popen(
            ["ffprobe", "-v", "error", "-read_intervals", f"%+{seconds}", "-count_packets", "-show_entries",
             "stream=codec_name,nb_read_packets", "-of", "csv=p=0", "-"],
            stdin=self.player.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.player.stdout.close()

    def check(self, video="h264", audio="aac"):
        said, errors = self.probe.communicate(timeout=120)
        self.player.terminate()
        self.player.wait()
        counts = dict(line.split(",")[:2] for line in said.split())
        assert int(counts[video]) > 15 * self.seconds and int(counts[audio]) > 15 * self.seconds, said + errors


class Mpv:
    def __init__(self, url, frames=60):
        self.process = subprocess.Popen(["mpv", "--no-config", "--vo=null", "--ao=null", f"--frames={frames}", "--msg-level=all=info", url],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def check(self, video="h264", audio="aac"):
        said, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, said
        assert video in said and audio in said, said


class HlsJsSwitching:
    """hls.js in Chromium, switched to each level and each audio track in turn; `patience`: s for each."""

    def __init__(self, url, patience=60):
        install_npm(BROWSER)
        self.process = subprocess.Popen(
            ["node", str(BROWSER / "hls_switches.mjs"), str(BUILD / "pages/node_modules/hls.js/dist/hls.min.js"), url,
             f"patience={patience}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def seen(self):
        said, _ = self.process.communicate(timeout=180)
        assert self.process.returncode == 0, said
        return json.loads(said.splitlines()[-1])
