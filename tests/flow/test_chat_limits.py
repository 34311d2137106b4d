"""Limits that two chatd keep together in a real Redis: what a thousand senders get through at once, and what holds while Redis is away."""
import collections
import signal
import subprocess
import threading
import time

import pytest

from chat_crowd import Crowd, passed, set_mode, speakers
from chat_nodes import health, joined, metric
from harness import tool, wait_for
from remote import RedisServer

SHARED = 'sluice_chat_shared_limits_total{{what="{}"}}'


def refused(page):
    """What the page's last message was refused with."""
    told = page.until("error")
    return told["code"], told.get("retry_after"), told.get("remaining")


def shares(node):
    """Whether the node asks Redis."""
    return node.metric('twitch_circuit_breaker_state{circuit="chat_limits"} 0')


def wait_shared(nodes):
    wait_for(lambda: all(shares(node) for node in nodes), 10, "the nodes keep their limits together")


@pytest.fixture(scope="module")
def loose():
    """No cooldown, windows of 100,000 messages, repeats allowed: what a test does not set itself does not bind."""
    with joined() as nodes:
        nodes.crowd = speakers(nodes[0], "many", 250)
        wait_shared(nodes)
        yield nodes


def everywhere(nodes, users, each=2):
    """Each user `each` times on each node."""
    return [(node, login, token) for _ in range(each) for login, token in users for node in nodes]


def test_one_user_on_a_thousand_connections_has_the_window_of_one():
    with joined(options=("--message-rate", "20")) as nodes:
        (user,) = speakers(nodes[0], "solo", 1)
        wait_shared(nodes)
        readers = [node.page() for node in nodes]
        for reader in readers:
            reader.join("demo", history=0)
        crowd = Crowd(everywhere(nodes, [user], 500))
        outcomes = crowd.say(lambda number: f"line {number}")
        assert len(outcomes) == 1000 and len(passed(outcomes)) == 20
        assert {notice for _, notice in outcomes if notice} == {"msg_ratelimit"}
        texts = [[reader.until("message")["text"] for _ in range(20)] for reader in readers]
        assert len(set(texts[0])) == 20 and set(texts[0]) == set(texts[1])
        assert all(metric(node, SHARED.format("late")) == 0 for node in nodes)
        crowd.close()


def test_one_user_on_a_thousand_connections_has_one_cooldown_in_each_room():
    with joined(options=("--cooldown", "60s")) as nodes:
        (user,) = speakers(nodes[0], "solo", 1)
        wait_shared(nodes)
        crowd = Crowd(everywhere(nodes, [user], 500))
        outcomes = crowd.say(lambda number: f"line {number}")
        assert len(passed(outcomes)) == 1 and {notice for _, notice in outcomes if notice} == {"msg_ratelimit"}
        crowd.close()


def test_who_is_refused_on_another_node_is_told_when_and_how_many():
    with joined(options=("--cooldown", "20s", "--message-rate", "3")) as nodes:
        a, b = nodes
        a.seed("channel", "second", "bob")
        a.seed("channel", "third", "bob")
        wait_shared(nodes)
        (login, token), (_, other) = speakers(a, "told", 2)
        on_a, on_b = a.page(token), b.page(token)
        for page in (on_a, on_b):
            for room in ("demo", "second", "third"):
                page.join(room)
        on_a.say("demo", "one", "1")
        on_a.until("confirmed")
        on_b.say("demo", "two", "2")
        code, retry, left = refused(on_b)
        assert code == "rate_limited" and 18 < retry <= 20 and left == 2
        on_b.say("second", "three", "3")
        on_b.until("confirmed")
        on_b.say("second", "four", "4")
        assert refused(on_b)[2] == 1
        on_a.say("third", "five", "5")
        on_a.until("confirmed")
        # The window of three is full: whatever the room.
        on_b.say("third", "six", "6")
        code, retry, left = refused(on_b)
        assert code == "rate_limited" and left == 0
        # The broadcaster has no cooldown, and five times the places.
        ada = [node.page(node.ada) for node in nodes]
        for page in ada:
            page.join("demo")
        for number in range(15):
            ada[number % 2].say("demo", f"line {number}", f"b{number}")
            ada[number % 2].until("confirmed")
        ada[1].say("demo", "line 15", "b15")
        code, retry, left = refused(ada[1])
        assert code == "rate_limited" and 0 < retry <= 30 and left == 0


def test_slow_mode_lets_each_user_speak_once_wherever_it_is(loose):
    set_mode(loose, "/slow 120")
    crowd = Crowd(everywhere(loose, loose.crowd))
    outcomes = crowd.say(lambda number: f"line {number}")
    through = [peer.login for peer in passed(outcomes)]
    assert len(outcomes) == 1000 and len(through) == 250 and len(set(through)) == 250
    assert {notice for _, notice in outcomes if notice} == {"msg_slowmode"}
    crowd.close()
    set_mode(loose, "/slowoff")


def test_unique_mode_lets_a_text_through_once(loose):
    set_mode(loose, "/uniquechat")
    crowd = Crowd(everywhere(loose, loose.crowd))
    outcomes = crowd.say(lambda number: "nobody said this before")
    assert len(passed(outcomes)) == 1 and {notice for _, notice in outcomes if notice} == {"msg_r9k"}
    outcomes = crowd.say(lambda number: f"text {number % 100}")
    assert len(passed(outcomes)) == 100
    crowd.close()
    set_mode(loose, "/uniquechatoff")


def test_a_user_repeats_itself_on_no_node():
    with joined(options=("--repeat-time", "60s")) as nodes:
        users = speakers(nodes[0], "many", 100)
        wait_shared(nodes)
        crowd = Crowd(everywhere(nodes, users))
        outcomes = crowd.say(lambda number: "the same of all")
        through = [peer.login for peer in passed(outcomes)]
        assert len(through) == 100 == len(set(through)) and {notice for _, notice in outcomes if notice} == {"msg_duplicate"}
        crowd.close()


def test_a_key_that_comes_to_two_nodes_at_once_is_one_message(loose):
    a, b = loose
    pages = [node.page(node.bob) for node in (a, b) for _ in range(10)]
    reader = a.page()
    reader.join("demo", history=0)
    for page in pages:
        page.join("demo", history=0)
    for number in range(50):
        for page in pages:
            page.say("demo", f"once {number}", f"once {number}")
        answers = [page.until("confirmed") for page in pages]
        assert len({(answer["id"], answer["origin"], answer["seq"]) for answer in answers}) == 1
        assert sum(not answer.get("duplicate", False) for answer in answers) == 1
        assert reader.until("message")["text"] == f"once {number}"


def test_a_script_that_the_server_forgot_is_sent_again(loose):
    a, b = loose
    set_mode(loose, "/slow 120")
    before = loose.redis.ask("INFO", "commandstats")
    (user,) = speakers(a, "afterflush", 1)
    crowd = Crowd(everywhere(loose, [user], 100))
    loose.redis.ask("SCRIPT", "FLUSH")
    outcomes = crowd.say(lambda number: f"line {number}")
    assert len(passed(outcomes)) == 1
    after = loose.redis.ask("INFO", "commandstats")
    assert calls(after, "eval") > calls(before, "eval")
    wholes = calls(after, "eval")
    crowd.say(lambda number: f"other line {number}")
    assert calls(loose.redis.ask("INFO", "commandstats"), "eval") == wholes  # known again
    assert metric(a, SHARED.format("late")) == 0
    crowd.close()
    set_mode(loose, "/slowoff")


def calls(stats, command):
    return next((int(line.split("calls=")[1].split(",")[0]) for line in stats.splitlines() if line.startswith(f"cmdstat_{command}:")), 0)


def test_redis_goes_and_comes_back_and_each_node_has_its_own_limits_meanwhile():
    with joined(options=("--cooldown", "2s", "--message-rate", "100000")) as nodes:
        a, b = nodes
        users = speakers(a, "many", 60)
        wait_shared(nodes)
        crowd = Crowd(everywhere(nodes, users[:20], 5))
        assert len(passed(crowd.say(lambda number: f"before {number}"))) == 20
        nodes.redis.kill()
        wait_for(lambda: not any(shares(node) for node in nodes), 5, "the breakers are open")
        others = Crowd(everywhere(nodes, users[20:40], 5))
        outcomes = others.say(lambda number: f"alone {number}")
        assert len(passed(outcomes)) == 40  # each on each node
        assert {notice for _, notice in outcomes if notice} == {"msg_ratelimit"}
        nodes.redis.start()
        wait_shared(nodes)
        third = Crowd(everywhere(nodes, users[40:], 5))
        assert len(passed(third.say(lambda number: f"after {number}"))) == 20
        assert all(node.daemon.process.poll() is None for node in nodes)


def test_redis_is_killed_while_a_thousand_speak():
    with joined(options=("--cooldown", "60s")) as nodes:
        users = speakers(nodes[0], "many", 300)
        wait_shared(nodes)
        crowd = Crowd(everywhere(nodes, users[:250]))
        halfway = threading.Event()

        def text(number):
            if number == 500:
                halfway.set()
            return f"line {number}"

        killer = threading.Thread(target=lambda: halfway.wait(10) and nodes.redis.kill())
        killer.start()
        outcomes = crowd.say(text)
        killer.join()
        through = collections.Counter(peer.login for peer in passed(outcomes))
        assert len(outcomes) == 1000 and len(through) == 250 and max(through.values()) <= 2  # one a node, when the nodes know nothing of each other
        assert {notice for _, notice in outcomes if notice} == {"msg_ratelimit"}
        nodes.redis.start()
        wait_shared(nodes)
        assert len(passed(Crowd(everywhere(nodes, users[250:])).say(lambda number: f"after {number}"))) == 50
        wait_for(lambda: all(health(node)[0] == 200 for node in nodes), 10, "healthy again")
        assert all(node.daemon.process.poll() is None for node in nodes)


def test_what_was_sent_while_redis_was_away_counts_when_it_is_back():
    with joined(options=("--cooldown", "60s")) as nodes:
        a, b = nodes
        (user,) = speakers(a, "solo", 1)
        wait_shared(nodes)
        nodes.redis.kill()
        wait_for(lambda: not any(shares(node) for node in nodes), 5, "the breakers are open")
        crowd = Crowd([(a, *user)])
        assert len(passed(crowd.say(lambda number: "one"))) == 1
        nodes.redis.start()
        wait_shared(nodes)
        assert len(passed(crowd.say(lambda number: "two"))) == 0


def test_a_redis_that_hangs_holds_nobody_up_and_the_own_limits_hold():
    with joined(options=("--cooldown", "60s")) as nodes:
        users = speakers(nodes[0], "many", 60)
        wait_shared(nodes)
        crowd, others = (Crowd(everywhere(nodes, some, 1)) for some in (users[:30], users[30:]))
        nodes.redis.process.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        outcomes = crowd.say(lambda number: f"line {number}")
        assert len(passed(outcomes)) == 60 and time.monotonic() - begun < 1
        again = time.monotonic()
        assert len(passed(others.say(lambda number: f"more {number}"))) == 60
        assert len(passed(crowd.say(lambda number: f"again {number}"))) == 0 and time.monotonic() - again < 1
        wait_for(lambda: not any(shares(node) for node in nodes), 5, "the breakers are open")
        late = sum(metric(node, SHARED.format("late")) for node in nodes)
        assert 20 <= late <= 60  # none of the others' lines: they were not asked about any more
        nodes.redis.process.send_signal(signal.SIGCONT)
        wait_shared(nodes)
        wait_for(lambda: all(health(node)[0] == 200 for node in nodes), 10, "healthy again")


def test_a_server_that_refuses_scripts_is_told_once_and_costs_no_message():
    with joined() as nodes:
        a, _ = nodes
        wait_shared(nodes)
        nodes.redis.ask("ACL", "SETUSER", "default", "-eval", "-evalsha")
        page = a.page(a.bob)
        page.join("demo", history=0)
        for number in range(20):
            page.say("demo", f"line {number}", f"n{number}")
            page.until("confirmed")
        wait_for(lambda: not shares(a), 5, "the breaker is open")
        said = a.daemon.output()
        assert said.count("this node's own hold") == 1 and "NOPERM" in said, said
        status, dependencies = health(a)
        fault = dependencies["chat-limits"]["error"]
        assert status != 200 and "NOPERM" in fault and "by itself" in fault, dependencies
        nodes.redis.ask("ACL", "SETUSER", "default", "+@all")
        wait_for(lambda: page.say("demo", "x", f"t{time.monotonic()}") or (page.until("confirmed") and shares(a)), 15, "asked again")
        assert health(a)[0] == 200


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_script_decides_as_a_node_that_is_alone(seed):
    """Cooldowns, windows, slow mode, repeats, by roles, with what was taken back: the same answers, to the millisecond."""
    with RedisServer() as redis:
        ran = subprocess.run([tool("limits_check"), redis.url(), str(seed), "4000"], capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, f"seed {seed}: {ran.stdout}{ran.stderr}"
        counts = dict(pair.rsplit(" ", 1) for pair in ran.stdout.strip().split(", "))
        assert all(int(counts[what]) > 50 for what in ("passes", "rate_limited", "slow_mode", "identical", "taken back")), counts
        # Everything that is kept lapses by itself.
        for key in redis.ask("KEYS", "*"):
            assert 0 < redis.ask("PTTL", key) <= 120_000, key
