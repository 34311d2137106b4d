"""Real nginx and Varnish in front of origind with the configuration of examples/edges: a crowd of players reaches origind as one does."""
import concurrent.futures
import gzip
import http.client
import json
import re
import signal
import socket
import subprocess

import pytest

from edges import EXAMPLES, Origin, clip, executable, nginx, players, varnish
from harness import get, wait_for

PLAYERS, STREAMS = 1000, 5


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return clip(tmp_path_factory.mktemp("film"))


CACHES = pytest.mark.parametrize("cache", [nginx, varnish], ids=["nginx", "varnish"])


@pytest.fixture(scope="module", params=[nginx, varnish], ids=["nginx", "varnish"])
def edge(request, tmp_path_factory, film):
    with Origin(tmp_path_factory.mktemp("edge"), film, ["one"]) as origin:
        origin.wait_for_segments(2)
        with request.param(origin.port) as running:
            running.origin = origin
            yield running


def of_playlists(counts):
    return sum(count for (route, _), count in counts.items() if route.endswith("/playlist.m3u8"))


class Crowd:
    """Players on an edge, and what reached origind meanwhile. Their own view is clean: no error, nothing late or missed."""

    def __init__(self, edge, origin, count, join, seconds, *more):
        before = origin.requests()
        self.seen = players(edge.port, origin, count, join, seconds, *more)
        after = origin.requests()
        self.reached = {key: number - before.get(key, 0) for key, number in after.items() if number > before.get(key, 0)}
        self.requests = self.seen["requests"]
        print(json.dumps(self.seen), self.reached)
        assert (self.seen["errors"], self.seen["missed"], self.seen["stale"]) == ({}, 0, 0), edge.output()[-3000:]
        assert {status for _, status in self.reached} <= {"200", "304"}
        # Blocking reloads are collapsed, and so are parts: one of each at most is no hit.
        parts = sum(len(re.findall(r"^P ", (origin.live / channel / "index").read_text(), re.M)) for channel in origin.channels)
        for what in ("blocking", "media"):
            assert 0 < sum(number for outcome, number in self.seen["x_cache"][what].items() if outcome != "HIT") <= parts

    def share_reached(self):
        return sum(self.reached.values()) / self.requests


def ask(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def together(count, call):
    """What `call` gives when it is called `count` times at once."""
    with concurrent.futures.ThreadPoolExecutor(count) as crowd:
        return [done.result() for done in [crowd.submit(call) for _ in range(count)]]


def video_of(edge, channel="one"):
    master = get(f"http://127.0.0.1:{edge.port}/live/{channel}/master.m3u8")[2].decode()
    return f"/live/{channel}/" + [line for line in master.splitlines() if line and line[0] != "#"][0]


def test_a_thousand_players_through_nginx_are_a_handful_for_origind(tmp_path, film):
    channels = [f"channel{number}" for number in range(STREAMS)]
    # Segments of 4 s: nobody is told to give up before 12 s, however busy the machine is.
    with Origin(tmp_path, film, channels, segment="4s") as origin:
        origin.wait_for_segments(1)
        with nginx(origin.port) as edge:
            crowd = Crowd(edge, origin, PLAYERS, 5, 18, "--requests", str(PLAYERS * 100))
            assert crowd.requests >= PLAYERS * 100
            assert crowd.share_reached() <= 0.01
            assert not re.search(r"\[(error|crit|alert|emerg)\]", edge.output()), edge.output()


def test_a_crowd_is_collapsed_and_sees_no_error(edge):
    assert Crowd(edge, edge.origin, 150, 2, 8).share_reached() <= 0.02


def test_media_is_kept_playlists_follow_their_headers_and_words_without_meaning_are_dropped(edge):
    playlist = video_of(edge)
    text = get(f"http://127.0.0.1:{edge.port}{playlist}")[2].decode()
    segment = playlist.rsplit("/", 1)[0] + "/" + re.search(r"^(\d+\.m4s)$", text, re.M)[1]
    answers = [ask(edge.port, segment + query)[0] for query in ("", "", "?x=1")]
    assert [answer.headers["X-Cache"] for answer in answers] == ["MISS", "HIT", "HIT"]
    assert "immutable" in answers[0].headers["Cache-Control"] and answers[1].headers["Access-Control-Allow-Origin"] == "*"
    part, body = ask(edge.port, segment, Range="bytes=10-19")
    assert part.status == 206 and len(body) == 10
    msn, number = re.search(r'PRELOAD-HINT:TYPE=PART,URI="(\d+)\.(\d+)\.', text).groups()
    directives = f"?_HLS_msn={msn}&_HLS_part={number}"
    first, blocked = ask(edge.port, playlist + directives)
    again, same = ask(edge.port, playlist + f"?x=1&_HLS_msn={msn}&_HLS_part={number}&y=2")
    assert (first.status, again.status, again.headers["X-Cache"], blocked) == (200, 200, "HIT", same)
    assert ask(edge.port, playlist + "?_HLS_part=1")[0].status == 400
    assert ask(edge.port, playlist + "?_HLS_msn=99999")[0].status == 400
    assert ask(edge.port, "/live/nobody/master.m3u8")[0].status == 404


def test_pictures_and_what_seek_bars_ask_for_are_kept(edge):
    stream = video_of(edge).rsplit("/", 2)[0]
    for path in ("/live/one/thumbnail.jpg", f"{stream}/storyboard.vtt", f"{stream}/window.json"):
        kept = [ask(edge.port, path)[0] for _ in range(2)]
        assert [answer.status for answer in kept] == [200, 200] and kept[1].headers["X-Cache"] == "HIT", (path, kept[1].headers.items())


def test_one_copy_serves_who_takes_gzip_and_who_does_not(edge):
    playlist = video_of(edge)
    msn, number = re.search(r'PRELOAD-HINT:TYPE=PART,URI="(\d+)\.(\d+)\.', get(f"http://127.0.0.1:{edge.port}{playlist}")[2].decode()).groups()
    playlist += f"?_HLS_msn={msn}&_HLS_part={number}"
    packed, body = ask(edge.port, playlist, Accept_Encoding="gzip, deflate, br")
    other, same = ask(edge.port, playlist, Accept_Encoding="gzip, deflate, br, zstd")
    plain, text = ask(edge.port, playlist)
    assert packed.headers["Content-Encoding"] == "gzip" and plain.headers["Content-Encoding"] is None
    assert gzip.decompress(body) == gzip.decompress(same) == text
    assert (other.headers["X-Cache"], plain.headers["X-Cache"]) == ("HIT", "HIT")


def test_waiters_for_a_part_are_answered_by_one_request(edge):
    playlist = video_of(edge)
    wait_for(lambda: edge.origin.blocked() == 0, 10, "what earlier players left behind answered")
    msn = int(re.search(r'PRELOAD-HINT:TYPE=PART,URI="(\d+)\.', get(f"http://127.0.0.1:{edge.port}{playlist}")[2].decode())[1]) + 1
    before = of_playlists(edge.origin.requests())
    assert together(20, lambda: ask(edge.port, f"{playlist}?_HLS_msn={msn}")[0].status) == [200] * 20
    assert of_playlists(edge.origin.requests()) == before + 1


def test_players_who_leave_while_they_wait_take_nothing_from_the_others(edge):
    playlist = video_of(edge)
    wait_for(lambda: edge.origin.blocked() == 0, 10, "what earlier players left behind answered")
    msn = int(re.search(r'PRELOAD-HINT:TYPE=PART,URI="(\d+)\.', get(f"http://127.0.0.1:{edge.port}{playlist}")[2].decode())[1]) + 1
    before = of_playlists(edge.origin.requests())
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", edge.port)) as leaving:
            leaving.sendall(f"GET {playlist}?_HLS_msn={msn} HTTP/1.1\r\nHost: edge\r\n\r\n".encode())
    assert ask(edge.port, f"{playlist}?_HLS_msn={msn}")[0].status == 200
    assert of_playlists(edge.origin.requests()) == before + 1


def test_a_stream_that_stands_still_is_told_to_all_who_wait_by_one_answer(edge):
    playlist = video_of(edge)
    wait_for(lambda: edge.origin.blocked() == 0, 10, "what earlier players left behind answered")
    _, segmenter = edge.origin.feeders[0]
    segmenter.send_signal(signal.SIGSTOP)
    try:
        msn = int(re.search(r'PRELOAD-HINT:TYPE=PART,URI="(\d+)\.', get(f"http://127.0.0.1:{edge.port}{playlist}")[2].decode())[1]) + 1
        before = of_playlists(edge.origin.requests())
        assert together(20, lambda: ask(edge.port, f"{playlist}?_HLS_msn={msn}")[0].status) == [503] * 20
        assert of_playlists(edge.origin.requests()) == before + 1
    finally:
        segmenter.send_signal(signal.SIGCONT)


@CACHES
def test_while_origind_is_away_the_last_master_is_served_and_errors_can_be_read_by_pages(cache, tmp_path, film):
    with Origin(tmp_path, film, ["one"]) as origin, cache(origin.port) as edge:
        origin.wait_for_segments(1)
        master = "/live/one/master.m3u8"
        playlist = video_of(edge)
        assert ask(edge.port, master)[0].status == 200
        origin.daemon.stop()
        wait_for(lambda: ask(edge.port, master)[0].headers.get("X-Cache") in ("STALE", "HIT"), 5, "a stale master")
        answer, _ = ask(edge.port, playlist + "?_HLS_msn=1&_HLS_part=0&_HLS_skip=YES")
        assert answer.status == 503 and answer.headers["Access-Control-Allow-Origin"] == "*" and answer.headers["Retry-After"] == "1"


def test_the_small_example_collapses_too(tmp_path, film):
    with Origin(tmp_path, film, ["one"]) as origin:
        origin.wait_for_segments(2)
        with nginx(origin.port, "nginx-small.conf") as edge:
            assert Crowd(edge, origin, 100, 2, 6).share_reached() <= 0.03


@pytest.mark.parametrize("example", ["nginx.conf", "nginx-small.conf"])
def test_nginx_takes_the_example_as_it_stands(tmp_path, example):
    (tmp_path / "sluice.conf").write_text((EXAMPLES / example).read_text().replace("/var/cache/nginx/sluice", str(tmp_path / "cache")))
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}}\nhttp {{ include {tmp_path}/sluice.conf; }}\n")
    done = subprocess.run([executable("nginx"), "-t", "-e", "/dev/null", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
