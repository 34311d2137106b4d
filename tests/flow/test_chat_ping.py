"""IRC's PING, by which a client and chatd know that the other is there."""
import time

from chat_peers import Closed
from chat_platform import running


def test_who_answers_stays_and_who_says_nothing_for_a_minute_is_closed():
    with running("--ping", "1s") as chat:
        silent, lively = chat.irc_peer("bob", chat.bob), chat.irc_peer("ada", chat.ada)
        begun = time.monotonic()
        assert silent.until("PING")[-1] == "PING :tmi.twitch.tv"
        silent.socket.settimeout(0.01)
        closed = None
        while closed is None and time.monotonic() - begun < 75:
            assert lively.until("PING")[-1] == "PING :tmi.twitch.tv"
            lively.send("PONG :tmi.twitch.tv")
            try:
                while True:
                    silent.line()
            except TimeoutError:
                pass
            except Closed:
                closed = time.monotonic() - begun
        assert closed is not None and closed > 55, closed
        lively.send("PING :still here")
        assert lively.until("PONG")[-1].endswith(":still here")


def test_a_client_may_ask_whether_it_is_heard():
    with running() as chat:
        peer = chat.irc_peer("justinfan5")
        peer.send("PING", "PING :a b")
        assert peer.until("PONG", "a b")[-1] == ":tmi.twitch.tv PONG tmi.twitch.tv :a b"
