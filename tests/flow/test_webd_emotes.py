"""What emotes look like, as webd tells and shows it."""
import concurrent.futures
import http.client
import json
import os

import pytest
from harness import get, wait_for
from pictures import png, write_png
from test_webd import Web


@pytest.fixture
def web(tmp_path):
    made = Web(tmp_path)
    yield made
    made.daemon.stop()


def add(web, code, *options):
    return json.loads(web.chanctl("--json", "emote", "add", code, *options))["id"]


def ask(web, path, **headers):
    """Status, headers and body; nothing is followed."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_a_channels_emotes_are_listed(web, tmp_path):
    picture = write_png(tmp_path / "hi.png", 28, 28)
    web.chanctl("user", "add", "bob")
    web.chanctl("channel", "add", "other", "--owner", "bob")
    demo = web.api("/api/channels/demo")[1]["data"]["id"]
    assert web.api(f"/api/emotes/{demo}")[:2] == (200, {"success": True, "data": [], "error": None})
    wave = add(web, "Wave")
    hi = add(web, "adaHi", "--channel", "demo", "--tier", "2", "--image-1x", str(picture), "--image-4x", "https://example.org/hi.png")
    add(web, "bobHi", "--channel", "other")
    bit = add(web, "adaBit", "--channel", "demo", "--bits", "5000")
    own = add(web, "adaOwn", "--channel", "demo", "--granted-only")
    listed = lambda: web.api(f"/api/emotes/{demo}")[1]["data"]
    wait_for(lambda: len(listed()) == 4, 5, "the emotes")
    assert listed() == [{"id": wave, "code": "Wave", "channel": None, "kind": "global", "tier": None, "bits": None, "images": {}},
                        {"id": bit, "code": "adaBit", "channel": "demo", "kind": "bits", "tier": None, "bits": 5000, "images": {}},
                        {"id": hi, "code": "adaHi", "channel": "demo", "kind": "subscription", "tier": 2, "bits": None,
                         "images": {"1x": f"/emotes/{hi}/1x", "4x": f"/emotes/{hi}/4x"}},
                        {"id": own, "code": "adaOwn", "channel": "demo", "kind": "granted", "tier": None, "bits": None, "images": {}}]
    web.chanctl("emote", "remove", "Wave")
    wait_for(lambda: [each["code"] for each in listed()] == ["adaBit", "adaHi", "adaOwn"], 5, "the emote to be gone")
    for unknown in ("999", "demo", "-1", ""):
        status, body, _ = web.api(f"/api/emotes/{unknown}")
        assert (status, body["error"]["code"]) == (404, "NOT_FOUND")


def test_pictures_come_from_files(web, tmp_path):
    small, large = write_png(tmp_path / "small.png", 28, 28), write_png(tmp_path / "large.png", 112, 112)
    wave = add(web, "Wave", "--image-1x", str(small), "--image-4x", str(large))
    status, headers, body = ask(web, f"/emotes/{wave}/1x")
    assert (status, body) == (200, png(28, 28))
    assert headers["Content-Type"] == "image/png" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox" and "public" in headers["Cache-Control"]
    assert ask(web, f"/emotes/{wave}/1x", **{"If-None-Match": headers["ETag"]})[::2] == (304, b"")
    assert ask(web, f"/emotes/{wave}/2x")[2] == png(112, 112), "the next larger"
    only = add(web, "Only", "--image-1x", str(small))
    assert ask(web, f"/emotes/{only}/4x")[2] == png(28, 28), "else the next smaller"
    web.chanctl("emote", "remove", "Only")
    assert ask(web, f"/emotes/{only}/4x")[0] == 200, "what was said with it stays what it was"
    small.write_bytes(png(20, 20))
    fresh = lambda: ask(web, f"/emotes/{wave}/1x", **{"If-None-Match": headers["ETag"]})[::2]
    assert fresh() == (304, b""), "kept for a moment"
    wait_for(lambda: fresh() == (200, png(20, 20)), 15, "the file's new content")


def test_a_room_that_asks_at_once_costs_one_reading(web, tmp_path):
    picture = write_png(tmp_path / "small.png", 28, 28)
    wave = add(web, "Wave", "--image-1x", str(picture))
    lost = add(web, "Lost", "--image-1x", str(write_png(tmp_path / "lost.png", 28, 28)))
    (tmp_path / "lost.png").unlink()
    with concurrent.futures.ThreadPoolExecutor(50) as crowd:
        shown = list(crowd.map(lambda _: ask(web, f"/emotes/{wave}/2x")[::2], range(500)))
        missed = list(crowd.map(lambda _: ask(web, f"/emotes/{lost}/2x")[0], range(500)))
    assert set(shown) == {(200, png(28, 28))} and set(missed) == {404}
    assert web.daemon.output().count("cannot be shown") == 1


def test_what_is_no_picture_is_not_shown(web, tmp_path):
    (tmp_path / "script.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    (tmp_path / "huge.png").write_bytes(png(28, 28) + bytes(1024 * 1024))
    gone = write_png(tmp_path / "gone.png", 28, 28)
    piped = write_png(tmp_path / "piped.png", 28, 28)
    wrong = {"passwd": "/etc/passwd", "svg": tmp_path / "script.svg", "huge": tmp_path / "huge.png", "gone": gone, "piped": piped}
    ids = {code: add(web, code, "--image-1x", str(place)) for code, place in wrong.items()}
    ids["none"] = add(web, "none")
    gone.unlink()
    piped.unlink()
    os.mkfifo(piped)
    for code, number in ids.items():
        status, headers, body = ask(web, f"/emotes/{number}/1x")
        assert status == 404 and headers["Cache-Control"] == "public, max-age=60" and b"root:" not in body and b"/" not in body, (code, body)
    log = web.daemon.output()
    for told in ("/etc/passwd is no picture that pages show (make it PNG, GIF, JPEG, WebP or AVIF)", "huge.png is larger than 1048576 bytes", "gone.png: No such file", "piped.png is no file"):
        assert told in log, log
    for path in ("/emotes/999/1x", "/emotes/x/1x", f"/emotes/{ids['huge']}/3x", "/emotes/1/", "/emotes/-1/1x"):
        assert ask(web, path)[0] == 404, path


def test_browsers_are_led_to_pictures_elsewhere(web):
    policy = lambda: get(web.url + "/demo")[1]["Content-Security-Policy"].split("; ")
    pictures = lambda: next(each for each in policy() if each.startswith("img-src")).split()[4:]
    assert pictures() == []
    wave = add(web, "Wave", "--image-1x", "https://example.org:8443/wave.png?x=1", "--image-2x", "https://user@evil.example/x.png")
    wait_for(lambda: pictures() == ["https://example.org:8443"], 5, "the pictures' host in the policy")
    status, headers, _ = ask(web, f"/emotes/{wave}/1x")
    assert (status, headers["Location"]) == (302, "https://example.org:8443/wave.png?x=1")
    add(web, "Hostile", "--image-1x", "https://example.net;script-src/'unsafe-inline'")
    add(web, "Six", "--image-1x", "http://[::1]:9000/x.png")
    add(web, "Other", "--image-1x", "http://tp:9000/x.png")
    wait_for(lambda: pictures() == ["http://tp:9000", "https://example.org:8443"], 5, "the other's, and no word that ends the list")
    web.chanctl("emote", "remove", "Wave")
    web.chanctl("emote", "remove", "Other")
    again = Web(web.directory)
    web.daemon.stop()
    web.daemon, web.url, web.port = again.daemon, again.url, again.port
    assert pictures() == ["http://tp:9000", "https://example.org:8443"], "lines that were said with them are still shown"
    for number in range(50):
        add(web, f"e{number}", "--image-1x", f"https://host{number}.example/x.png")
    wait_for(lambda: pictures() == ["https:", "http:"], 5, "more hosts than a header should name")
