"""hlslint, the whole program, against servers each of which breaks one rule: exactly that is found, in text and NDJSON."""
import concurrent.futures
import http.server
import json
import re
import subprocess
import threading

import pytest
from broken_hls import CLEAN, FIXTURES, WATCHED, Server
from harness import program

LATE = "3s"  # what a busy machine may add


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(path), "-out", str(path) + ".crt",
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_name("server.pem.crt").read_text())
    return str(path)


def hlslint(*arguments):
    return subprocess.run([program("hlslint"), "--late", LATE, *arguments], capture_output=True, text=True, timeout=120)


def watch(broken, certificate):
    tls = certificate if broken == "low-latency-transport" else None
    with Server(broken, tls) as server:
        return hlslint("--json", "--watch", f"{WATCHED.get(broken, 6)}s", *(["--ca-file", tls] if tls else []), server.url)


@pytest.fixture(scope="module")
def watched(certificate):
    # a few at a time: they mostly wait, and a machine that cannot keep up would be found late
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        names = sorted(FIXTURES + CLEAN, key=lambda name: -WATCHED.get(name, 6))
        return dict(zip(names, pool.map(lambda name: watch(name, certificate), names)))


@pytest.mark.parametrize("name", FIXTURES + CLEAN)
def test_a_server_gives_its_finding_and_no_other(watched, name):
    done = watched[name]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stderr == ""
    assert {row["rule"] for row in found} == (set() if name in CLEAN else {name}), done.stdout
    assert done.returncode == (0 if name in CLEAN else 1)
    assert len({row["where"] for row in found}) == len(found)
    for row in found:
        assert row["url"].endswith("/live/master.m3u8") and row["severity"] in ("MUST", "SHOULD") and row["what"] and row["paragraph"]


def test_the_table_names_these_servers():
    rules = [json.loads(line) for line in hlslint("--rules", "--json").stdout.splitlines()]
    named = {rule["rule"] for rule in rules if rule.get("fixture", "").startswith("tests/flow/broken_hls.py ")}
    assert named == set(FIXTURES)


def test_in_text_a_finding_is_a_line():
    with Server("live-cache-time") as server:
        done = hlslint("--watch", "100ms", server.url)
    assert re.fullmatch(r"video/playlist\.m3u8: SHOULD live-cache-time: max-age is 60 s, the target duration 1 s \(house stale playlists\)\n", done.stdout)


class Bodies(http.server.BaseHTTPRequestHandler):
    """What is asked for names what is wrong with the body."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.apple.mpegurl")
        if self.path == "/cut.m3u8":
            self.send_header("Content-Length", "100")
        elif self.path == "/gzip.m3u8":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        try:
            self.wfile.write(b"#EXTM3U\n")
            while self.path == "/endless.m3u8":
                self.wfile.write(bytes(65536))
                self.server.sent += 65536
        except (BrokenPipeError, ConnectionResetError):
            pass


@pytest.mark.parametrize("name, status, told", [("cut", 75, "the answer was cut short: "), ("gzip", 1, "the answer's body is not what its Content-Encoding says: "),
                                                ("endless", 1, "the answer's body is too large: it is larger than 16384 KB")])
def test_a_body_that_is_not_whole_is_told_with_its_cause_and_costs_little(name, status, told):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bodies) as server:
        server.sent = 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/{name}.m3u8"
        done = hlslint(url)
        server.shutdown()
    assert done.returncode == status and done.stderr.startswith(f"hlslint: get {url}: {told}") and not done.stdout
    assert server.sent < 64 << 20


def test_certificates_that_cannot_be_read_are_wrong_configuration(certificate, tmp_path):
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n")
    with Server("nothing", certificate) as server:
        done = hlslint("--watch", "1s", "--ca-file", str(broken), server.url)
    assert done.returncode == 2 and str(broken) in done.stderr and not done.stdout


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate):
    with Server("nothing", certificate) as server:
        done = hlslint("--watch", "1s", server.url)
    assert done.returncode == 1 and "certificate" in done.stderr and "--ca-file" in done.stderr
