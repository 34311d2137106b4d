"""A store that is away, slow, or answers without end: what it costs, and what is said of it."""
import json
import pathlib
import re
import signal
import subprocess
import threading
import time

import pytest

from faulty_store import MadeLedger, refusal
from harness import Daemon, free_port, get, program, wait_for
from silent_dns import silent_dns  # noqa: F401 (a fixture)
from vod import ENVIRONMENT, KEYS, check_same, command, store, told, upload  # noqa: F401 (a fixture)


def metric(port, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", get(f"http://127.0.0.1:{port}/metrics")[2].decode(), re.M)
    return float(found[1]) if found else None


def memory(process, what):
    """KB: VmRSS, or VmHWM, the most there has been of it since peak_from_now()."""
    return int(re.search(rf"^{what}:\s+(\d+) kB", pathlib.Path(f"/proc/{process.pid}/status").read_text(), re.M)[1])


def peak_from_now(process):
    pathlib.Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def without_end(begin, again):
    yield begin
    while True:
        yield again * (64 * 1024 // len(again))


ENDLESS = {
    "fields": (b"HTTP/1.1 200 OK\r\n", b"X-Endless: 0123456789012345678901234567890123456789\r\n"),
    "interim answers": (b"", b"HTTP/1.1 102 Processing\r\nX-Endless: 01234567890123456789\r\n\r\n"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_header_without_end_costs_no_memory_and_is_tried_again(store, tmp_path, kind):
    MadeLedger(tmp_path / "ledgers" / "zero").segments(2).end()
    with Daemon(*command(store, "--dir", tmp_path, run="serve"), env=KEYS) as daemon:
        wait_for(lambda: daemon.output().count("stream uploaded whole") == 1, 20, "a first stream uploaded")
        before, rest = len(store.tries), memory(daemon.process, "VmRSS")
        peak_from_now(daemon.process)
        store.rule = lambda put: without_end(*ENDLESS[kind])
        ledger = MadeLedger(tmp_path / "ledgers" / "one").segments(4).end()
        wait_for(lambda: len(store.tries) >= before + 18 and "its header is larger than 256 KB" in daemon.output(), 50, "tries")
        grown = memory(daemon.process, "VmHWM") - rest
        print(f"{kind}: {grown} KB above {rest} KB")
        assert grown < 20_000
        assert daemon.output().count("uploads fail") == 1
        store.rule = lambda put: None
        wait_for(lambda: told(ledger, "E"), 60, "all uploaded")
    check_same(store, ledger)


def test_an_object_is_tried_five_times_before_the_line_rests(store, tmp_path):
    ledger = MadeLedger(tmp_path / "one").segments(2).end()
    store.rule = lambda put: refusal(503, "SlowDown")
    done = upload(store, "--no-follow", "--at-once", "1", ledger.path)
    assert done.returncode == 75 and [put.nth for put in store.tries] == [1, 2, 3, 4, 5], (done.stderr, store.tries)


def test_health_and_metrics_tell_how_the_store_is(store, tmp_path):
    ledger, port = MadeLedger(tmp_path / "ledgers" / "one").segments(2), free_port()
    state = 'twitch_circuit_breaker_state{circuit="s3"}'

    def s3():
        return json.loads(get(f"http://127.0.0.1:{port}/health")[2])["dependencies"]["s3"]

    def slow(put):
        at = time.monotonic()
        wait_for(lambda: time.monotonic() - at > 0.1)

    store.rule = slow
    with Daemon(*command(store, "--dir", tmp_path, "--metrics", f"127.0.0.1:{port}", run="serve"), env=KEYS):
        wait_for(lambda: s3()["latency_ms"] >= 100, 30, "the time of an upload")
        wait_for(lambda: len(told(ledger)) == 4, 30, "what is there uploaded")
        assert metric(port, state) == 0 and s3()["status"] == "healthy"
        ledgers = json.loads(get(f"http://127.0.0.1:{port}/health")[2])["dependencies"]["ledgers"]
        assert 0 < ledgers["latency_ms"] < 10_000
        store.rule = lambda put: refusal(503, "SlowDown")
        ledger.segments(1)
        wait_for(lambda: metric(port, state) == 2, 30, "nothing sent for now")
        assert s3()["status"] == "unhealthy" and "SlowDown" in s3()["error"]
        store.rule = lambda put: None
        ledger.end()
        wait_for(lambda: told(ledger, "E"), 60, "all uploaded")
        wait_for(lambda: metric(port, state) == 0, 10, "all well")
    check_same(store, ledger)


def test_a_dns_server_that_is_silent_keeps_nobody_from_stopping(silent_dns, tmp_path):
    server, prefix = silent_dns
    MadeLedger(tmp_path / "ledgers" / "one").segments(2)
    words = [program("vodarchive"), "serve", "--vod", "s3://vods", "--s3-endpoint", "http://store.example", "--dir", str(tmp_path), "--drain-time", "1s"]
    with Daemon(*prefix, *words, env=KEYS) as daemon:
        assert b"store\x07example" in server.recv(512)
        began = time.monotonic()
        assert daemon.stop(60) == 0
        assert time.monotonic() - began < 8, daemon.output()


# ---- what a success is

def test_a_stream_that_was_uploaded_whole_elsewhere_is_not_said_to_be_here(store, tmp_path):
    ledger = MadeLedger(tmp_path / "one").segments(2).end()
    assert upload(store, ledger.path).returncode == 0
    assert upload(store, ledger.path).returncode == 0, "there it is"
    words = command(store, ledger.path)
    words[words.index("s3://vods")] = "s3://vods/2026"
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
    assert done.returncode == 1 and "tells of uploads to s3://vods, not to s3://vods/2026" in done.stderr, done.stderr


def test_a_ledger_that_goes_while_its_last_object_is_answered_is_no_success(store, tmp_path):
    ledger, held, go = MadeLedger(tmp_path / "one").segments(1).end(), threading.Event(), threading.Event()

    def rule(put):
        if put.key.endswith("source/0.m4s"):
            held.set()
            go.wait(60)

    store.rule = rule
    with open(tmp_path / "log", "w+") as log:
        process = subprocess.Popen(command(store, ledger.path), stderr=log, env=ENVIRONMENT)
    try:
        assert held.wait(30)
        wait_for(lambda: len(told(ledger)) == 1, 20, "all else is there")
        process.send_signal(signal.SIGSTOP)  # so that both have happened when it looks
        for path in sorted(ledger.path.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        ledger.path.rmdir()
        go.set()
        wait_for(lambda: any(key.endswith("source/0.m4s") for key in store.objects), 20, "the object taken")
        at = time.monotonic()
        wait_for(lambda: time.monotonic() - at > 0.3)  # and answered
        process.send_signal(signal.SIGCONT)
        assert process.wait(30) == 1, (tmp_path / "log").read_text()
        assert "was removed before it was uploaded whole" in (tmp_path / "log").read_text()
    finally:
        go.set()
        process.kill()
        process.wait()


# ---- many recordings

def test_recordings_that_cannot_be_read_hold_up_no_others(store, tmp_path):
    def broken(number):
        ledger = MadeLedger(tmp_path / "ledgers" / f"broken{number}").segments(1).end()
        (ledger.path / "source" / "0.m4s").unlink()
        (ledger.path / "source" / "0.m4s").mkdir()

    for number in range(20):
        broken(number)
    good = [MadeLedger(tmp_path / "ledgers" / f"good{number}").segments(1).end() for number in range(5)]
    with Daemon(*command(store, "--dir", tmp_path, run="serve"), env=KEYS):
        wait_for(lambda: all(told(ledger, "E") for ledger in good), 30, "the others uploaded")
    for ledger in good:
        check_same(store, ledger)


def test_a_folder_of_ledgers_that_goes_is_told_of_and_found_again(store, tmp_path):
    port = free_port()
    first = MadeLedger(tmp_path / "ledgers" / "one").segments(1).end()
    with Daemon(*command(store, "--dir", tmp_path, "--metrics", f"127.0.0.1:{port}", run="serve"), env=KEYS) as daemon:
        wait_for(lambda: told(first, "E"), 20, "the first stream")
        (tmp_path / "ledgers").rename(tmp_path / "old")
        wait_for(lambda: get(f"http://127.0.0.1:{port}/health")[0] == 503, 20, "health says so")
        assert "ledgers has gone" in daemon.output()
        second = MadeLedger(tmp_path / "ledgers" / "two").segments(1).end()
        wait_for(lambda: told(second, "E"), 30, "the one that has its name followed")
        assert get(f"http://127.0.0.1:{port}/health")[0] == 200
    check_same(store, second)
