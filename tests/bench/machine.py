#!/usr/bin/python3
"""What every benchmark says first: when, on what machine, how loaded, which revision. As a program: that as one JSON line, with words NAME=TEXT
added. `median` is of one value out of many rows."""
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


def revision():
    """The tree's commit, with a + when files differ from it; empty outside a repository."""
    git = lambda *words: subprocess.run(["git", "-C", HERE, *words], capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no", ":/", ":(top,exclude)tests/bench/results")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def machine(**more):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return {"at": time.strftime("%FT%TZ", time.gmtime()), "machine": f"{model} x{os.cpu_count()}", "kernel": os.uname().release,
            "load": round(os.getloadavg()[0], 2), "revision": revision(), **more}


def median(rows, name):
    return round(statistics.median(row[name] for row in rows), 4)


if __name__ == "__main__":
    print(json.dumps(machine(**dict(word.split("=", 1) for word in sys.argv[1:]))))
