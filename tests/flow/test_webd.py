"""webd from outside: pages, REST calls, tickets, live events, headers, hostile requests."""
import gzip
import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess

import pytest
from harness import Daemon, free_port, get, program, wait_for


class Web:
    """A webd over a store with user ada, who owns #demo."""

    def __init__(self, directory, *options):
        self.directory = pathlib.Path(directory)
        if not (self.directory / "store.db").exists():
            self.chanctl("user", "add", "Ada")
            self.chanctl("channel", "add", "demo", "--owner", "ada")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.daemon = Daemon(program("webd"), "--dir", str(directory), "--http-port", str(self.port), "--bind", "127.0.0.1",
                             "--metrics", f"127.0.0.1:{(metrics := free_port())}", *options)
        self.metrics = f"http://127.0.0.1:{metrics}/metrics"

    def chanctl(self, *arguments):
        return subprocess.run([program("chanctl"), "--dir", str(self.directory), *arguments], check=True,
                              capture_output=True, text=True).stdout.strip()

    def api(self, path, method="GET", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers


@pytest.fixture
def web(tmp_path):
    made = Web(tmp_path)
    yield made
    made.daemon.stop()


def test_pages_and_assets(web):
    for path, status in (("/", 200), ("/demo", 200), ("/nosuch", 404), ("/not a name", 404), ("/a/b/c", 404)):
        answered, headers, body = get(web.url + path.replace(" ", "%20"))
        assert answered == status
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert not re.search(rb"<script(?![^>]*src=)|<style|\son\w+=|style=", body)
    assets = re.findall(r'"(/assets/[^"]+)"', get(web.url + "/demo")[2].decode())
    assert any(asset.endswith(".js") for asset in assets) and any(asset.endswith(".css") for asset in assets)
    for asset in assets:
        status, headers, body = get(web.url + asset)
        assert status == 200 and "immutable" in headers["Cache-Control"]
        connection = http.client.HTTPConnection("127.0.0.1", web.port)
        connection.request("GET", asset, headers={"Accept-Encoding": "gzip"})
        packed = connection.getresponse()
        assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.read()) == body
        connection.request("GET", asset, headers={"If-None-Match": headers["ETag"]})
        unchanged = connection.getresponse()
        assert unchanged.status == 304 and unchanged.read() == b""


def test_capitals_in_a_name_lead_to_the_channel(web):
    connection = http.client.HTTPConnection("127.0.0.1", web.port)
    connection.request("GET", "/Demo")
    answer = connection.getresponse()
    assert answer.status == 301 and answer.headers["Location"] == "/demo"


def test_calls_answer_in_the_envelope(web):
    assert web.api("/api/live")[:2] == (200, {"success": True, "data": [], "error": None})
    status, body, _ = web.api("/api/channels/demo")
    assert status == 200
    assert {"id": "1001", "name": "demo", "owner": "Ada", "isLive": False, "stream": None}.items() <= body["data"].items()
    assert web.api("/api/channels/1001/status")[1]["data"] == {"isLive": False, "viewerCount": 0, "peakViewers": 0}
    for path in ("/api/channels/nosuch", "/api/channels/77/status", "/api/channels/x/status", "/api/nosuch"):
        status, body, _ = web.api(path)
        assert (status, body["success"], body["data"], body["error"]["code"]) == (404, False, None, "NOT_FOUND")
        assert body["error"]["statusCode"] == 404 and body["error"]["message"]
    status, body, headers = web.api("/api/live", "POST")
    assert status == 405 and headers["Allow"] == "GET" and body["error"]["code"] == "METHOD_NOT_ALLOWED"


def test_addresses_follow_the_host_or_the_settings(web, tmp_path_factory):
    assert web.api("/api/config", headers={"Host": "box.lan:99"})[1]["data"] == {
        "originUrl": "http://box.lan:8081", "chatUrl": "ws://box.lan:8082/json"}
    assert web.api("/api/config", headers={"Host": "[::1]:99"})[1]["data"]["originUrl"] == "http://[::1]:8081"
    evil = web.api("/api/config", headers={"Host": "x;script-src *"})[1]["data"]
    assert evil["originUrl"] == "http://localhost:8081"
    other = Web(tmp_path_factory.mktemp("other"), "--public-url", "https://live.example.org", "--chat-url", "wss://chat.example.org")
    assert other.api("/api/config")[1]["data"] == {
        "originUrl": "https://live.example.org:8081", "chatUrl": "wss://chat.example.org/json"}
    assert "connect-src 'self' https://live.example.org:8081 wss://chat.example.org;" in get(other.url + "/")[1]["Content-Security-Policy"]
    other.daemon.stop()


def test_pages_may_play_what_is_uploaded(web, tmp_path_factory):
    def allowed(there):
        policy = dict(rule.split(" ", 1) for rule in get(there.url + "/demo")[1]["Content-Security-Policy"].split("; "))
        return policy["connect-src"], policy["media-src"]

    assert allowed(web) == ("'self' http://127.0.0.1:8081 ws://127.0.0.1:8082", "'self' blob: http://127.0.0.1:8081")
    folder = tmp_path_factory.mktemp("other")
    other = Web(folder, "--config", str(folder))
    assert allowed(other) == allowed(web)
    (folder / "webd.conf").write_text("media-url = https://vods.example.org:9000/bucket/live/\n")
    other.daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: allowed(other) == ("'self' http://127.0.0.1:8081 https://vods.example.org:9000 ws://127.0.0.1:8082",
                                        "'self' blob: http://127.0.0.1:8081 https://vods.example.org:9000"), 10, "the policy to follow")
    other.daemon.stop()
    for url in ("vods.example.org", "ftp://vods.example.org", "https://vods.example.org/x;script-src *", "https://vods.example.org?a;b", "https://", "https://x/#a"):
        refused = subprocess.run([program("webd"), "--dir", str(folder), "--http-port", "0", "--media-url", url], capture_output=True, text=True, timeout=20)
        assert refused.returncode == 2 and f"--media-url {url.rstrip('/')} is no address" in refused.stderr, (url, refused)


def test_a_token_is_swapped_for_a_ticket(web):
    token = web.chanctl("token", "issue", "ada", "--scope", "chat:read,chat:edit")
    status, body, _ = web.api("/api/chat/ticket", "POST", {"Authorization": f"Bearer {token}", "Content-Length": "0"})
    assert status == 200 and re.fullmatch("[a-z2-7]{32}", body["data"]["ticket"]) and body["data"]["ticket"] != token
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {token}"}):
        status, body, headers = web.api("/api/chat/ticket", "POST", {"Content-Length": "0", **headers})
        assert status == 401 and body["error"]["code"] == "UNAUTHORIZED" and headers["WWW-Authenticate"].startswith("Bearer")
    assert token not in web.daemon.output()


class EventStream:
    """A client of /api/events that collects what it hears."""

    def __init__(self, web, query="", last=None):
        self.socket = socket.create_connection(("127.0.0.1", web.port), timeout=10)
        more = f"Last-Event-ID: {last}\r\n" if last is not None else ""
        self.socket.sendall(f"GET /api/events{query} HTTP/1.1\r\nHost: h\r\n{more}\r\n".encode())
        self.text = ""
        self.until("retry:")

    def until(self, wanted):
        while wanted not in self.text:
            got = self.socket.recv(65536)
            assert got, f"the stream ended before {wanted!r}: {self.text}"
            self.text += got.decode()
        return self.text


def test_events_reach_pages_and_are_resumed(web):
    everything, other = EventStream(web), EventStream(web, "?channel=99")
    web.chanctl("channel", "set-title", "demo", "first title")
    text = everything.until("first title")
    assert "event: channel.update" in text and '"channel_id":"1001"' in text
    cursor = int(re.search(r"id: (\d+)", text)[1])
    web.chanctl("channel", "set-title", "demo", "second title")
    again = EventStream(web, "?channel=1001", last=cursor)
    assert "first title" not in again.until("second title")
    assert "reset" in EventStream(web, last=0).until("event: reset")
    assert "title" not in other.text
    assert web.api("/api/channels/demo")[1]["data"]["title"] == "second title"
    everything.socket.close()
    wait_for(lambda: b"sluice_web_event_streams 2" in get(web.metrics)[2], 10, "the gauge of event streams")


def test_secrets_never_become_events(web):
    stream = EventStream(web)
    web.chanctl("token", "issue", "ada", "--scope", "chat:read")
    web.chanctl("key", "rotate", "demo")
    web.chanctl("channel", "set-title", "demo", "after")
    assert "token" not in stream.until("after") and "key" not in stream.text


def test_draining_ends_event_streams_and_exits_cleanly(web):
    stream = EventStream(web)
    web.daemon.process.terminate()
    while stream.socket.recv(65536):
        pass
    assert web.daemon.stop() == 0


def test_metrics_name_routes_not_paths(web):
    web.api("/api/channels/demo")
    get(web.url + "/some/../weird")
    text = get(web.metrics)[2].decode()
    assert re.search(r'http_request_duration_seconds_count\{method="GET",route="/api/channels/:name",status_code="200"\} 1', text)
    assert "weird" not in text
    for bound in ("0.01", "0.05", "0.1", "0.5", "1", "2", "5"):
        assert f'le="{bound}"' in text


def test_hostile_requests_cost_little_and_leave_it_standing(web):
    def answer(data):
        with socket.create_connection(("127.0.0.1", web.port), timeout=10) as client:
            client.sendall(data)
            text = b""
            while got := client.recv(65536):
                text += got
            return text
    assert answer(b"\x16\x03\x01\x02\x00\x01").startswith(b"HTTP/1.1 400")
    assert answer(b"GET /../../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert answer(b"GET /assets/..%2f..%2fwebd HTTP/1.1\r\nHost: h\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert answer(b"POST /api/chat/ticket HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n").startswith(b"HTTP/1.1 413")
    assert answer(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert get(web.url + "/health")[0] == 200


def test_missing_pages_are_a_configuration_error(tmp_path):
    done = subprocess.run([program("webd"), "--dir", str(tmp_path), "--pages", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 2 and "--pages" in done.stderr
