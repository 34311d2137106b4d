"""kill -9 of every program, KILLS times each at random moments, with burnt-in frame numbers and a page that watches: `make kills`.

usage: kills.py [--kills N] [--seed N] [--only PROGRAM,…] [--results FILE]
Prints one JSON line a case, appended to FILE (default results/kills.ndjson, begun anew unless --only). Lost, repeated, backwards:
frames, over all renditions. stall: the longest time between two finished parts; recovery: until the platform is ready and every
rendition grows; page_stall: how long the picture on the page stood still; chat: until a line written after the kill is on the
page; gone: until nothing that sluice started is left (median and worst of the kills, ms). Exit 1 when a promise was broken."""
import argparse
import json
import os
import pathlib
import platform as machine
import random
import sys
import traceback

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "flow"))

from harness import Platform  # noqa: E402
from kills import Case, assert_promises, run  # noqa: E402
from page_watch import WatchedPage  # noqa: E402

CASES = [
    Case("transcode"), Case("transcode", (854, 480)), Case("transcode", (854, 480), bframes=2), Case("transcode", (640, 360), gop=240),
    Case("segmenter"), Case("segmenter", (854, 480), bframes=2), Case("segmenter", (640, 360), gop=240),
    Case("ingestd"), Case("ingestd", (854, 480)), Case("origind"), Case("chatd"), Case("webd"), Case("keeper"), Case("sluice"),
]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options.add_argument("--only")
    options.add_argument("--results", type=pathlib.Path, default=HERE / "results" / "kills.ndjson")
    chosen = options.parse_args()
    broken = 0
    with open(chosen.results, "a" if chosen.only else "w") as results:
        if not chosen.only:
            results.write(json.dumps({"machine": machine.platform(), "cores": os.cpu_count()}) + "\n")
        for case in CASES:
            if chosen.only and case.victim not in chosen.only.split(","):
                continue
            try:
                with Platform("--quiet") as platform:
                    platform.channel("alice")
                    token = platform.token("alice")
                    row, judged = run(platform, case, chosen.kills, chosen.seed, lambda: WatchedPage(platform, "alice", token))
                    assert_promises(row, judged)
            except Exception as error:
                broken += 1
                traceback.print_exc()
                row = {"program": case.victim, "picture": case.picture(), "seed": chosen.seed, "broken": str(error)[:2000]}
            row["load"] = round(os.getloadavg()[0], 1)
            results.write(json.dumps(row) + "\n")
            results.flush()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
