"""The machine dies: every process at once, and what had not reached the disk. After the restart the ledger is whole up to the last
finished part that survived, and the publisher that comes back goes on in the same stream."""
import json
import os
import pathlib
import random
import signal

import pytest

from harness import Platform, get, wait_for
from ingest import records
from kills import below, judge, ledgers, now_ms, processes, read_all, walls
from numbered import ReturningPublisher, ledger_of

SEED = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))
BLOCK = 4096


def die(platform):
    """kill -9 of everything that the platform runs, at once."""
    members = {platform.process.pid: None} | below(platform.process.pid)
    for pid in members:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    platform.process.wait()
    wait_for(lambda: not any(row == members.get(pid) for pid, row in processes().items()), 15, "everything has ended")


def whole_lines(index):
    """[(where it begins, its fields)] of the lines that end."""
    found, at = [], 0
    for line in index.split(b"\n")[:-1]:
        found.append((at, line.decode().split(" ")))
        at += len(line) + 1
    return found


def newest(lines, rendition):
    """(file, [(where the line begins, offset, bytes)]) of the rendition's last segment."""
    mine = [(at, row) for at, row in lines if row[0] == "P" and row[1] == rendition]
    segment = mine[-1][1][2]
    return f"{rendition}/{segment}.m4s", [(at, int(row[4]), int(row[5])) for at, row in mine if row[2] == segment]


def torn_index(ledger, lines, dice):
    """The index ends in the middle of a line, and the file's last block is filled with zeros."""
    path = ledger / "index"
    at = lines[-dice.randint(1, 3)][0]
    text = path.read_bytes()[:at + dice.randint(1, 20)]
    path.write_bytes(text + bytes(-len(text) % BLOCK))
    return at


def short_media(ledger, lines, dice):
    """The newest segment's files are shorter than the index says."""
    lost = []
    for name in {row[1] for _, row in lines if row[0] == "P"}:
        file, parts = newest(lines, name)
        at, offset, size = parts[-1]
        os.truncate(ledger / file, offset + dice.randrange(size))
        lost.append(at)
    return min(lost)


def zeroed_media(ledger, lines, dice):
    """The newest segment's files are as long as they were and hold nothing; the index ends in mid-line."""
    lost = [torn_index(ledger, lines, dice)]  # it may be torn before the newest segment's first line
    for name in {row[1] for _, row in lines if row[0] == "P"}:
        file, parts = newest(lines, name)
        (ledger / file).write_bytes(bytes((ledger / file).stat().st_size))
        lost.append(parts[0][0])
    return min(lost)


def tear_store(platform):
    """A transaction that was half written, and shared memory that no power outlives."""
    for wal in platform.directory.glob("*.db-wal"):
        with open(wal, "ab") as file:
            file.write(random.randbytes(2000))
        pathlib.Path(str(wal).removesuffix("-wal") + "-shm").unlink(missing_ok=True)


@pytest.mark.parametrize("lose, size", [(torn_index, (320, 180)), (short_media, (854, 480)), (zeroed_media, (320, 180))],
                         ids=["index", "short", "zeros"])
def test_a_machine_that_dies_loses_what_it_had_not_written_and_nothing_else(lose, size):
    print("seed", SEED)
    dice = random.Random(f"{SEED} {lose.__name__}")
    with Platform() as platform:
        key = platform.channel("alice")
        with ReturningPublisher(platform.publish_url(key), width=size[0], height=size[1]) as publisher:
            platform.wait_live("alice", 30)
            ledger = ledger_of(platform)
            wait_for(lambda: max((int(row[2]) for row in records(ledger, "P")), default=0) >= 3 + dice.random(), 40, "some segments")
            die(platform)
            lines = whole_lines((ledger / "index").read_bytes())
            names = {row[1] for _, row in lines if row[0] == "P"}
            lost_from = lose(ledger, lines, dice)
            survivors = [row[:-1] for at, row in lines if at < lost_from]
            tear_store(platform)

            platform.up()
            playlist = f"http://127.0.0.1:{platform.port('origin')}/live/alice/{ledger.name}/source/playlist.m3u8"
            status, _, mended = get(playlist)
            assert status == 200, mended
            back = now_ms()
            wait_for(lambda: len(rows := walls(ledger)) >= len(names) and all(rows[name][-1] > back + 2500 for name in names), 40, "parts of all renditions")
            assert get(playlist)[2].count(b"#EXT-X-DISCONTINUITY\n") == 1
            assert publisher.stop(), publisher.output()
        assert len(ledgers(platform)) == 1, "the stream is the same"
        read = read_all(platform)
        assert records(ledger)[:len(survivors)] == survivors
        after = records(ledger, "P")[sum(row[0] == "P" for row in survivors):]
        for name in names:
            assert sum("D" in row[12] for row in after if row[1] == name) == 1, "one break, in every rendition"
        judged = {name: judge(results, publisher.sessions, []) for name, results in read.items() if not name.endswith("(shed)")}
        print(json.dumps(judged))
        for each in judged.values():
            assert each["lost"] == each["repeated"] == each["backwards"] == 0, judged
        events = platform.run("chanctl", "events", "--json")
        assert events.count('"stream.online"') == 1 and events.count('"stream.offline"') == 1
