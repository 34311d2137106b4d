"""Two chatd and a real Redis server: what crosses, what is known on both, and what happens when either goes away."""
import contextlib
import sqlite3
import threading
import time

import pytest

from chat_nodes import Reader, health, history, joined, metric
from chat_platform import running
from harness import wait_for
from remote import RedisServer


@pytest.fixture(scope="module")
def nodes():
    with joined() as nodes:
        yield nodes


def texts(page, count):
    return [page.until("message")["text"] for _ in range(count)]


def test_lines_cross_between_pages_and_irc(nodes):
    a, b = nodes
    ada, bob, reader = a.page(a.ada), b.irc_peer("bob", b.bob), b.page()
    ada.join("demo")
    bob.join("demo")
    reader.join("demo")
    ada.say("demo", "hello from a", "c1")
    assert bob.until("PRIVMSG #demo :hello from a")[-1].count("badges=broadcaster/1") == 1
    seen = reader.until("message")
    assert (seen["text"], seen["user"]["login"], seen["badges"]) == ("hello from a", "ada", [["broadcaster", "1"]])
    bob.send("PRIVMSG #demo :hello from b")
    assert texts(ada, 2) == ["hello from a", "hello from b"]


def test_a_key_is_known_on_every_node(nodes):
    a, b = nodes
    on_a, on_b = a.page(a.ada), b.page(b.ada)
    on_a.join("demo", history=0)
    on_b.join("demo", history=0)
    on_a.say("demo", "only once", "same key")
    first = on_a.until("confirmed")
    assert texts(on_b, 1) == ["only once"]
    on_b.say("demo", "only once", "same key")
    again = on_b.until("confirmed")
    assert again["duplicate"] and (again["id"], again["origin"], again["seq"]) == (first["id"], first["origin"], first["seq"])
    on_b.say("demo", "next", "another key")
    assert texts(on_a, 2) == ["only once", "next"]


def test_a_page_goes_on_on_another_node(nodes):
    a, b = nodes
    on_a, on_b, reader = a.page(a.ada), b.page(b.bob), a.page()
    on_a.join("demo", history=0)
    on_b.join("demo", history=0)
    joined_at = reader.join("demo", history=0)
    cursor = dict(joined_at["cursor"])
    on_a.say("demo", "seen 1", "r1")
    on_b.say("demo", "seen 2", "r2")
    for _ in range(2):
        seen = reader.until("message")
        cursor[seen["origin"]] = max(cursor.get(seen["origin"], 0), seen["seq"])
    reader.close()
    for number in range(3):
        on_a.say("demo", f"missed a{number}", f"ra{number}")
        on_a.until("confirmed")
        on_b.say("demo", f"missed b{number}", f"rb{number}")
        on_b.until("confirmed")
    wait_for(lambda: history(a) == history(b), 5, "everything has crossed")
    back = b.page()
    found = back.join("demo", cursor=cursor)
    assert sorted(message["text"] for message in found["history"]) == sorted(f"missed {node}{n}" for node in "ab" for n in range(3))
    assert not found["gap"]


def test_who_joins_where_nobody_was_is_shown_what_was_said_elsewhere(nodes):
    a, b = nodes
    a.seed("channel", "quiet", "bob")
    speaker = a.page(a.ada)
    speaker.join("quiet")
    for number in range(5):
        speaker.say("quiet", f"said {number}", f"q{number}")
        speaker.until("confirmed")
    late = b.page()
    assert [message["text"] for message in late.join("quiet")["history"]] == [f"said {number}" for number in range(5)]


def test_viewers_are_those_of_all_nodes(nodes):
    a, b = nodes
    a.seed("channel", "crowd", "cyd")
    watcher = a.page()
    watcher.join("crowd")
    others = [b.page() for _ in range(3)]
    for other in others:
        other.join("crowd")
    while watcher.until("presence")["viewers"] != 4:
        pass
    for other in others:
        other.close()
    while watcher.until("presence")["viewers"] != 1:
        pass


def test_what_is_taken_off_is_taken_off_everywhere(nodes):
    a, b = nodes
    a.seed("channel", "strict", "ada")
    ada, bob = a.page(a.ada), b.page(b.bob)
    ada.join("strict")
    bob.join("strict")
    bob.say("strict", "rude", "m1")
    assert texts(ada, 1) == ["rude"]
    ada.say("strict", "/ban bob", "m2")
    assert bob.until("banned")["user"]["login"] == "bob"
    bob.say("strict", "still here", "m3")
    assert bob.until("error")["code"] == "banned"
    wait_for(lambda: history(a, "strict") == [] == history(b, "strict"), 5, "the ban heard on both")


def test_health_is_a_canary_and_metrics_tell(nodes):
    for node in nodes:
        status, dependencies = health(node)
        assert status == 200 and dependencies["chat-bus"]["status"] == "healthy" and dependencies["chat-bus"]["latency_ms"] < 1000
        assert node.metric('twitch_circuit_breaker_state{circuit="chat_publish"} 0')
        assert node.metric("sluice_chat_nodes 1")
    assert metric(nodes[0], 'sluice_chat_node_lines_total{what="published"}') > 0
    assert metric(nodes[1], 'sluice_chat_node_lines_total{what="heard"}') > 0


def test_what_others_publish_is_dropped_and_told(nodes):
    a, _ = nodes
    page = a.page()
    page.join("demo", history=0)
    channel = f"chat:{page.join('demo')['channel_id']}"
    before = metric(a, 'sluice_chat_node_lines_total{what="malformed"}')
    for text in ("rubbish", '{"v":1,"type":"line","channel":1}', '{"v":1,"type":"heads"}'):
        nodes.redis.ask("PUBLISH", channel, text)
    wait_for(lambda: metric(a, 'sluice_chat_node_lines_total{what="malformed"}') == before + 3, 5, "the rubbish counted")
    wait_for(lambda: a.daemon.output().count("something else is published") == 1, 5, "one line of log")


class Load:
    """A page that says a numbered line every few milliseconds, and counts how many it saw come back at once."""

    def __init__(self, node, token, name, pause=0.02):
        self.node, self.name, self.pause = node, name, pause
        self.page = node.page(token)
        self.page.join("demo", history=0)
        self.said, self.late = [], []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        number = 0
        while not self.stopping.wait(self.pause):
            number += 1
            text = f"{self.name}{number}"
            begun = time.monotonic()
            self.page.say("demo", text, text)
            confirmed = self.page.until("confirmed")
            assert confirmed["key"] == text
            self.said.append(confirmed["id"])
            self.late.append(time.monotonic() - begun)

    def stop(self):
        self.stopping.set()
        self.thread.join(30)
        assert not self.thread.is_alive()


def test_redis_dies_under_load_and_nothing_is_lost_or_seen_twice():
    with joined(3) as nodes:
        readers = [Reader(node) for node in nodes]
        loads = [Load(nodes[0], nodes[0].ada, "a"), Load(nodes[1], nodes[1].bob, "b")]
        wait_for(lambda: all(len(load.said) > 20 for load in loads), 20, "some lines")
        nodes.redis.kill()
        wait_for(lambda: all(health(node)[1]["chat-bus"]["status"] == "unhealthy" for node in nodes), 5, "health tells")
        opened = 'twitch_circuit_breaker_state{circuit="chat_publish"} 2'  # shown ten times a second
        wait_for(lambda: nodes[0].metric(opened), 5, "the breaker is open")
        alone = [len(load.said) for load in loads]
        wait_for(lambda: all(len(load.said) > count + 50 for load, count in zip(loads, alone)), 20, "local delivery goes on")
        nodes.redis.start()
        back = time.monotonic()
        newest = loads[0].said[-1]
        wait_for(lambda: all(newest in reader.ids for reader in readers), 5, "lines cross again")
        assert time.monotonic() - back < 5
        wait_for(lambda: all(health(node)[0] == 200 for node in nodes), 5, "healthy again")
        for load in loads:
            load.stop()
        said = {line for load in loads for line in load.said}
        wait_for(lambda: all(said <= set(reader.ids) for reader in readers), 10, "everybody has everything")
        for reader in readers:
            reader.stop()
            assert not reader.twice and not reader.gaps
            assert len(reader.ids) == len(said)
        assert max(delay for load in loads for delay in load.late) < 1
        wait_for(lambda: history(nodes[0]) == history(nodes[1]) == history(nodes[2]), 10, "one history")
        assert all(node.daemon.process.poll() is None for node in nodes)


def test_redis_that_hangs_holds_nobody_up():
    with joined() as nodes:
        a, b = nodes
        speaker, reader = a.page(a.ada), b.page()
        speaker.join("demo")
        reader.join("demo")
        nodes.redis.process.send_signal(19)  # SIGSTOP: takes connections, answers nothing
        for number in range(20):
            begun = time.monotonic()
            speaker.say("demo", f"line {number}", f"h{number}")
            speaker.until("confirmed")
            assert time.monotonic() - begun < 1
        wait_for(lambda: health(a)[1]["chat-bus"]["status"] == "unhealthy", 10, "health tells")
        nodes.redis.process.send_signal(18)  # SIGCONT
        assert texts(reader, 20) == [f"line {number}" for number in range(20)]


@pytest.mark.parametrize("own_history", [False, True])
def test_a_node_is_killed_and_comes_back(own_history):
    with joined(own_history=own_history) as nodes:
        a, b = nodes
        on_a, on_b = a.page(a.ada), Reader(b)
        on_a.join("demo")
        for number in range(30):
            on_a.say("demo", f"before {number}", f"k{number}")
            on_a.until("confirmed")
        wait_for(lambda: len(on_b.ids) == 30, 5, "all crossed")
        nodes.kill(0)
        on_a.close()
        speaker = b.page(b.ada)
        speaker.join("demo")
        speaker.say("demo", "meanwhile", "m")
        speaker.until("confirmed")
        a.start()
        nodes.wait_joined()
        back = a.page(a.ada)
        found = back.join("demo", history=100)
        assert [message["text"] for message in found["history"]] == [*(f"before {number}" for number in range(30)), "meanwhile"]
        back.say("demo", "before 3", "k3")  # a repeat of what the run before took
        assert back.until("confirmed")["duplicate"]
        back.say("demo", "after", "after")
        back.until("confirmed")
        wait_for(lambda: len(on_b.ids) == 32, 5, "the new run is heard")
        on_b.stop()
        assert not on_b.twice and not on_b.gaps
        assert history(a) == history(b)


@pytest.mark.parametrize("own_history", [False, True])
def test_what_a_node_said_in_an_outage_is_told_though_it_was_killed_and_nobody_is_there(own_history):
    with joined(own_history=own_history) as nodes:
        a, b = nodes
        on_a, on_b = a.page(a.ada), Reader(b)
        on_a.join("demo", history=0)
        on_a.say("demo", "before", "before")
        on_a.until("confirmed")
        wait_for(lambda: len(on_b.ids) == 1, 5, "lines cross")
        nodes.redis.kill()
        wait_for(lambda: health(a)[0] == health(b)[0] == 503, 10, "both know that they are alone")
        for number in range(30):
            on_a.say("demo", f"alone {number}", f"k{number}")
            on_a.until("confirmed")
        file = f"{a.directory}/{'chat-0' if own_history else 'chat'}.db"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            wait_for(lambda: database.execute("SELECT count(*) FROM messages").fetchone()[0] == 31, 5, "they are written")
        nodes.kill(0)
        nodes.redis.start()
        a.start()
        wait_for(lambda: len(on_b.ids) == 31, 10, "who was elsewhere all the time hears them")
        on_b.stop()
        assert [text for _, text in on_b.lines] == ["before", *(f"alone {number}" for number in range(30))]
        assert not on_b.twice and not on_b.gaps


@pytest.mark.parametrize("own_history", [False, True])
def test_what_was_made_up_for_after_an_outage_stands_where_it_was_said_also_after_a_restart(own_history):
    with joined(own_history=own_history) as nodes:
        a, b = nodes
        on_a, on_b = a.page(a.ada), b.page(b.bob)
        for page in (on_a, on_b):
            page.join("demo", history=0)
        nodes.redis.kill()
        wait_for(lambda: health(a)[0] == health(b)[0] == 503, 10, "both know that they are alone")
        said, at, by_b = 0, 0, set()
        for _ in range(60):  # of what b makes up for there is more than a room shows
            for page in (on_a, on_a, on_a, on_a, on_b):
                said += 1
                while time.time_ns() // 1_000_000 <= at:  # a line a millisecond: behind more than that a's would be numbered as if said later
                    pass
                at = time.time_ns() // 1_000_000
                page.say("demo", f"line {said}", f"k{said}")
                line = page.until("confirmed")["id"]
            by_b.add(line)
        nodes.redis.start()
        nodes.wait_joined(20)
        wait_for(lambda: history(a) == history(b), 20, "one history")
        shown = history(b)
        assert len(set(shown) & by_b) > 10
        file = f"{b.directory}/{'chat-1' if own_history else 'chat'}.db"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            wait_for(lambda: database.execute("SELECT count(*) FROM messages").fetchone()[0] == said, 10, "all is written")
        nodes.kill(0)
        nodes.kill(1)
        b.start()  # with nobody to ask
        assert history(b) == shown
        a.start()
        nodes.wait_joined(20)
        wait_for(lambda: history(a) == history(b) == shown, 20, "one history again")


def test_a_password_is_asked_for_and_kept_out_of_sight(tmp_path):
    redis = RedisServer(password="open sesame")
    try:
        secret = tmp_path / "password"
        secret.write_text("open sesame\n")
        secret.chmod(0o600)
        with running("--chat-bus", redis.url(), "--redis-password-file", str(secret)) as chat:
            wait_for(lambda: health(chat)[0] == 200, 5, "healthy")
        with running("--chat-bus", redis.url()) as chat:
            wait_for(lambda: "NOAUTH" in health(chat)[1]["chat-bus"].get("error", ""), 5, "the refusal told")
        secret.chmod(0o644)
        for options, what in [(("--chat-bus", f"redis://:geheim@127.0.0.1:{redis.port}"), "on the command line"),
                              (("--chat-bus", "http://x"), "redis://"),
                              (("--chat-bus", redis.url(), "--redis-password-file", str(secret)), "everybody can read")]:
            with pytest.raises(AssertionError) as refused:
                with running(*options):
                    pass
            assert what in str(refused.value) and "geheim" not in str(refused.value)
    finally:
        redis.kill()
