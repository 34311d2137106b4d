"""A hot room's ceiling: readers of both protocols get a sample and are told what it leaves out, who has to sees everything, and the history has it all."""
import json

import pytest

from chat_peers import tags
from chat_platform import running
from test_reload import Config

RATE = 20
SAID = 180  # fewer than the history hands out at once
HOT = ("--automod", "none", "--cooldown", "0s", "--message-rate", "100000", "--login-rate", "1000", "--repeat-time", "0s", "--tick", "20ms")


@pytest.fixture(scope="module")
def chat():
    with running(*HOT, "--room-rate", str(RATE)) as chat:
        yield chat


def crowd(chat, count):
    """Users who have joined as pages, to speak."""
    pages = []
    for number in range(count):
        chat.seed("user", f"talker{number}")
        page = chat.page(chat.seed("token", f"talker{number}", "chat:read,chat:edit"))
        page.join("demo")
        pages.append(page)
    return pages


def heat(pages, word):
    """All say lines as fast as they can; the texts."""
    for number in range(SAID):
        pages[number % len(pages)].say("demo", f"{word} {number}", f"{word}{number}")
    return [f"{word} {number}" for number in range(SAID)]


def page_heard(page, said):
    """The messages that a page is shown, and how many it is told were left out, until these are `said` together."""
    shown, left_out = [], 0
    while len(shown) + left_out < said:
        found = page.object()
        if found["type"] == "message":
            shown.append(found)
        elif found["type"] == "sampled":
            left_out += found["left_out"]
            assert 0 <= found["told"] <= len(shown)
    return shown, left_out


def test_readers_get_a_sample_and_are_told_who_has_to_sees_everything(chat):
    pages = crowd(chat, 6)
    chat.seed("user", "keeper")
    keeper = chat.irc_peer("keeper", chat.seed("token", "keeper", "chat:read,chat:edit"))
    keeper.join("demo")
    page, irc = chat.page(), chat.irc_peer("justinfan1")
    page.join("demo", history=0)
    irc.join("demo")
    ada = chat.irc_peer("ada", chat.ada)
    ada.join("demo")
    ada.send("PRIVMSG #demo :/mod keeper")
    ada.until("NOTICE", "keeper")
    texts = heat(pages, "hot")
    for speaker in pages[1:]:
        for _ in range(SAID // len(pages)):
            assert speaker.until("confirmed")
    ada.send("PRIVMSG #demo :the end")  # the broadcaster's lines are everybody's

    everything = [line.rsplit(":", 1)[1] for line in keeper.until("PRIVMSG", ":the end") if " PRIVMSG " in line]
    assert sorted(everything[:-1]) == sorted(texts)

    shown, left_out = page_heard(page, SAID + 1)
    assert shown[-1]["text"] == "the end"
    assert RATE <= len(shown) - 1 < SAID and len(shown) + left_out == SAID + 1
    numbers = [message["seq"] for message in shown]
    assert numbers == sorted(set(numbers))

    lines = irc.until("PRIVMSG", ":the end")
    read = [line.rsplit(":", 1)[1] for line in lines if " PRIVMSG " in line]
    assert read == [message["text"] for message in shown]  # everybody is shown the same
    if not any("NOTICE" in line for line in lines):
        lines = irc.until("NOTICE")
    notice = next(line for line in lines if "NOTICE" in line)
    assert tags(notice)["msg-id"] == "room_sampled"
    assert "NOTICE #demo :This room is busy: " in notice and notice.endswith(" messages were shown to everybody.")

    # A sender is shown all of its own, and of the others what everybody is.
    seen = []
    while "the end" not in seen:
        seen.append(pages[0].until("message")["text"])
    its_own = {f"hot {number}" for number in range(0, SAID, len(pages))}
    assert set(seen) == its_own | set(read)

    # What was left out is in the history.
    back = chat.page()
    history = back.join("demo", cursor={shown[0]["origin"]: numbers[-2]})["history"]
    assert [message["seq"] for message in history][:SAID + 1 - numbers[-2]] == list(range(numbers[-2] + 1, SAID + 2))
    left_out_ever = next(room["left_out"] for room in chat.ask("rooms")["rooms"] if room["channel"] == "demo")
    assert left_out_ever >= left_out
    assert chat.metric(f"sluice_chat_left_out_total {left_out_ever}")


def test_without_a_rate_all_is_shown_and_a_reload_sets_one(tmp_path):
    config = Config(tmp_path / "chatd.conf", room_rate=0)
    with running(*HOT, "--config", str(config.path)) as chat:
        pages, reader = crowd(chat, 4), chat.page()
        reader.join("demo", history=0)
        texts = heat(pages, "all")
        assert sorted(reader.until("message")["text"] for _ in range(SAID)) == sorted(texts)

        config.write(room_rate=5)
        config.reload(chat.daemon)
        heat(pages, "some")
        while (found := reader.object())["type"] != "sampled":
            assert found["type"] in ("message", "presence"), json.dumps(found)
        assert found["left_out"] > 0
