#!/usr/bin/env python3
"""From a publisher's connect to what players can first load, on a whole platform with the ladder that `sluice up` has.

Three moments, in seconds from the moment ingestd accepted the key: the first part of the first video rendition has been fetched (as a player does
that follows preload hints and blocking reload), the multivariant playlist is there, and a media playlist asked for plainly is there.
Prints NDJSON, one line a run, then the medians. usage: first_play.py [--rounds N] [--gop FRAMES,…] [BUILD]
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import sys
import threading
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--gop", default="15,30,60", help="keyframe intervals at 30 frames a second")
parser.add_argument("build", nargs="?", default=str(HERE.parents[1] / "build"))
options = parser.parse_args()
os.environ["SLUICE_BUILD"] = str(pathlib.Path(options.build).resolve())
sys.path.insert(0, str(HERE.parent / "flow"))
from harness import Platform, Publisher, wait_for  # noqa: E402


def fetch(url):
    """The body, however long its server holds it back; again when there is nothing yet."""
    while True:
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.read().decode("latin-1")
        except urllib.error.HTTPError as error:
            if error.code not in (404, 503):
                raise
            time.sleep(0.01)


def accepted(stage):
    """When the key was taken, by ingestd's own clock: its line of the log begins with the time of day, UTC."""
    line = next(line for line in stage.output().splitlines() if "publisher accepted" in line)
    at = datetime.datetime.combine(datetime.datetime.now(datetime.timezone.utc).date(), datetime.time.fromisoformat(line.split()[1]),
                                   datetime.timezone.utc)
    return at.timestamp()


def one_run(gop):
    moments = {}
    with Platform() as stage:
        key = stage.channel("someone")

        def plain(playlist):
            fetch(playlist)
            moments["plain_playlist"] = time.time()

        with Publisher(stage.publish_url(key), gop=gop):
            master = fetch(stage.master_url("someone"))
            moments["master"] = time.time()
            names = [line for line in master.splitlines() if line and not line.startswith("#")]
            playlist = stage.master_url("someone").rsplit("/", 1)[0] + "/" + names[0]
            waiting = threading.Thread(target=plain, args=(playlist,))
            waiting.start()
            text = fetch(playlist + "?_HLS_msn=0&_HLS_part=0")
            part = next(line.split('URI="')[1].split('"')[0] for line in text.splitlines() if line.startswith("#EXT-X-PART:"))
            fetch(playlist.rsplit("/", 1)[0] + "/" + part)
            moments["first_part"] = time.time()
            waiting.join()
            wait_for(lambda: "publisher accepted" in stage.output(), 5, "the log")
            begun = accepted(stage)
    return {name: round(at - begun, 3) for name, at in moments.items()}


def main():
    print(json.dumps({"machine": platform.platform(), "cores": os.cpu_count(), "load": os.getloadavg()[0],
                      "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}))
    for gop in map(int, options.gop.split(",")):
        runs = []
        for _ in range(options.rounds):
            runs.append(one_run(gop))
            print(json.dumps({"gop_frames": gop, **runs[-1]}), flush=True)
        print(json.dumps({"gop_frames": gop, "median": {name: statistics.median(run[name] for run in runs) for name in runs[0]}}), flush=True)


main()
