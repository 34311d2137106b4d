#!/usr/bin/python3
"""One broadcast of ten hours, sent a hundred times as fast as it lasts: what each program's private memory is on the way.

A passed-through picture and its sound go through a whole platform that keeps five minutes of it; its playlists are read all the while.
usage: ten_hours.py [--hours H] [--speed N] [--results FILE]
One JSON line a quarter of a minute, and one at the end: KiB of each program at a tenth of the time and at the end, and frames dropped. In FILE
(results/ten_hours.ndjson). Exit 1 when a program grew by more than 1 MiB, when a frame was dropped, or when hlslint finds something."""
import argparse
import json
import os
import pathlib
import platform as machine
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "flow"))

from harness import Platform, get, program, wait_for  # noqa: E402
from ingest import ended, records  # noqa: E402
from kills import below  # noqa: E402
from numbered import ledger_of  # noqa: E402

WATCHED = ("ingestd", "transcode", "segmenter", "origind")
KEPT = "5m"
GROWTH = 1024  # KiB


def private_kib(pid):
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty"))


def clip(path):
    """A minute at a rate that is within ingestd's limits a hundred times as fast."""
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=60",
                    "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=60", "-c:v", "libx264", "-preset", "fast", "-b:v", "150k",
                    "-maxrate", "200k", "-bufsize", "100k", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-bf", "0", "-c:a", "aac", "-b:a", "48k",
                    str(path)], check=True)
    return path


def watch(platform, file, hours, speed, tell):
    """[(share of the time, {program: KiB}, frames dropped)]"""
    url = platform.publish_url(platform.channel("alice"))
    publisher = subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-readrate", str(speed), "-stream_loop", "-1", "-i", str(file), "-c", "copy",
                                  "-t", str(hours * 3600), "-f", "flv", url])
    platform.wait_live("alice")
    begun = looked = time.monotonic()
    whole = hours * 3600 / speed
    samples = []
    while publisher.poll() is None:
        wait_for(lambda: publisher.poll() is not None or time.monotonic() - looked > whole / 40, whole, "the next look")
        looked = time.monotonic()
        get(platform.master_url("alice"))
        rows = [row for row in platform.status()["streams"] or [] if row["channel"] == "alice"]
        memory = {name: private_kib(pid) for pid, (_, name, _) in below(platform.process.pid).items() if name in WATCHED}
        if rows and len(memory) == len(WATCHED):
            samples.append(((looked - begun) / whole, memory, rows[0]["dropped_frames"]))
            tell({"share": round(samples[-1][0], 3), "private_kib": memory, "dropped_frames": samples[-1][2]})
    assert publisher.returncode == 0, "the publisher was cut off"
    return samples


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--hours", type=float, default=10)
    options.add_argument("--speed", type=float, default=100)
    options.add_argument("--results", type=pathlib.Path, default=HERE / "results" / "ten_hours.ndjson")
    chosen = options.parse_args()
    os.environ["SLUICE_DVR_WINDOW"] = KEPT
    with open(chosen.results, "w") as results, tempfile.TemporaryDirectory() as work, Platform("--quiet") as platform:
        def tell(row):
            print(json.dumps(row), flush=True)
            print(json.dumps(row), file=results, flush=True)
        tell({"machine": machine.platform(), "cores": os.cpu_count(), "hours": chosen.hours, "speed": chosen.speed})
        samples = watch(platform, clip(pathlib.Path(work, "clip.flv")), chosen.hours, chosen.speed, tell)
        ledger = ledger_of(platform)
        wait_for(lambda: ended(ledger), 60, "the stream's end")
        lint = subprocess.run([program("hlslint"), str(ledger)], capture_output=True, text=True)
        before = next(memory for share, memory, _ in samples if share >= 0.1)
        _, after, dropped = samples[-1]
        media = max(int(row[9]) for row in records(ledger, "P")) / 1e6 / 3600
        grown = {name: after[name] - before[name] for name in WATCHED}
        broken = [f"{name} grew by {kib} KiB" for name, kib in grown.items() if kib > GROWTH]
        broken += [f"{dropped} frames were dropped"] if dropped else []
        broken += [lint.stdout[:1000]] if lint.returncode else []
        tell({"media_hours": round(media, 2), "before_kib": before, "after_kib": after, "grown_kib": grown, "dropped_frames": dropped, "broken": broken})
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
