"""What every daemon has from lib/app: readiness, health, metrics, control, SIGTERM, SIGHUP, socket activation, logs."""
import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

from harness import Daemon, free_port, get, program, wait_for

PORTS = {"ingestd": ["rtmp", "rtmps", "srt"], "origind": ["http"], "chatd": ["ws", "irc", "wss", "ircs"], "webd": ["http"]}
DAEMONS = sorted(PORTS)


def command(name, directory, metrics=None, **ports):
    (directory / "run").mkdir(exist_ok=True)
    (directory / "live").mkdir(exist_ok=True)
    arguments = [program(name), "--dir", str(directory), "--control", str(directory / "run" / f"{name}.sock")]
    for port in PORTS[name]:
        arguments += [f"--{port}-port", str(ports.get(port, 0))]
    if metrics:
        arguments += ["--metrics", f"127.0.0.1:{metrics}"]
    return arguments


@pytest.mark.parametrize("name", DAEMONS)
def test_health_metrics_and_control(name, tmp_path):
    metrics = free_port()
    with Daemon(*command(name, tmp_path, metrics)) as daemon:
        status, headers, body = get(f"http://127.0.0.1:{metrics}/health")
        assert status == 200 and headers["Content-Type"].startswith("application/json")
        report = json.loads(body)
        assert report["status"] == "healthy" and report["timestamp"].endswith("Z")
        for check in report["dependencies"].values():
            assert check["status"] == "healthy" and check["latency_ms"] >= 0
        assert get(f"http://127.0.0.1:{metrics}/health/live")[0] == 200
        assert get(f"http://127.0.0.1:{metrics}/health/ready")[0] == 200
        assert get(f"http://127.0.0.1:{metrics}/metrics")[0] == 200
        assert get(f"http://127.0.0.1:{metrics}/other")[0] == 404
        asked = subprocess.run([program(name), "--dir", tmp_path, "--control", tmp_path / f"run/{name}.sock", "--ask", "status"],
                               capture_output=True, text=True, timeout=20)
        status = json.loads(asked.stdout)
        assert status["state"] == "ready" and status["pid"] == daemon.process.pid
        assert set(status["ports"]) == set(PORTS[name])
        nonsense = subprocess.run([program(name), "--dir", tmp_path, "--control", tmp_path / f"run/{name}.sock", "--ask", "nonsense"],
                                  capture_output=True, text=True, timeout=20)
        assert nonsense.returncode == 1 and "one of:" in nonsense.stdout


def test_origind_says_how_long_looking_took(tmp_path):
    metrics = free_port()
    with Daemon(*command("origind", tmp_path, metrics)):
        live = json.loads(get(f"http://127.0.0.1:{metrics}/health")[2])["dependencies"]["live"]
        assert 0 < live["latency_ms"] < 10_000


@pytest.mark.parametrize("name", DAEMONS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_told_daemon_drains_and_exits_with_0(name, number, tmp_path):
    daemon = Daemon(*command(name, tmp_path))
    daemon.process.send_signal(number)
    assert daemon.process.wait(10) == 0, daemon.output()
    assert "draining" in daemon.output()


@pytest.mark.parametrize("name", DAEMONS)
def test_a_bad_configuration_is_refused_at_reload_and_the_old_one_stays(name, tmp_path):
    config = tmp_path / "config"
    config.write_text("log-level = info\n")
    with Daemon(*command(name, tmp_path), "--config", str(config)) as daemon:
        config.write_text("log-level = loud\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "not reloaded" in daemon.output(), 10, "the refusal")
        assert f"{config}:1" in daemon.output()
        config.write_text("log-level = debug\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "configuration reloaded" in daemon.output(), 10, "the reload")
        assert daemon.process.poll() is None


@pytest.mark.parametrize("name", DAEMONS)
def test_a_taken_port_is_named(name, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(command(name, tmp_path, **{PORTS[name][0]: port}), capture_output=True, text=True, timeout=20)
    assert done.returncode == 75
    assert f"127.0.0.1:{port}" in done.stderr
    hint = done.stderr.partition("hint: ")[2]
    assert f"port {port}" in hint and f"--{PORTS[name][0]}-port" in hint


@pytest.mark.parametrize("name", DAEMONS)
def test_systemd_passes_sockets_and_hears_ready(name, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, socket.socket() as passed:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(15)
        passed.bind(("127.0.0.1", 0))
        passed.listen()
        port = passed.getsockname()[1]
        # descriptor 3 is where the first passed socket stands; a shell gives the process its own LISTEN_PID
        script = 'export LISTEN_PID=$$; exec "$@" 3<&' + str(passed.fileno())
        process = subprocess.Popen(["bash", "-c", script, "bash", *command(name, tmp_path)], pass_fds=[passed.fileno()],
                                   env={**os.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": PORTS[name][0],
                                        "NOTIFY_SOCKET": str(tmp_path / "notify")},
                                   stderr=subprocess.PIPE, text=True)
        try:
            assert notify.recv(100) == b"READY=1"
            with socket.create_connection(("127.0.0.1", port), 5):
                pass
            process.terminate()
            assert notify.recv(100) == b"STOPPING=1"
            assert process.wait(15) == 0
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


@pytest.mark.parametrize("name", DAEMONS)
def test_logs_are_json_when_asked(name, tmp_path):
    daemon = Daemon(*command(name, tmp_path), "--log-format", "json", "--instance", "one")
    daemon.stop()
    for line in daemon.output().splitlines():
        row = json.loads(line)
        assert row["service"] == name and row["instance"] == "one" and row["level"] in ("debug", "info", "warn", "error")


@pytest.mark.parametrize("name", ["origind", "webd"])
def test_each_answer_is_a_line_of_the_log_with_its_trace_id(name, tmp_path):
    with Daemon(*command(name, tmp_path), "--log-format", "json", "--log-level", "debug") as daemon:
        asked = subprocess.run([program(name), "--dir", tmp_path, "--control", tmp_path / f"run/{name}.sock", "--ask", "status"],
                               capture_output=True, text=True, timeout=20)
        port = json.loads(asked.stdout)["ports"][PORTS[name][0]]
        request = urllib.request.Request(f"http://127.0.0.1:{port}/live/nobody/master.m3u8?secret=s3cret", headers={"X-Trace-Id": "t-1"})
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(request, timeout=10)
        assert missing.value.headers["X-Trace-Id"] == "t-1"
        wait_for(lambda: '"t-1"' in daemon.output(), 10, "the line")
        line = json.loads(next(line for line in daemon.output().splitlines() if '"t-1"' in line))
        assert (line["level"], line["service"], line["method"], line["path"], line["status"]) == \
            ("debug", name, "GET", "/live/nobody/master.m3u8", 404)
        assert line["duration_ms"] >= 0 and line["peer"].startswith("127.0.0.1:")
        assert "s3cret" not in daemon.output()
