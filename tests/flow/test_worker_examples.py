"""examples/transcoders: its files are sound, and a worker and a pipeline started as they say do a job."""
import configparser
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess

import pytest

from harness import BIN
from remote import Remote

FOLDER = pathlib.Path(__file__).parents[2] / "examples" / "transcoders"
UNIT = FOLDER / "sluice-transcode-worker.service"


def service():
    parsed = configparser.ConfigParser(interpolation=None, strict=False)  # LoadCredential comes twice
    parsed.optionxform = str
    parsed.read_string(UNIT.read_text())
    return parsed["Service"]


def test_systemd_finds_nothing_wrong(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    (tmp_path / UNIT.name).write_text(UNIT.read_text().replace("/usr/local/bin", str(BIN)))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / UNIT.name], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:/lib/systemd/system"})
    ours = [line for line in done.stderr.splitlines() if "sluice" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_unit_gives_the_drain_its_time():
    config = subprocess.run([BIN / "transcode", "--print-config"], capture_output=True, text=True, timeout=20).stdout
    drain = re.search(r"^drain-time = (\d+)s", config, re.M)
    assert int(service()["TimeoutStopSec"].removesuffix("s")) > int(drain[1])
    assert service()["KillMode"] == "mixed", "the worker tells its transcoders when to end"


def test_a_worker_and_a_pipeline_as_the_files_say(tmp_path):
    """With this machine's addresses and files in place of the example's."""
    with Remote(password="hush") as remote:
        remote.options()  # writes the password's file
        here = {"redis://10.0.0.1": remote.redis.url(), "10.0.0.2": "127.0.0.1", "/usr/local/bin/": f"{BIN}/", "127.0.0.1:9184": "127.0.0.1:0"}
        for place in ("${CREDENTIALS_DIRECTORY}", "/etc/sluice"):
            here |= {f"{place}/redis-password": str(pathlib.Path(remote.folder.name, "password")), f"{place}/secret": remote.secret}

        def localised(text):
            for old, new in here.items():
                text = text.replace(old, new)
            return text

        pipeline = localised(re.search(r"^pipeline = (.*)", (FOLDER / "ingestd.conf").read_text(), re.M)[1])
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(tmp_path / "notify"))
            notify.settimeout(20)
            worker = subprocess.Popen(shlex.split(localised(service()["ExecStart"])), stderr=subprocess.PIPE, text=True,
                                      env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")})
            try:
                assert b"READY=1" in notify.recv(4096)
                done = subprocess.run(
                    "ffmpeg -v error -f lavfi -i testsrc2=size=320x180:rate=30 -t 2 -c:v libx264 -preset ultrafast -g 30 -pix_fmt yuv420p -f nut - | "
                    + pipeline + f" {tmp_path}/ledger", shell=True, capture_output=True, text=True, timeout=60, env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"})
                assert done.returncode == 0 and "a worker has the stream" in done.stderr, done.stderr
                assert (tmp_path / "ledger" / "index").exists()
                worker.send_signal(signal.SIGTERM)
                said = worker.communicate(timeout=20)[1]
                assert worker.returncode == 0 and "job taken" in said, said
            finally:
                worker.kill()
                worker.wait()
