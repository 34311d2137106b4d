"""Whispers between two chatd and a real Redis: each connection of its user hears one once, on whatever node it is."""
import select

from chat_crowd import speakers
from chat_nodes import joined
from harness import wait_for
import pytest


@pytest.fixture(scope="module")
def nodes():
    with joined() as nodes:
        wait_for(lambda: all(node.metric('twitch_circuit_breaker_state{circuit="chat_limits"} 0') for node in nodes), 10, "limits are shared")
        yield nodes


def whisper(page, text, key):
    page.say("demo", text, key)
    return page.until("notice")["code"]


def quiet(*peers):
    """No other whisper has come, neither with the first nor after it."""
    return not any(b"whisper" in peer.buffer.lower() for peer in peers) and not select.select([peer.socket for peer in peers], [], [], 0.3)[0]


def in_demo(node, token):
    page = node.page(token)
    page.join("demo", history=0)
    return page


def test_each_connection_hears_it_once_in_both_protocols(nodes):
    a, b = nodes
    ada, there, here = in_demo(a, a.ada), b.page(b.bob), a.page(a.bob)
    irc_there, irc_here, other = b.irc_peer("bob", b.bob), a.irc_peer("bob", a.bob), b.irc_peer("cyd", b.cyd)
    assert whisper(ada, "/w bob hello there", "w1") == "whisper_sent"
    told = [page.until("whisper") for page in (there, here)]
    assert told[0] == told[1] and told[0]["text"] == "hello there" and told[0]["user"]["login"] == "ada"
    lines = [peer.until("WHISPER")[-1] for peer in (irc_there, irc_here)]
    assert lines[0] == lines[1] and lines[0].endswith(":ada!ada@ada.tmi.twitch.tv WHISPER bob :hello there")
    assert f"message-id={told[0]['id']};" in lines[0]
    assert quiet(there, here, irc_there, irc_here, other)
    # The other way, from IRC, to somebody who is on the other node only.
    irc_there.send("PRIVMSG #whatever :/w ada back")
    assert ada.until("whisper")["text"] == "back"
    for peer in (there, here, irc_there, irc_here, other):
        peer.close()


def test_only_nodes_on_which_the_user_is_are_told(nodes):
    a, b = nodes
    (login, token), = speakers(a, "alone", 1)
    user = a.page(token)
    channel = next(name for name in nodes.redis.ask("PUBSUB", "CHANNELS", "chat-user:*") if name not in base(nodes))
    assert nodes.redis.ask("PUBSUB", "NUMSUB", channel)[1] == 1
    again = b.page(token)
    wait_for(lambda: nodes.redis.ask("PUBSUB", "NUMSUB", channel)[1] == 2, 5, "both nodes subscribe")
    user.close()
    wait_for(lambda: nodes.redis.ask("PUBSUB", "NUMSUB", channel)[1] == 1, 5, "the node that it left does not")
    again.close()
    wait_for(lambda: channel not in nodes.redis.ask("PUBSUB", "CHANNELS", "chat-user:*"), 5, "nobody does")


def base(nodes):
    """The channels of ada and bob."""
    return {"chat-user:1001", "chat-user:1002", "chat-user:1003"}


def test_who_is_on_no_node_is_told_of(nodes):
    a, b = nodes
    ada = in_demo(a, a.ada)
    assert whisper(ada, "/w cyd anybody?", "n1") == "whisper_restricted_recipient"
    cyd = b.irc_peer("cyd", b.cyd)
    assert whisper(ada, "/w cyd anybody?", "n2") == "whisper_sent"
    cyd.until("WHISPER cyd :anybody?")
    cyd.close()
    wait_for(lambda: "chat-user:1003" not in nodes.redis.ask("PUBSUB", "CHANNELS", "chat-user:*"), 5, "cyd has gone")
    assert whisper(in_demo(a, a.bob), "/w cyd anybody?", "n3") == "whisper_restricted_recipient"


def test_limits_count_on_all_nodes(nodes):
    a, b = nodes
    (_, token), (_, other) = speakers(a, "wordy", 2)
    pages = [in_demo(node, token) for node in nodes]
    heard = b.page(other)
    codes = []
    for number in range(8):
        codes.append(whisper(pages[number % 2], f"/w wordy1 line {number}", f"l{number}"))
    assert codes[:3] == ["whisper_sent"] * 3 and "whisper_limit_per_sec" in codes[3:]
    assert codes.count("whisper_sent") + codes.count("whisper_limit_per_sec") == 8
    assert [heard.until("whisper")["text"] for _ in range(3)] == [f"line {number}" for number in range(3)]


def test_forty_people_a_day_on_all_nodes(nodes):
    a, b = nodes
    (_, token), = speakers(a, "talker", 1)
    people = speakers(a, "person", 41)
    listeners = [nodes[number % 2].page(secret) for number, (_, secret) in enumerate(people)]
    nodes.redis.ask("SADD", f"chat-whispered:{user_id(a, token)}", *(f"9{number:05}" for number in range(39)))
    pages = [in_demo(node, token) for node in nodes]
    assert whisper(pages[0], "/w person0 hi", "p0") == "whisper_sent"
    assert listeners[0].until("whisper")["text"] == "hi"
    assert whisper(pages[1], "/w person1 hi", "p1") == "whisper_restricted"
    assert whisper(pages[1], "/w person0 again", "p2") == "whisper_sent"
    assert listeners[0].until("whisper")["text"] == "again"


def user_id(node, token):
    page = node.page()
    return page.log_in(node.ticket(token))["user"]["id"]


def test_without_redis_whispers_reach_who_is_on_the_same_node():
    with joined() as nodes:
        a, b = nodes
        ada, here, there = in_demo(a, a.ada), a.page(a.bob), b.page(b.bob)
        nodes.redis.kill()
        wait_for(lambda: a.metric('twitch_circuit_breaker_state{circuit="chat_limits"} 2'), 5, "the breaker is open")
        assert whisper(ada, "/w bob hello", "k1") == "whisper_sent"
        assert here.until("whisper")["text"] == "hello" and quiet(there)
        here.close()
        wait_for(lambda: whisper(ada, "/w bob hello", "k2") == "whisper_restricted_recipient", 5, "bob is not here")
        nodes.redis.start()
        wait_for(lambda: a.metric('twitch_circuit_breaker_state{circuit="chat_limits"} 0'), 10, "limits are shared again")
        wait_for(lambda: nodes.redis.ask("PUBSUB", "NUMSUB", "chat-user:1002")[1] == 1, 5, "b has subscribed again")
        wait_for(lambda: whisper(ada, "/w bob back", "k3") == "whisper_sent", 5, "it goes")
        assert there.until("whisper")["text"] == "back"
