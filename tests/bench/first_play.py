#!/usr/bin/env python3
"""From a publisher's connect to what players can first load, on a whole platform with the ladder that `sluice up` gives a 720p30 publisher.

In seconds from the moment ingestd accepted the key: `first_part`, the first part of the first video rendition has been fetched (as a player does
that follows preload hints and blocking reload); `encoded_part`, of each rendition that transcode encodes; `master`, the multivariant playlist is
there; `plain_playlist`, a media playlist asked for plainly is there. Prints NDJSON: the machine, a line a run, the medians.
usage: first_play.py [--rounds N] [--gop FRAMES,…] [--size WIDTHxHEIGHT] [BUILD]
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import statistics
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--gop", default="15,30,60", help="keyframe intervals at 30 frames a second")
parser.add_argument("--size", default="1280x720")
parser.add_argument("build", nargs="?", default=str(HERE.parents[1] / "build"))
options = parser.parse_args()
os.environ["SLUICE_BUILD"] = str(pathlib.Path(options.build).resolve())
sys.path.insert(0, str(HERE.parent / "flow"))
from harness import Platform, Publisher, wait_for  # noqa: E402
from machine import machine  # noqa: E402


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


def renditions(master):
    """{name: address of its playlist}, in the order in which they stand."""
    lines = master.splitlines()
    return {after.split("/")[-2]: after for line, after in zip(lines, lines[1:]) if line.startswith("#EXT-X-STREAM-INF")}


def fetch_first_part(playlist):
    text = fetch(playlist + "?_HLS_msn=0&_HLS_part=0")
    part = next(line.split('URI="')[1].split('"')[0] for line in text.splitlines() if line.startswith("#EXT-X-PART:"))
    fetch(playlist.rsplit("/", 1)[0] + "/" + part)
    return time.time()


def one_run(gop):
    moments = {}
    with Platform() as stage:
        key = stage.channel("someone")
        with Publisher(stage.publish_url(key), size=options.size, gop=gop), concurrent.futures.ThreadPoolExecutor() as players:
            master = fetch(stage.master_url("someone"))
            moments["master"] = time.time()
            base = stage.master_url("someone").rsplit("/", 1)[0]
            addresses = {name: f"{base}/{address}" for name, address in renditions(master).items()}
            first = next(iter(addresses))
            plain = players.submit(lambda: fetch(addresses[first]) and time.time())
            parts = {name: players.submit(fetch_first_part, address) for name, address in addresses.items()}
            moments["first_part"] = parts[first].result()
            encoded = [part.result() for name, part in parts.items() if name != "source"]
            if encoded:
                moments["encoded_part"] = max(encoded)
            moments["plain_playlist"] = plain.result()
            wait_for(lambda: "publisher accepted" in stage.output(), 5, "the log")
            begun = accepted(stage)
    return {name: round(at - begun, 3) for name, at in moments.items()}, list(addresses)


def main():
    print(json.dumps(machine(command=f"first_play.py --rounds {options.rounds} --gop {options.gop} --size {options.size}")))
    for gop in map(int, options.gop.split(",")):
        runs = []
        for _ in range(options.rounds):
            run, names = one_run(gop)
            runs.append(run)
            print(json.dumps({"gop_frames": gop, "renditions": names, **run}), flush=True)
        print(json.dumps({"gop_frames": gop, "median": {name: statistics.median(run[name] for run in runs) for name in runs[0]}}), flush=True)


main()
