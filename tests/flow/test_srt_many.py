"""More SRT publishers on one ingestd than libsrt's poll once told of at a time (64): all are heard, none waits behind another."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

from harness import read_line_from, tool, wait_for
from ingest import Ingest

COUNT, SECONDS, FPS = 80, 8, 30
LATENCY = "3s"  # what is late on a busy machine, or lost while the server is frozen, comes again within it


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.ts"
    subprocess.run(["ffmpeg", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={FPS}", "-f", "lavfi", "-i",
                    "sine=sample_rate=48000", "-t", str(SECONDS), "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30",
                    "-b:v", "250k", "-maxrate", "250k", "-bufsize", "250k", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mpegts", str(path)], check=True)
    return path


class Crowd:
    """COUNT publishers in one process, which send the same packets at the same time."""

    def __init__(self, ingest, film):
        (ingest.directory / "keys").write_text("".join(f"key{number} channel{number}\n" for number in range(COUNT)))
        ingest.daemon.process.send_signal(signal.SIGHUP)
        ingest.wait_log("configuration reloaded")
        self.process = subprocess.Popen([tool("srt_publish"), str(COUNT), str(ingest.srt_port), "#!::r=key{},m=publish", str(film)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def told(self, event, seconds=60):
        line = read_line_from(self.process.stdout.fileno(), seconds)
        assert event in line, (line, self.process.poll())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def frames(ingest):
    return {row["channel"]: row["accepted_frames"] for row in ingest.streams()}


def cost(pid):
    """Processor seconds and private memory (MB) so far, and threads."""
    ticks = sum(int(field) for field in pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])
    lines = [line.split() for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
    private = sum(int(line[1]) for line in lines if line[0].startswith("Private_Dirty"))
    return ticks / os.sysconf("SC_CLK_TCK"), private / 1024, len(os.listdir(f"/proc/{pid}/task"))


def test_eighty_publishers_are_all_heard_and_none_starves(film):
    with Ingest("--pipeline", "none", "--srt-latency", LATENCY) as ingest:
        pid = ingest.daemon.process.pid
        before, empty, _ = cost(pid)
        with Crowd(ingest, film) as crowd:
            crowd.told("connected")
            wait_for(lambda: len(now := frames(ingest)) == COUNT and min(now.values()) > FPS, 60, "a second of each")
            # What all of them have sent while it was frozen is ready at once.
            os.kill(pid, signal.SIGSTOP)
            thaw = time.monotonic() + 0.5
            wait_for(lambda: time.monotonic() > thaw, 10, "half a second")
            os.kill(pid, signal.SIGCONT)
            counts = frames(ingest)
            assert max(counts.values()) - min(counts.values()) < 2 * FPS, counts
            crowd.told("sent")
            # The last picture is whole when another begins.
            wait_for(lambda: min(frames(ingest).values()) >= SECONDS * FPS - 1, 60, "all of each")
            rows = ingest.streams()
            after, full, threads = cost(pid)
        assert len(rows) == COUNT and {row["state"] for row in rows} == {"live"}
        assert {row["accepted_frames"] for row in rows} <= {SECONDS * FPS - 1, SECONDS * FPS}
        assert {row["timestamp_repairs"] for row in rows} == {0} and {row["dropped_frames"] for row in rows} == {0}
        print(f"{COUNT} SRT publishers: {(after - before) / SECONDS / COUNT:.5f} of a core and {(full - empty) / COUNT:.2f} MB each, {threads} threads")
        assert full - empty < COUNT * 4
        wait_for(lambda: {row["state"] for row in ingest.streams()} == {"waiting"}, 60, "all to be missed")
