"""chatd with real sockets: both protocols, between them, and through its death and return."""
import contextlib
import json
import signal
import socket
import sqlite3
import time

import pytest

from chat_peers import Closed, IrcPeer, Page, WebSocket
from chat_platform import running
from harness import get, wait_for

BURST = ("--automod", "none", "--cooldown", "0s", "--message-rate", "100000", "--repeat-time", "0s", "--room-rate", "0")


@pytest.fixture(scope="module")
def chat():
    with running("--cooldown", "0s", "--message-rate", "1000", "--join-rate", "1000") as chat:
        yield chat


def test_irc_over_tcp_and_pages_hear_each_other(chat):
    ada, bob, page = chat.irc_peer("ada", chat.ada), chat.irc_peer("bob", chat.bob), chat.page(chat.bob)
    joined = ada.join("demo")
    assert ":ada!ada@ada.tmi.twitch.tv JOIN #demo" in joined
    assert "USERSTATE" in joined[-2] and "ROOMSTATE" in joined[-1]
    bob.join("demo")
    page.join("demo")

    ada.send("@client-nonce=n7 PRIVMSG #demo :hello from IRC")
    assert "client-nonce=n7" in ada.until("USERSTATE #demo")[-1]
    assert bob.until("PRIVMSG #demo :hello from IRC")[-1].count("badges=broadcaster/1") == 1
    message = page.until("message")
    assert (message["text"], message["user"]["login"], message["badges"]) == ("hello from IRC", "ada", [["broadcaster", "1"]])

    page.say("demo", "hello from a page", "k1")
    assert page.until("confirmed")["key"] == "k1"
    assert page.until("message")["text"] == "hello from a page"
    # ada's own line never came back on her connection: the next PRIVMSG she gets is the page's.
    assert ada.until("PRIVMSG")[-1].endswith(":hello from a page")


def test_a_repeat_is_confirmed_and_not_said_twice(chat):
    page, reader = chat.page(chat.ada), chat.page()
    page.join("demo")
    reader.join("demo", history=0)
    page.say("demo", "once", "same")
    first = page.until("confirmed")
    page.say("demo", "once", "same")
    again = page.until("confirmed")
    assert again["duplicate"] and (again["id"], again["seq"]) == (first["id"], first["seq"])
    page.say("demo", "next", "other")
    assert [reader.until("message")["text"] for _ in range(2)] == ["once", "next"]


def test_a_page_that_comes_back_misses_nothing(chat):
    page, reader = chat.page(chat.ada), chat.page()
    page.join("demo")
    reader.join("demo")
    page.say("demo", "seen", "s1")
    seen = reader.until("message")
    reader.close()
    for number in range(5):
        page.say("demo", f"missed {number}", f"m{number}")
        page.until("confirmed")
    back = Page(chat.ws)
    joined = back.join("demo", after={seen["origin"]: seen["seq"]})
    assert [message["text"] for message in joined["history"]] == [f"missed {number}" for number in range(5)]
    assert not joined["gap"]
    page.say("demo", "live again", "s2")
    assert back.until("message")["text"] == "live again"


def test_a_page_that_comes_back_is_told_what_was_taken_off():
    with running("--cooldown", "0s", "--message-rate", "1000", "--automod", "none") as chat:
        page, ada, bob = chat.page(), chat.page(chat.ada), chat.page(chat.bob)
        page.join("demo")
        ada.join("demo")
        bob.join("demo")
        for who, text in ((bob, "rude 1"), (ada, "fine"), (bob, "rude 2")):
            who.say("demo", text, text)
            who.until("confirmed")
        seen = [page.until("message") for _ in range(3)]
        cursor = {seen[-1]["origin"]: seen[-1]["seq"]}
        page.close()
        ada.say("demo", f"/delete {seen[0]['id']}", "delete")
        ada.until("notice")
        back = chat.page()
        joined = back.join("demo", cursor=cursor)
        assert joined["removed"] == {"ids": [seen[0]["id"]]} and not joined["gap"]
        ada.say("demo", "/timeout bob 60", "timeout")
        ada.say("demo", "later", "later")
        banned = back.until("banned")
        assert back.until("message")["text"] == "later"
        joined = chat.page().join("demo", cursor=cursor)
        assert joined["removed"] == {"ids": [seen[0]["id"]], "users": [{"id": banned["user"]["id"], "at": banned["at"]}]}
        assert [each["text"] for each in joined["history"]] == ["later"]

        wait_for(lambda: archived(chat, "later"), what="the message in the file")
        chat.daemon.process.send_signal(signal.SIGKILL)
        chat.daemon.process.wait()
        chat.start()
        joined = chat.page().join("demo", cursor=cursor)
        assert sorted(joined["removed"]["ids"]) == sorted([seen[0]["id"], seen[2]["id"]])
        assert [each["text"] for each in joined["history"]] == ["later"]


def test_what_was_said_long_ago_is_replied_to():
    with running(*BURST) as chat:
        ada, bob, reader = chat.irc_peer("ada", chat.ada), chat.irc_peer("bob", chat.bob), chat.page()
        for peer in (ada, bob):
            peer.join("demo")
        reader.join("demo")
        bob.send("PRIVMSG #demo :the root")
        root = reader.until("message")["id"]
        ada.send(*[f"PRIVMSG #demo :line {i}" for i in range(300)])
        for _ in range(300):
            reader.until("message")
        ada.send(f"@reply-parent-msg-id={root} PRIVMSG #demo :late", "PRIVMSG #demo :behind it")
        late = bob.until("late")[-1]
        assert f"reply-parent-msg-id={root};" in late and "reply-parent-msg-body=the\\sroot;" in late
        assert late.endswith("PRIVMSG #demo :@bob late")
        assert reader.until("message")["reply"]["text"] == "the root"
        assert reader.until("message")["text"] == "behind it"
        ada.send(f"PRIVMSG #demo :/delete {root}")
        ada.until("delete_message_success")
        ada.send(f"@reply-parent-msg-id={root} PRIVMSG #demo :too late")
        assert "reply" not in reader.until("message")


def test_presence_counts_people(chat):
    watcher = chat.page()
    before = watcher.join("demo")["viewers"]
    others = [chat.irc_peer("justinfan%d" % number) for number in range(3)]
    for other in others:
        other.join("demo")
    while watcher.until("presence")["viewers"] != before + 3:
        pass
    for other in others:
        other.close()
    while watcher.until("presence")["viewers"] != before:
        pass


def test_refusals(chat):
    stranger = IrcPeer(chat.irc)
    stranger.send("PASS oauth:wrong", "NICK ada")
    assert stranger.line() == ":tmi.twitch.tv NOTICE * :Login authentication failed"
    with pytest.raises(Closed):
        stranger.line()
    cyd = chat.irc_peer("cyd", chat.cyd)
    cyd.send("PRIVMSG #demo :may I")
    assert "msg-id=no_permission" in cyd.until("NOTICE")[-1]
    cyd.send("JOIN #nowhere", "PING x")
    assert cyd.line() == ":tmi.twitch.tv PONG tmi.twitch.tv :x"  # silence about the room
    page = chat.page()
    page.ask(type="join", channel="nowhere")
    assert page.object()["code"] == "no_such_channel"
    ticket = chat.ticket(chat.ada)
    assert page.log_in(ticket)["type"] == "authenticated"
    assert Page(chat.ws).log_in(ticket)["code"] == "auth_failed"  # good once


def test_which_pages_may_open_a_socket(chat):
    assert WebSocket(chat.ws, "/json", origin="http://evil.example").status == 403
    assert WebSocket(chat.ws, "/json", origin="null").status == 403
    assert WebSocket(chat.ws, "/json", origin="http://127.0.0.1:8080").status == 101
    assert WebSocket(chat.ws, "/other").status == 404
    # A client of the dialect in a page or in an overlay logs in with a token of its own, wherever it was loaded from.
    for origin in ("null", "file://", "https://overlay.example"):
        assert WebSocket(chat.ws, "/", protocol="irc", origin=origin).status == 101
        assert WebSocket(chat.ws, "/", origin=origin).status == 403
        assert WebSocket(chat.ws, "/json", protocol="irc", origin=origin).status == 403
    assert get(f"http://127.0.0.1:{chat.ws}/")[0] == 426


def test_the_subprotocol_is_echoed_only_when_asked(chat):
    asked = WebSocket(chat.ws, protocol="irc")
    assert asked.headers["sec-websocket-protocol"] == "irc"
    plain = WebSocket(chat.ws)
    assert "sec-websocket-protocol" not in plain.headers
    for peer in (asked, plain):
        peer.send("NICK justinfan1")  # a frame without CR LF
        assert " 376 justinfan1 :>\r\n" in peer.message()
        peer.send("PING\r\n")
        assert peer.message() == "PONG :tmi.twitch.tv\r\n"
    first = WebSocket(chat.ws)
    first.send('{"type":"ping"}')
    assert [json.loads(first.message())["type"] for _ in range(2)] == ["hello", "pong"]


@pytest.mark.parametrize("frame,code", [
    (b"\x81\x02hi", 1002), (b"\xc1\x80\0\0\0\0", 1002), (b"\x83\x80\0\0\0\0", 1002), (b"\x80\x80\0\0\0\0", 1002),
    (b"\x09\x80\0\0\0\0", 1002), (b"\x89\xfe\x00\x7e\0\0\0\0", 1002), (b"\x88\x81\0\0\0\0\x03", 1002),
    (b"\x88\x82\0\0\0\0\x03\xed", 1002), (b"\x81\x82\0\0\0\0\xc0\xaf", 1007), (b"\x81\x81\0\0\0\0\xc3", 1007),
    (b"\x82\x80\0\0\0\0", 1003), (b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 1009), (b"\x81\xfe\x40\x01\0\0\0\0", 1009),
    (b"\x88\x82\0\0\0\0\x0f\xa1", 4001), (b"\x88\x80\0\0\0\0", 1000),
])
def test_broken_frames_close_with_the_right_code(chat, frame, code):
    peer = WebSocket(chat.ws)
    peer.socket.sendall(frame)
    with pytest.raises(Closed) as closed:
        peer.message()
    assert closed.value.code == code


def test_bytes_one_at_a_time(chat):
    peer = IrcPeer(chat.irc)
    for byte in b"CAP REQ :twitch.tv/tags\r\nNICK justinfan9\r\nJOIN #demo\r\n":
        peer.socket.sendall(bytes([byte]))
    assert "366" in peer.until(" 366 ")[-1]


def test_metrics_health_and_control(chat):
    page = chat.page(chat.ada)
    page.join("demo")
    page.say("demo", "counted", "c1")
    page.until("confirmed")
    assert chat.metric('twitch_chat_messages_total{channel_id="1001"}')
    wait_for(lambda: not chat.metric('twitch_websocket_connections{server_instance="chatd"} 0'), what="the gauge of connections")
    assert get(f"http://127.0.0.1:{chat.metrics}/health")[0] == 200
    room = chat.ask("rooms")["rooms"][0]
    assert room["channel"] == "demo" and room["members"] >= 1 and room["seq"] >= 1


def test_viewers_reach_the_store(chat):
    chat.seed("live", "demo")
    page = chat.page()
    page.join("demo")
    wait_for(lambda: int(chat.seed("viewers", "demo")) >= 1, seconds=25, what="the viewer count in the store")


def test_what_was_said_survives_kill_9():
    with running("--cooldown", "0s") as chat:
        page = chat.page(chat.ada)
        page.join("demo")
        page.say("demo", "remember me", "r1")
        confirmed = page.until("confirmed")
        wait_for(lambda: archived(chat, "remember me"), what="the message in the file")
        chat.daemon.process.send_signal(signal.SIGKILL)
        chat.daemon.process.wait()
        chat.start()
        back = chat.page(chat.ada)
        joined = back.join("demo")
        assert [message["text"] for message in joined["history"]] == ["remember me"]
        assert joined["history"][0]["first"]
        back.say("demo", "remember me", "r1")  # a page that never saw the confirmation sends again
        again = back.until("confirmed")
        assert again["duplicate"] and again["id"] == confirmed["id"]
        back.say("demo", "after", "r2")
        after = back.until("confirmed")
        resumed = Page(chat.ws).join("demo", after={confirmed["origin"]: confirmed["seq"]})
        assert [message["seq"] for message in resumed["history"]] == [after["seq"]]
        assert resumed["history"][0]["origin"] != confirmed["origin"] and not resumed["gap"]
        assert "first" not in resumed["history"][0]  # who spoke before the restart is known
        # A page that saw nothing of the run before was told where that began: nothing is missing between.
        quiet = Page(chat.ws).join("demo", after={"an-earlier-run": 0})
        assert not quiet["gap"] and len(quiet["history"]) == 2


def test_a_key_of_five_minutes_is_known_after_kill_9_however_much_was_said_since():
    with running("--cooldown", "0s", "--message-rate", "1000", "--automod", "none", "--repeat-time", "0s") as chat:
        page, other = chat.page(chat.ada), chat.page(chat.bob)
        for each in page, other:
            each.join("demo")
        page.say("demo", "once", "once")
        confirmed = page.until("confirmed")
        for number in range(300):  # half again as many as a room's history has
            other.say("demo", f"line {number}", f"n{number}")
            other.until("confirmed")
        wait_for(lambda: archived(chat, "line 299"), what="all in the file")
        chat.daemon.process.send_signal(signal.SIGKILL)
        chat.daemon.process.wait()
        chat.start()
        back, again = chat.page(chat.ada), chat.page(chat.bob)
        assert "once" not in [message["text"] for message in back.join("demo")["history"]]
        again.join("demo")
        back.say("demo", "once", "once")
        repeated = back.until("confirmed")
        assert repeated["duplicate"] and [repeated[of] for of in ("id", "origin", "seq")] == [confirmed[of] for of in ("id", "origin", "seq")]
        again.say("demo", "line 0", "n0")
        assert again.until("confirmed")["duplicate"]
        again.say("demo", "line 0", "new")  # another key is another message
        assert "duplicate" not in again.until("confirmed")
        back.say("demo", "line 0", "n0")  # and another's key is another, too
        assert "duplicate" not in back.until("confirmed")


def archived(chat, text):
    with contextlib.closing(sqlite3.connect(f"file:{chat.directory}/chat.db?mode=ro", uri=True)) as database:
        return database.execute("SELECT count(*) FROM messages WHERE text = ?", (text,)).fetchone()[0]



def test_a_run_that_is_out_of_mind_is_no_gap():
    """Who heard all of an earlier run has missed nothing when 200 lines of a later one have been said, and chatd is started again."""
    with running(*BURST) as chat:
        page, cursor = chat.page(), None

        def say(count, word):
            bob = chat.irc_peer("bob", chat.bob)
            bob.join("demo")
            bob.send(*(f"PRIVMSG #demo :{word} {number}" for number in range(count)))
            for _ in range(count):
                heard = page.until("message")
                cursor[heard["origin"]] = heard["seq"]

        def restart():
            with contextlib.closing(sqlite3.connect(chat.directory / "chat.db", timeout=20)) as database:
                wait_for(lambda: database.execute("SELECT count(*) FROM messages").fetchone() == (said,), 20, "the history to be written")
            chat.daemon.process.send_signal(signal.SIGKILL)
            chat.daemon.process.wait()
            chat.start()
            return chat.page()

        cursor, said = dict(page.join("demo")["cursor"]), 30
        say(30, "a")
        page = restart()
        assert not page.join("demo", cursor=cursor)["gap"]
        say(210, "b")
        said = 240
        for _ in range(2):
            page = restart()
            joined = page.join("demo", cursor=cursor)
            assert not joined["gap"] and joined["history"] == [], joined
        behind = {origin: seq - (seq == 30) for origin, seq in cursor.items()}
        assert chat.page().join("demo", cursor=behind)["gap"]


def test_what_cannot_be_written_waits_for_the_disk():
    """Said and delivered meanwhile, told by /health, and in the history as soon as it can be."""
    with running(*BURST) as chat, contextlib.closing(sqlite3.connect(chat.directory / "chat.db", timeout=20, isolation_level=None)) as database:
        bob, page = chat.irc_peer("bob", chat.bob), chat.page()
        bob.join("demo")
        page.join("demo")
        health = lambda: json.loads(get(f"http://127.0.0.1:{chat.metrics}/health")[2])["dependencies"]["history"]
        assert health()["status"] == "healthy"
        database.execute("CREATE TRIGGER no BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'it is full'); END")
        bob.send("PRIVMSG #demo :while it is full")
        assert page.until("message")["text"] == "while it is full"
        wait_for(lambda: health()["status"] == "unhealthy", 20, "its history to be unhealthy")
        assert "it is full" in health()["error"]
        assert database.execute("SELECT count(*) FROM messages").fetchone() == (0,)
        database.execute("DROP TRIGGER no")
        wait_for(lambda: health()["status"] == "healthy", 20, "its history to be healthy again")
        assert database.execute("SELECT text FROM messages").fetchall() == [("while it is full",)]
        assert chat.daemon.output().count("the chat history cannot be written") == 1


def test_a_history_that_hangs_holds_nobody_up():
    """Who comes, speaks, and is banned does not wait for the history's disk."""
    with running(*BURST) as chat, contextlib.closing(sqlite3.connect(chat.directory / "chat.db", timeout=20, isolation_level=None)) as database:
        bob, page = chat.irc_peer("bob", chat.bob), chat.page(chat.ada)
        bob.join("demo")
        page.join("demo")
        health = lambda: json.loads(get(f"http://127.0.0.1:{chat.metrics}/health")[2])["dependencies"]["history"]
        database.execute("BEGIN IMMEDIATE")
        for number in range(3):
            bob.send(f"PRIVMSG #demo :meanwhile {number}")
            assert page.until("message")["text"] == f"meanwhile {number}"
            begun = time.monotonic()
            late = chat.irc_peer("bob", chat.bob)
            late.join("demo")
            assert time.monotonic() - begun < 2, "a login waited for the history"
        wait_for(lambda: health()["status"] == "unhealthy", 20, "its history to be unhealthy")
        database.execute("ROLLBACK")
        wait_for(lambda: health()["status"] == "healthy", 20, "its history to be healthy again")
        wait_for(lambda: database.execute("SELECT text FROM messages ORDER BY row").fetchall() == [(f"meanwhile {number}",) for number in range(3)], 20, "all of it to be there")


def test_sigterm_tells_everyone_to_come_back():
    with running() as chat:
        bot, page, web = chat.irc_peer("bob", chat.bob), chat.page(), WebSocket(chat.ws, protocol="irc")
        web.send("NICK justinfan1")
        web.message()
        bot.join("demo")
        page.join("demo")
        chat.daemon.process.terminate()
        assert bot.until("RECONNECT")[-1] == ":tmi.twitch.tv RECONNECT"
        assert page.until("reconnect")["after"] > 0
        assert web.message() == ":tmi.twitch.tv RECONNECT\r\n"
        for peer in (page, web):
            with pytest.raises(Closed) as closed:
                peer.message()
            assert closed.value.code == 1012
        for peer in (bot, page, web):
            peer.close()
        assert chat.daemon.process.wait(10) == 0


def test_a_reader_that_does_not_read_is_told_and_dropped():
    with running("--cooldown", "0s", "--message-rate", "100000", "--queue", "256K", "--tick", "0s") as chat:
        slow = IrcPeer(chat.irc)
        slow.log_in("justinfan1")
        slow.join("demo")
        page = chat.page(chat.ada)
        page.join("demo")
        sent = 0
        while not chat.metric("sluice_chat_slow_consumers_total 1"):
            for _ in range(100):
                page.say("demo", "x" * 500, f"k{sent}")
                sent += 1
            for _ in range(100):
                page.until("message")
            assert sent < 50000
        assert slow.until("NOTICE")[-1].endswith(":You are reading too slowly and have been disconnected.")
        with pytest.raises((Closed, ConnectionError)):
            slow.line()


@pytest.mark.parametrize("threads, members", [(1, 3), (4, 300)])
def test_more_at_once_than_may_wait_drops_nobody_who_reads(threads, members):
    """Lines that come in one turn of the loop go out together, here as several times --queue."""
    with running(*BURST, "--queue", "16K", "--threads", str(threads)) as chat:
        readers = [chat.irc_peer(f"justinfan{number}") for number in range(1, members)]
        readers += [chat.irc_peer("justinfan9001", tls=chat.trusting())]
        for reader in readers:
            reader.join("demo")
        page = chat.page()
        page.join("demo")
        ada = chat.irc_peer("ada", chat.ada)
        ada.join("demo")
        for round in range(3):
            ada.send(*(f"PRIVMSG #demo :{round}.{number} " + "\U0001f600" * 480 for number in range(20)))
            wanted = [f"{round}.{number}" for number in range(20)]
            for reader in readers:
                assert [reader.until(" PRIVMSG ")[-1].split(" PRIVMSG #demo :")[1].split()[0] for _ in wanted] == wanted
            assert [page.until("message")["text"].split()[0] for _ in wanted] == wanted
        assert chat.metric("sluice_chat_slow_consumers_total 0")


def test_limits():
    with running("--login-time", "1s", "--connections", "3") as chat:
        silent = IrcPeer(chat.irc, timeout=20)
        assert silent.line() == ":tmi.twitch.tv NOTICE * :Login unsuccessful"
        with pytest.raises(Closed):
            silent.line()
        silent.close()
        bob = chat.irc_peer("bob", chat.bob)
        bob.join("demo")
        bob.send("PRIVMSG #demo :one", "PRIVMSG #demo :two")
        assert "msg-id=msg_ratelimit" in bob.until("NOTICE")[-1]
        held = [chat.irc_peer("justinfan%d" % number) for number in range(2)]
        with pytest.raises((Closed, ConnectionError)):
            chat.irc_peer("justinfan9")
        assert len(held) == 2


def test_a_revoked_token_ends_its_connections_and_no_others(chat):
    token = chat.seed("token", "bob", "chat:read,chat:edit")
    irc, page, other = chat.irc_peer("bob", token), chat.page(token), chat.irc_peer("bob", chat.bob)
    framed = WebSocket(chat.ws, protocol="irc")
    framed.send(f"PASS oauth:{token}\r\nNICK bob\r\n")
    while " 376 " not in framed.message():
        pass
    for peer in (irc, other):
        peer.join("demo")
    page.join("demo")

    chat.chanctl("token", "revoke", stdin=token)
    assert irc.until("NOTICE")[-1] == ":tmi.twitch.tv NOTICE * :Login authentication failed"
    with pytest.raises(Closed):
        irc.line()
    assert page.until("error")["code"] == "token_revoked"
    with pytest.raises(Closed) as closed:
        page.object()
    assert closed.value.code == 1008
    assert framed.message() == ":tmi.twitch.tv NOTICE * :Login authentication failed\r\n"
    with pytest.raises(Closed) as closed:
        framed.message()
    assert closed.value.code == 1008
    other.send("PRIVMSG #demo :still here")
    assert "USERSTATE" in other.until("USERSTATE")[-1]


def test_an_expired_token_ends_its_connections(chat):
    token = chat.chanctl("token", "issue", "bob", "--scope", "chat:read", "--expires", "2s")
    irc = chat.irc_peer("bob", token)
    assert irc.until("NOTICE")[-1].endswith("Login authentication failed")


def test_a_token_revoked_while_chatd_is_away_opens_nothing_when_it_is_back():
    with running() as chat:
        chat.irc_peer("bob", chat.bob).join("demo")
        chat.daemon.stop()
        chat.chanctl("token", "revoke", stdin=chat.bob)
        chat.start()
        late = IrcPeer(chat.irc)
        late.send(f"PASS oauth:{chat.bob}", "NICK bob")
        assert late.line().endswith("Login authentication failed")


def test_pages_hear_of_titles_and_of_going_live(chat):
    chat.seed("channel", "nova", "bob")
    page = chat.page()
    page.join("nova")
    chat.chanctl("channel", "set-title", "nova", "A new day")
    assert page.until("title") == {"type": "title", "channel": "nova", "title": "A new day"}
    chat.seed("live", "nova")
    assert page.until("stream") == {"type": "stream", "channel": "nova", "live": True}
