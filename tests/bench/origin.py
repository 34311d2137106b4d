#!/usr/bin/env python3
"""origind measured: beside nginx, alone with blocked players, and behind edges. Server on one core, load on the other; figures are the server's CPU time.

  files    the same ledger's files from origind, from nginx (sendfile), from nginx that keeps them open too, by wrk with 64 connections,
           alternating: CPU seconds per GB of a 1 MB segment, CPU ms per 1,000 requests of a 1 KB playlist (origind's is live, nginx's a copy)
  blocked  --players LL-HLS players on one stream with 1 s parts, each with one connection: CPU of origind, its private memory a player, delays;
           players_per_core is what a whole core would serve at the CPU time that each answer with a part took
  edges    --edge-players players directly, through nginx and through Varnish (examples/edges), alternating: delay of parts and playlists
Prints NDJSON: what machine and how loaded, a line a run, then the medians and ratios. usage: origin.py [--rounds N] [--seconds N] [--build BUILD] [WHAT…]
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=int, default=4)
parser.add_argument("--players", type=int, default=10000)
parser.add_argument("--edge-players", type=int, default=200)
parser.add_argument("--build", default=os.environ.get("SLUICE_BUILD", str(HERE.parents[1] / "build")))
parser.add_argument("what", nargs="*", default=["files", "blocked", "edges"])
options = parser.parse_args()
os.environ["SLUICE_BUILD"] = str(pathlib.Path(options.build).resolve())
sys.path.insert(0, str(HERE.parent / "flow"))
from edges import Edge, Origin, clip, executable, nginx, players, varnish  # noqa: E402
from harness import get, tool  # noqa: E402
from machine import machine  # noqa: E402

SERVER, LOAD = ["taskset", "-c", "0"], ["taskset", "-c", "1"]


def say(**row):
    print(json.dumps(row), flush=True)


def rounded(value):
    return round(value, 4)


def cpu_seconds(*pids):
    """User and system time of these processes, all their threads, by the scheduler's own count."""
    return sum(int(task.read_text().split()[0]) for pid in pids for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def private_kb(pid):
    return int(re.search(r"Private_Dirty: +(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text())[1])


def of_stream(origin, channel):
    """The addresses below which the channel's media lie."""
    master = get(f"http://127.0.0.1:{origin.port}/live/{channel}/master.m3u8")[2].decode()
    return [line for line in master.splitlines() if line and line[0] != "#"][0].rsplit("/", 1)[0]


# ---- origind and nginx with the same files

def plain_nginx(root, more=""):
    """nginx as a file server: one worker, sendfile, nothing logged."""
    edge = Edge()
    temporary = "".join(f"{name}_temp_path {edge.folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (edge.folder / "nginx.conf").write_text(f"""daemon off; pid {edge.folder}/pid; error_log {edge.folder}/error.log; worker_processes 1;
        events {{ worker_connections 4096; }}
        http {{ {temporary} access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; {more}
                types {{ application/vnd.apple.mpegurl m3u8; video/mp4 m4s mp4; }}
                server {{ listen 127.0.0.1:{edge.port}; root {root}; }} }}""")
    return edge.start([*SERVER, executable("nginx"), "-e", str(edge.folder / "error.log"), "-c", str(edge.folder / "nginx.conf")])


def wrk(url, pids):
    before = cpu_seconds(*pids)
    done = subprocess.run([*LOAD, "wrk", "-t1", "-c64", f"-d{options.seconds}s", url], capture_output=True, text=True, check=True)
    used = cpu_seconds(*pids) - before
    assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
    return used, int(re.search(r"(\d+) requests in", done.stdout)[1])


def workers(server):
    return subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=True).stdout.split()


def files(folder):
    film = folder / "hard.nut"  # 4 Mbit/s in segments of 2 s: 1 MB each
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-f", "lavfi", "-i", "sine=sample_rate=48000", "-vf",
                    "noise=alls=40:allf=t", "-t", "8", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "60", "-b:v", "4200k", "-maxrate",
                    "4200k", "-bufsize", "4200k", "-nal-hrd", "cbr", "-c:a", "aac", str(film)], check=True)
    # The live window is the shortest there is, so that a live playlist with parts is 1 KB.
    with Origin(folder, film, ["demo"], loop=True, prefix=SERVER, options=["--live-window", "6s"]) as origin:
        origin.wait_for_segments(8)
        media = of_stream(origin, "demo")
        segment = origin.live / "demo" / "source" / "3.m4s"
        playlist = get(f"http://127.0.0.1:{origin.port}/live/demo/{media}/playlist.m3u8")[2]
        (origin.live / "playlist.m3u8").write_bytes(playlist)
        keep_open = "open_file_cache max=1000; open_file_cache_valid 1s;"
        with plain_nginx(origin.live) as plain, plain_nginx(origin.live, keep_open) as keeping:
            media_url = f"http://127.0.0.1:{origin.port}/live/demo/{media}"
            targets = {kind: {"origind": (f"{media_url}/{ours}", [origin.daemon.process.pid]),
                              **{name: (f"http://127.0.0.1:{peer.port}/{theirs}", workers(peer)) for name, peer in (("nginx", plain), ("nginx-open", keeping))}}
                       for kind, ours, theirs in (("segment", "3.m4s", "demo/source/3.m4s"), ("playlist", "playlist.m3u8", "playlist.m3u8"))}
            figures = {}
            for number in range(options.rounds):
                for kind, servers in targets.items():
                    for server, (url, pids) in servers.items():
                        used, requests = wrk(url, pids)
                        figure = used / (requests * segment.stat().st_size / 1e9) if kind == "segment" else used / requests * 1e6
                        figures.setdefault((kind, server), []).append(figure)
                        say(round=number, of=kind, server=server, requests=requests, cpu_s=rounded(used),
                            **{"cpu_s_per_gb" if kind == "segment" else "cpu_ms_per_1000": rounded(figure)})
            for kind, size in (("segment", segment.stat().st_size), ("playlist", len(playlist))):
                medians = {server: statistics.median(figures[kind, server]) for server in targets[kind]}
                say(median=kind, bytes=size, **{server: rounded(value) for server, value in medians.items()},
                    cpu_ratio={server: rounded(medians["origind"] / value) for server, value in medians.items() if server != "origind"})


# ---- many players that wait for parts

def blocked(folder):
    film = clip(folder, rate_kbit=60)
    with Origin(folder, film, ["demo"], prefix=SERVER, options=["--max-connections", "19000"]) as origin:
        origin.wait_for_segments(3)
        pid = origin.daemon.process.pid
        empty = private_kb(pid)
        load = subprocess.Popen([*LOAD, tool("hls_players"), "--server", f"127.0.0.1:{origin.port}", "--channels", "demo", "--live", str(origin.live),
                                 "--players", str(options.players), "--join", "20", "--seconds", "20", "--one-lane", "--no-audio"],
                                stdout=subprocess.PIPE, text=True)
        joined = json.loads(load.stdout.readline())
        used, began, most, waiting = cpu_seconds(pid), time.monotonic(), 0, 0
        while time.monotonic() < began + 18:
            time.sleep(0.23)
            most, waiting = max(most, private_kb(pid)), max(waiting, origin.blocked())
        used, took = cpu_seconds(pid) - used, time.monotonic() - began
        seen = json.loads(load.stdout.readline())
        load.wait()
        say(of="blocked", players=joined["players"], blocked_at_once=waiting, part_s=1, cpu_share=rounded(used / took),
            players_per_core=round(seen["part_ms"]["count"] / seen["seconds"] * took / used), kb_a_player=rounded((most - empty) / joined["players"]),
            **{name: seen[name] for name in ("requests", "errors", "stale", "missed", "late", "playlist_ms", "part_ms", "client_cpu_s")})


# ---- what an edge adds

def edges(folder):
    film = clip(folder)
    for part in ("1s", "500ms"):
        delays = {}
        for number in range(options.rounds):
            place = folder / f"{part}-{number}"
            place.mkdir()
            with contextlib.ExitStack() as running:
                origin = running.enter_context(Origin(place, film, ["a", "b"], part=part))
                origin.wait_for_segments(3)
                doors = {"direct": origin.port, "nginx": running.enter_context(nginx(origin.port)).port,
                         "varnish": running.enter_context(varnish(origin.port)).port}
                for name, port in doors.items():
                    seen = players(port, origin, options.edge_players, 2, 8)
                    delays.setdefault(name, []).append(seen["part_ms"])
                    say(round=number, of="edges", through=name, part=part, players=options.edge_players, load=rounded(os.getloadavg()[0]),
                        **{key: seen[key] for key in ("requests", "errors", "stale", "missed", "late", "playlist_ms", "part_ms")})
        medians = {name: {key: statistics.median(row[key] for row in rows) for key in ("p50", "p95")} for name, rows in delays.items()}
        added = {name: {key: rounded(row[key] - medians["direct"][key]) for key in row} for name, row in medians.items() if name != "direct"}
        say(median="edges", part=part, part_ms=medians, added_ms=added)


say(**machine(what=options.what, nginx=subprocess.run([executable("nginx"), "-v"], capture_output=True, text=True).stderr.strip().split("/")[-1]))
for what in options.what:
    with tempfile.TemporaryDirectory(prefix="sluice-bench-", dir="/dev/shm") as scratch:
        place = pathlib.Path(scratch)
        place.chmod(0o755)
        {"files": files, "blocked": blocked, "edges": edges}[what](place)
