#!/usr/bin/env python3
"""transcode against one ffmpeg with a split filter: the same clip, ladder, rates and x264 settings, in one run, alternating.

Prints NDJSON: per round CPU-seconds per media-second, peak memory, bitrates; then the medians, SSIM of each rung against
the clip scaled alike, and the ratios. usage: transcode_vs_ffmpeg.py [--seconds N] [--rounds N] [--passthrough] [BUILD]
"""
import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import tempfile
import time

LADDER = [("720p30", 1280, 720, 3000), ("480p30", 854, 480, 1500), ("360p30", 640, 360, 800)]
X264 = ["-preset", "veryfast", "-bf", "0", "-g", "9999", "-forced-idr", "1", "-force_key_frames", "expr:gte(t,n_forced*2)",
        "-x264-params", "scenecut=0:rc-lookahead=5:sync-lookahead=0"]


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


def by_ffmpeg(clip, out, rungs, passthrough):
    count = len(rungs)
    graph = f"[0:v]split={count}" + "".join(f"[s{i}]" for i in range(count)) + "".join(
        f";[s{i}]scale={w}:{h}[v{i}]" for i, (_, w, h, _) in enumerate(rungs))
    command = ["ffmpeg", "-v", "error", "-y", "-i", clip, "-filter_complex", graph]
    if passthrough:
        command += ["-map", "0:v"]
    for i in range(count):
        command += ["-map", f"[v{i}]"]
    command += ["-map", "0:a", "-c:a", "copy", "-c:v", "libx264", *X264]
    first = 1 if passthrough else 0
    if passthrough:
        command += ["-c:v:0", "copy"]
    for i, (_, _, _, kbits) in enumerate(rungs):
        n = first + i
        command += [f"-b:v:{n}", f"{kbits}k", f"-maxrate:v:{n}", f"{kbits}k", f"-bufsize:v:{n}", f"{kbits}k"]
    return measured([*command, "-f", "nut", out])


def ssim(clip, out, stream, width, height):
    done = subprocess.run(["ffmpeg", "-v", "info", "-i", out, "-i", clip, "-filter_complex",
                           f"[1:v]scale={width}:{height},setpts=N/30/TB[b];[0:v:{stream}]setpts=N/30/TB[a];[a][b]ssim", "-an", "-f", "null", "-"],
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
    print(json.dumps({"machine": platform.platform(), "cores": os.cpu_count(), "load": os.getloadavg(), "ladder": rungs,
                      "passthrough": given.passthrough, "x264": " ".join(X264), "seconds": given.seconds}))
    with tempfile.TemporaryDirectory() as work:
        clip, outs = f"{work}/clip.flv", {"transcode": f"{work}/ours.nut", "ffmpeg": f"{work}/peer.nut"}
        hard_clip(clip, given.seconds)
        costs = {name: [] for name in outs}
        for number in range(given.rounds):
            for name, out in outs.items():
                run = by_transcode(given.build, clip, out, rungs, given.passthrough) if name == "transcode" else by_ffmpeg(clip, out, rungs, given.passthrough)
                costs[name].append(run)
                print(json.dumps({"round": number, "of": name, "cpu_s_per_media_s": round(run[0] / given.seconds, 3),
                                  "speed": round(given.seconds / run[1], 2), "peak_mb": round(run[2])}), flush=True)
        first = 1 if given.passthrough else 0
        for i, (rung, width, height, _) in enumerate(rungs):
            print(json.dumps({"rung": rung, **{name: {"ssim": round(ssim(clip, out, first + i, width, height), 4),
                                                      "kbits": round(kbits(out, first + i, given.seconds))} for name, out in outs.items()}}))
        median = {name: statistics.median(run[0] for run in runs) for name, runs in costs.items()}
        print(json.dumps({"median_cpu_s_per_media_s": {name: round(value / given.seconds, 3) for name, value in median.items()},
                          "ratio": round(median["transcode"] / median["ffmpeg"], 3)}))


if __name__ == "__main__":
    main()
