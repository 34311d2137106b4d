"""What a stream costs that is transcoded by a worker, beside the same stream transcoded in its place: CPU of the dispatcher and of the
worker itself (without its child, which does the same work), in real time. Redis and both ends are on this machine. One line of JSON."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "flow"))
from harness import program  # noqa: E402
from remote import Remote  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(pid):
    """(own, waited-for children's) CPU-seconds of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK, (int(fields[13]) + int(fields[14])) / TICK


def make(path, seconds, kbits):
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30,noise=alls=20:allf=t", "-f", "lavfi", "-i", "sine=sample_rate=48000",
                    "-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-b:v", f"{kbits}k", "-minrate", f"{kbits}k", "-maxrate", f"{kbits}k",
                    "-bufsize", f"{kbits}k", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "nut", path], check=True)


def feed(path, command):
    """In real time; (CPU-seconds of the command with its children, bytes that came out)."""
    source = subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-re", "-i", path, "-c", "copy", "-f", "nut", "-"], stdout=subprocess.PIPE)
    process = subprocess.Popen(command, stdin=source.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    source.stdout.close()
    size = 0
    while piece := os.read(process.stdout.fileno(), 1 << 16):
        size += len(piece)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    source.wait()
    assert process.returncode == 0, process.returncode
    return usage.ru_utime + usage.ru_stime, size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--kbits", type=int, default=4500)
    parser.add_argument("--ladder", default="480p30,360p30,source")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Remote() as remote:
        clip = os.path.join(folder, "clip.nut")
        make(clip, given.seconds, given.kbits)
        options = ("--ladder", given.ladder, "--cores", "2")
        here, size = feed(clip, [program("transcode"), *options])
        worker = remote.worker("one")
        own, children = cpu_of(worker.process.pid)
        dispatcher, relayed = feed(clip, remote.dispatch(*options))
        worker.says("job ended")
        own_after, children_after = cpu_of(worker.process.pid)
        print(json.dumps({
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", "media_seconds": given.seconds, "source_kbits": given.kbits, "ladder": given.ladder,
            "bytes_in": os.path.getsize(clip), "bytes_out": relayed, "bytes_out_here": size,
            "cpu_here": round(here, 2), "cpu_child": round(children_after - children, 2),
            "cpu_dispatcher": round(dispatcher, 3), "cpu_worker": round(own_after - own, 3),
            "dispatcher_percent_of_a_core": round(100 * dispatcher / given.seconds, 2), "worker_percent_of_a_core": round(100 * (own_after - own) / given.seconds, 2)}))


if __name__ == "__main__":
    main()
