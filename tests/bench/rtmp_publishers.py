#!/usr/bin/python3
"""CPU and private memory per RTMP publisher (720p30 at 6 Mbit/s): ingestd beside nginx-rtmp, in one run.

receive  the stream is taken and given to nobody: nginx-rtmp without players; ingestd --pipeline none
command  the stream goes to a program: ingestd into `cat >/dev/null`, its own share also alone (nginx-rtmp has no such mode)
hls      2 s segments on a RAM disk: nginx-rtmp's hls; ingestd + segmenter with 0.5 s parts and the ledger, source passed
         through, as on a platform

The server has one core and the load the other. One NDJSON line a measurement.
usage: rtmp_publishers.py [--publishers N] [--seconds S] [--rounds R] [--modes receive|command|hls …]"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", HERE.parents[1] / "build"))
TICK = os.sysconf("SC_CLK_TCK")
SERVER_CORE, LOAD_CORE = "0", "1"
NGINX_MODULE = pathlib.Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, process):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"the server ended with {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def tree(root):
    """The pids of a process and all below it."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                parents[int(entry.name)] = int(fields[1])
    found, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found


def cpu_seconds(pid, with_waited=True):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(n) for n in fields[11:15 if with_waited else 13]) / TICK


def private_kib(pid):
    kib = 0
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(("Private_Clean", "Private_Dirty")):
            kib += int(line.split()[1])
    return kib


def clip(folder):
    path = folder / "clip.flv"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=20", "-f", "lavfi", "-i",
                    "sine=sample_rate=48000:duration=20", "-vf", "noise=alls=40:allf=t", "-c:v", "libx264", "-preset", "ultrafast",
                    "-g", "60", "-b:v", "5850k", "-maxrate", "5850k", "-bufsize", "5850k", "-nal-hrd", "cbr", "-c:a", "aac", "-f", "flv",
                    path], check=True)
    return path


def nginx(folder, port, hls):
    conf = folder / "nginx.conf"
    (folder / "nginx-hls").mkdir(exist_ok=True)
    hls_lines = f"hls on; hls_path {folder}/nginx-hls; hls_fragment 2s; hls_playlist_length 20s; hls_nested on;" if hls else ""
    conf.write_text(f"""daemon off; worker_processes 1; error_log {folder}/nginx.log; pid {folder}/nginx.pid; load_module {NGINX_MODULE};
user root; events {{ worker_connections 4096; }}
rtmp {{ server {{ listen 127.0.0.1:{port}; chunk_size 65536; application live {{ live on; access_log off; {hls_lines} }} }} }}
""")
    return ["nginx", "-e", str(folder / "nginx.log"), "-c", str(conf)], "key{}", {}


def ingestd(folder, port, mode, publishers):
    if mode != "hls":
        keys = folder / "keys"
        keys.write_text("".join(f"key{n} channel{n}\n" for n in range(publishers)))
        keys.chmod(0o600)
        command = [BUILD / "bin" / "ingestd", "--key-file", keys, *(("--pipeline", "none") if mode == "receive" else ("--exec", "exec cat >/dev/null"))]
        return [*map(str, command), "--rtmp-port", str(port), "--max-per-address", "1000"], "key{}", {}
    platform = folder / "platform"
    environment = {"SLUICE_DIR": str(platform), "PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}"}
    run = lambda *words: subprocess.run([BUILD / "bin" / "chanctl", *words], check=True, capture_output=True, text=True,
                                        env={**os.environ, **environment}).stdout.strip()
    platform.mkdir(exist_ok=True)
    run("user", "add", "bench")
    names = []
    for n in range(publishers):
        run("channel", "add", f"channel{n}", "--owner", "bench")
        names.append(run("key", "rotate", f"channel{n}"))
    return [str(BUILD / "bin" / "ingestd"), "--rtmp-port", str(port), "--pipeline", "exec segmenter", "--max-per-address", "1000"], names, environment


def publish(port, key, media, publishers):
    """The load: one process for a pattern of keys, or one for each key."""
    base = ["taskset", "-c", LOAD_CORE, str(BUILD / "tests" / "rtmp_publish"), "--loop", "0"]
    if isinstance(key, str):
        return [subprocess.Popen([*base, "--count", str(publishers), f"rtmp://127.0.0.1:{port}/live/{key}", str(media)],
                                 stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)]
    return [subprocess.Popen([*base, f"rtmp://127.0.0.1:{port}/live/{each}", str(media)], stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)
            for each in key]


def end_with_parent():
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def measure(name, mode, publishers, seconds, media, folder):
    port = free_port()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    command, key, environment = nginx(folder, port, mode == "hls") if name == "nginx-rtmp" else ingestd(folder, port, mode, publishers)
    server = subprocess.Popen(["taskset", "-c", SERVER_CORE, *command], env={**os.environ, **environment, "SLUICE_LOG_LEVEL": "warn"}, preexec_fn=end_with_parent)
    load = []
    try:
        wait_port(port, server)
        idle = {pid: private_kib(pid) for pid in tree(server.pid)}
        load = publish(port, key, media, publishers)
        time.sleep(8)  # all connected, every pipeline up
        pids = tree(server.pid)
        before = {pid: cpu_seconds(pid) for pid in pids}
        received = bytes_received(port)
        began = time.monotonic()
        time.sleep(seconds)
        wall = time.monotonic() - began
        after = {pid: cpu_seconds(pid) for pid in tree(server.pid)}
        moved = bytes_received(port) - received
        memory = {pid: private_kib(pid) for pid in after}
        spent = sum(after[pid] - before.get(pid, 0) for pid in after)
        line = {"server": name, "mode": mode, "publishers": publishers, "seconds": round(wall, 2), "processes": len(after),
                "cpu_percent_per_publisher": round(100 * spent / wall / publishers, 4),
                "private_kib_per_publisher": round((sum(memory.values()) - sum(idle.values())) / publishers, 1),
                "mbit_per_publisher": round(moved * 8 / wall / publishers / 1e6, 3),
                "load_alive": sum(each.poll() is None for each in load)}
        if name == "ingestd":
            line["ingestd_alone_cpu_percent"] = round(100 * (after[server.pid] - before[server.pid]) / wall / publishers, 4)
            line["ingestd_alone_private_kib"] = round((memory[server.pid] - idle[server.pid]) / publishers, 1)
        print(json.dumps(line), flush=True)
    finally:
        for each in load:
            each.kill()
            each.wait()
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def bytes_received(port):
    """What the server's sockets on this port have taken, from the kernel."""
    listed = subprocess.run(["ss", "-tniH", "state", "established", f"( sport = :{port} )"], capture_output=True, text=True).stdout
    return sum(int(word.split(":")[1]) for word in listed.split() if word.startswith("bytes_received:"))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--publishers", type=int, default=100)
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--modes", nargs="+", default=["receive", "command", "hls"])
    given = options.parse_args()
    servers = ["ingestd"]
    if NGINX_MODULE.exists() and shutil.which("nginx"):
        servers.append("nginx-rtmp")
    else:
        print("# nginx-rtmp is not installed (apt install libnginx-mod-rtmp): ingestd alone", flush=True)
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    print(json.dumps({"command": f"rtmp_publishers.py --publishers {given.publishers} --seconds {given.seconds:g} --rounds {given.rounds}",
                      "machine": f"{cpu} x{os.cpu_count()}", "kernel": os.uname().release, "load": os.getloadavg()[0]}), flush=True)
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="sluice-bench.") as folder:
        folder = pathlib.Path(folder)
        media = clip(folder)
        for _ in range(given.rounds):
            for mode in given.modes:
                for server in servers if mode != "command" else servers[:1]:
                    measure(server, mode, given.publishers, given.seconds, media, folder / "run")


main()
