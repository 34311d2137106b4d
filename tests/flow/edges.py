"""Real caches in front of origind, configured by examples/edges as they stand: only addresses and folders are changed."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

from harness import Daemon, free_port, get, program, tool, wait_for

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "edges"
CLIP_SECONDS = 150


def clip(folder, rate_kbit=150):
    """A film of CLIP_SECONDS with a keyframe a second, encoded once: its copies cost no encoder."""
    path = folder / "clip.nut"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=128x72:rate=10", "-f", "lavfi", "-i", "sine=sample_rate=48000",
                    "-t", str(CLIP_SECONDS), "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10", "-keyint_min", "10",
                    "-sc_threshold", "0", "-b:v", f"{rate_kbit}k", "-maxrate", f"{rate_kbit}k", "-bufsize", f"{rate_kbit}k", "-c:a", "aac",
                    "-b:a", "48k", str(path)], check=True, timeout=300)
    return path


class Origin:
    """origind, and streams that are fed from a clip in real time, without a platform."""

    def __init__(self, folder, film, channels, part="1s", segment="2s", loop=False, prefix=(), options=()):
        self.live = folder / "live"
        self.live.mkdir()
        self.channels = channels
        self.port, self.metrics_port = free_port(), free_port()
        self.feeders = []
        for channel in channels:
            source = subprocess.Popen(["ffmpeg", "-v", "error", "-re", *(["-stream_loop", "-1"] if loop else []), "-i", str(film), "-c", "copy", "-f", "nut", "-"],
                                      stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
            segmenter = subprocess.Popen([program("segmenter"), str(self.live / channel), "--channel", channel, "--part", part,
                                          "--segment", segment], stdin=source.stdout, stderr=subprocess.DEVNULL)
            self.feeders.append((source, segmenter))
            source.stdout.close()
        self.daemon = Daemon(*prefix, program("origind"), "--live", str(self.live), "--http-port", str(self.port),
                             "--metrics", f"127.0.0.1:{self.metrics_port}", *options)

    def wait_for_segments(self, count):
        for channel in self.channels:
            index = self.live / channel / "index"
            wait_for(lambda: index.exists() and len(set(re.findall(r"^P source (\d+)", index.read_text(), re.M))) > count, 60, f"{count} segments of {channel}")

    def metrics(self):
        return get(f"http://127.0.0.1:{self.metrics_port}/metrics")[2].decode()

    def blocked(self):
        """How many requests wait at origind just now."""
        return int(re.search(r"^sluice_origin_blocked_requests(?:\{.*\})? (\d+)", self.metrics(), re.M)[1])

    def requests(self):
        """How many requests have been answered, by route and status."""
        text = self.metrics()
        counts = {}
        for labels, count in re.findall(r"^http_request_duration_seconds_count\{([^}]*)\} (\d+)", text, re.M):
            named = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            counts[named["route"], named["status_code"]] = counts.get((named["route"], named["status_code"]), 0) + int(count)
        return counts

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for source, segmenter in self.feeders:
            source.terminate()
            segmenter.wait(20)
            source.wait(20)
        self.daemon.stop()


class Edge:
    """A cache that listens on `port`."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-edge-"))
        self.folder.chmod(0o755)  # nginx's workers are of another user when it is started by root
        self.port = free_port()
        self.log = open(self.folder / "output", "wb+")
        self.process = None

    def start(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_for(self.answers, 60, f"{command[0]} answering")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(self.output())
        try:
            get(f"http://127.0.0.1:{self.port}/live/nobody/master.m3u8", 2)
        except OSError:
            return False
        return True

    def output(self):
        return "".join(path.read_text(errors="replace") for path in (self.folder / "output", self.folder / "error.log") if path.exists())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def nginx(origin_port, example="nginx.conf", workers=2, prefix=()):
    edge = Edge()
    here = (EXAMPLES / example).read_text().replace("listen 8080;", f"listen 127.0.0.1:{edge.port};")
    here = here.replace("127.0.0.1:8081", f"127.0.0.1:{origin_port}").replace("/var/cache/nginx/sluice", str(edge.folder / "cache"))
    temporary = "".join(f"{name}_temp_path {edge.folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (edge.folder / "sluice.conf").write_text(here)
    (edge.folder / "nginx.conf").write_text(
        f"daemon off; pid {edge.folder}/pid; error_log {edge.folder}/error.log; worker_processes {workers}; worker_rlimit_nofile 20000;\n"
        f"events {{ worker_connections 9000; }}\nhttp {{ access_log off; {temporary} include {edge.folder}/sluice.conf; }}\n")
    return edge.start([*prefix, executable("nginx"), "-e", str(edge.folder / "error.log"), "-c", str(edge.folder / "nginx.conf")])


def varnish(origin_port, prefix=()):
    edge = Edge()
    (edge.folder / "edge.vcl").write_text((EXAMPLES / "varnish.vcl").read_text().replace('.port = "8081"', f'.port = "{origin_port}"'))
    return edge.start([*prefix, executable("varnishd"), "-F", "-n", str(edge.folder / "work"), "-a", f"127.0.0.1:{edge.port}", "-T", "none",
                       "-j", "none", "-f", str(edge.folder / "edge.vcl"), "-s", "malloc,256m", "-p", "nuke_limit=1000"])


def executable(name):
    """Where Debian puts it, whatever PATH says."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin") or name


def players(port, origin, count, join, seconds, *options, prefix=()):
    """What hls_players tells of its run; it prints one JSON object a line."""
    done = subprocess.run([*prefix, tool("hls_players"), "--server", f"127.0.0.1:{port}", "--channels", ",".join(origin.channels), "--live", str(origin.live),
                           "--players", str(count), "--join", str(join), "--seconds", str(seconds), *options],
                          capture_output=True, text=True, timeout=join + 4 * seconds + 60)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])
