#!/usr/bin/env python3
"""transcode against ffmpeg: the same clip, ladder, rates, x264 settings and scaler (bicubic), in one run, taking turns. ffmpeg in three forms:

  split         one process, a split filter, x264's own choice of threads
  maps          one process, the source mapped once for each rung
  split-slices  as split, with x264 as transcode sets it on few cores: one thread, sliced

Prints NDJSON: per round CPU-seconds per media-second, peak memory, speed; then SSIM and bitrate of each rung against the clip scaled alike, the
medians and the ratio to the cheapest ffmpeg. usage: transcode_vs_ffmpeg.py [--seconds N] [--rounds N] [--passthrough] [BUILD]
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
import time

from machine import machine

LADDER = [("720p30", 1280, 720, 3000), ("480p30", 854, 480, 1500), ("360p30", 640, 360, 800)]
PARAMS = "scenecut=0:rc-lookahead=5:sync-lookahead=0"
X264 = ["-preset", "veryfast", "-bf", "0", "-g", "9999", "-forced-idr", "1", "-force_key_frames", "expr:gte(t,n_forced*2)"]
FORMS = {"split": ["-x264-params", PARAMS], "maps": ["-x264-params", PARAMS],
         "split-slices": ["-threads", "1", "-x264-params", PARAMS + ":sliced-threads=1"]}


def hard_clip(path, seconds):
    """Moving detail with noise, 720p30, as a publisher would send it."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
                    "testsrc2=size=1280x720:rate=30,noise=alls=22:allf=t,rotate=0.02*sin(t)", "-f", "lavfi", "-i", "sine=sample_rate=48000",
                    "-t", str(seconds), "-c:v", "libx264", "-preset", "veryfast", "-g", "60", "-bf", "0", "-b:v", "6M", "-maxrate", "6M",
                    "-bufsize", "6M", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", path], check=True)


def measured(command, **how):
    """(CPU seconds, wall seconds, peak MB) of a command."""
    before = time.monotonic()
    child = subprocess.Popen(command, **how)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return usage.ru_utime + usage.ru_stime, time.monotonic() - before, usage.ru_maxrss / 1024


def by_transcode(build, clip, out, rungs, passthrough):
    ladder = ",".join(f"{name}:{kbits}" for name, _, _, kbits in rungs) + (",source" if passthrough else "")
    with open(clip, "rb") as source, open(out, "wb") as sink:
        return measured([f"{build}/bin/transcode", "--ladder", ladder, "--source", "copy"], stdin=source, stdout=sink, stderr=subprocess.DEVNULL)


def by_ffmpeg(form, clip, out, rungs, passthrough):
    command, count, first = ["ffmpeg", "-v", "error", "-y", "-i", clip], len(rungs), int(passthrough)
    if form != "maps":
        command += ["-filter_complex", f"[0:v]split={count}" + "".join(f"[s{i}]" for i in range(count)) + "".join(
            f";[s{i}]scale={w}:{h}[v{i}]" for i, (_, w, h, _) in enumerate(rungs))]
    command += ["-map", "0:v"] * first
    for i in range(count):
        command += ["-map", "0:v" if form == "maps" else f"[v{i}]"]
    command += ["-map", "0:a", "-c:a", "copy", "-c:v", "libx264", *X264, *FORMS[form]]
    command += ["-c:v:0", "copy"] * first
    for n, (_, width, height, kbits) in enumerate(rungs, first):
        command += [f"-b:v:{n}", f"{kbits}k", f"-maxrate:v:{n}", f"{kbits}k", f"-bufsize:v:{n}", f"{kbits}k"]
        command += [f"-s:v:{n}", f"{width}x{height}"] if form == "maps" else []
    return measured([*command, "-f", "nut", out])


def ssim(clip, out, stream, width, height):
    """Pictures are compared by their number. In other units than pictures, rounding would pair some with their neighbours."""
    done = subprocess.run(["ffmpeg", "-v", "info", "-i", out, "-i", clip, "-filter_complex",
                           f"[1:v]scale={width}:{height},settb=1/30,setpts=N[b];[0:v:{stream}]settb=1/30,setpts=N[a];[a][b]ssim", "-an", "-f", "null", "-"],
                          capture_output=True, check=True)
    return float(re.search(r"All:([0-9.]+)", done.stderr.decode()).group(1))


def kbits(out, stream, seconds):
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", f"v:{stream}", "-show_entries", "packet=size", "-of", "csv=p=0", out],
                          capture_output=True, check=True)
    return sum(int(row.strip(",")) for row in done.stdout.decode().split()) * 8 / seconds / 1000


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("--seconds", type=int, default=10)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--passthrough", action="store_true")
    ask.add_argument("build", nargs="?", default="build")
    given = ask.parse_args()
    rungs = LADDER[1:] if given.passthrough else LADDER
    print(json.dumps(machine(ladder=rungs, passthrough=given.passthrough, x264=" ".join(X264), forms=FORMS, seconds=given.seconds)), flush=True)
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="sluice-bench.") as work:
        clip, outs = f"{work}/clip.flv", {name: f"{work}/{name}.nut" for name in ("transcode", *FORMS)}
        hard_clip(clip, given.seconds)
        runs = {name: [] for name in outs}
        for number in range(given.rounds):
            for name, out in outs.items():
                run = by_transcode(given.build, clip, out, rungs, given.passthrough) if name == "transcode" else by_ffmpeg(name, clip, out, rungs, given.passthrough)
                runs[name].append(run)
                print(json.dumps({"round": number, "of": name, "cpu_s_per_media_s": round(run[0] / given.seconds, 3),
                                  "speed": round(given.seconds / run[1], 2), "peak_mb": round(run[2])}), flush=True)
        for i, (rung, width, height, _) in enumerate(rungs, int(given.passthrough)):
            print(json.dumps({"rung": rung, **{name: {"ssim": round(ssim(clip, out, i, width, height), 4), "kbits": round(kbits(out, i, given.seconds))}
                                               for name, out in outs.items()}}), flush=True)
        median = {name: statistics.median(run[0] for run in mine) for name, mine in runs.items()}
        best = min(FORMS, key=median.get)
        print(json.dumps({"median_cpu_s_per_media_s": {name: round(value / given.seconds, 3) for name, value in median.items()},
                          "median_peak_mb": {name: round(statistics.median(run[2] for run in mine)) for name, mine in runs.items()},
                          "cheapest_ffmpeg": best, "ratio": round(median["transcode"] / median[best], 3)}))


if __name__ == "__main__":
    main()
