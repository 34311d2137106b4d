"""What an SRT link loses of a transport stream: what is left becomes a ledger without a contradiction, and players go on."""
import contextlib
import json
import subprocess

import pytest

from harness import program, wait_for
from ingest import KEY, Ingest, assert_lint, assert_unbroken, ended, media_seconds, parts, records
from srt_caller import Caller

SECONDS = 12
PACKET, MESSAGE = 188, 1316
SOUNDS = {"audio": 0x101, "audio2": 0x102}


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """The packets of a picture with two sounds whose clock wraps on the way."""
    path = tmp_path_factory.mktemp("film") / "film.ts"
    subprocess.run(["ffmpeg", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i",
                    "sine=sample_rate=48000", "-f", "lavfi", "-i", "sine=frequency=880:sample_rate=48000", "-map", "0", "-map", "1", "-map", "2",
                    "-t", str(SECONDS), "-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mpegts",
                    "-mpegts_start_pid", "0x100", "-output_ts_offset", "95438", str(path)], check=True)
    data = path.read_bytes()
    return [data[at:at + PACKET] for at in range(0, len(data), PACKET)]


def pid(packet):
    return (packet[1] & 0x1f) << 8 | packet[2]


def begins(packet):
    return packet[1] & 0x40 != 0


def without_units(packets, of, first, count):
    """Without `count` PES packets of a PID, from its `first` on."""
    kept, unit = [], -1
    for packet in packets:
        if pid(packet) == of:
            unit += begins(packet)
            if first <= unit < first + count:
                continue
        kept.append(packet)
    return kept


def units(packets, of):
    return sum(pid(packet) == of and begins(packet) for packet in packets)


@contextlib.contextmanager
def sent(packets):
    """The ledger of a caller who sends these, as fast as it goes."""
    with Ingest("--pipeline", "segmenter", "--srt-latency", "500ms", "--grace", "0s") as ingest:
        data = b"".join(packets)
        with Caller(ingest.srt_port, KEY) as caller:
            for at in range(0, len(data), MESSAGE):
                assert caller.send(data[at:at + MESSAGE])
            ledger = wait_for(lambda: ingest.ledgers() and ingest.ledgers()[0], 60, "a ledger")
            wait_for(lambda: records(ledger, "R") and media_seconds(ledger) > SECONDS - 2, 60, "most of the film")
        wait_for(lambda: ended(ledger), 60, "the end record")
        assert {row[1] for row in records(ledger, "P")} == {"source", *SOUNDS}
        assert_unbroken(ledger)
        yield ledger


def played(ledger, rendition):
    """Seconds of sound that a decoder makes of it, and what it complains of."""
    media = b"".join(path.read_bytes() for path in [ledger / rendition / "init-0.mp4", *sorted((ledger / rendition).glob("*.m4s"), key=lambda path: int(path.stem))])
    done = subprocess.run(["ffmpeg", "-v", "error", "-i", "-", "-af", "aresample=async=1", "-f", "s16le", "-ac", "1", "-ar", "48000", "-"], input=media,
                          capture_output=True, timeout=60)
    return len(done.stdout) / 2 / 48000, done.stderr.decode()


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("count", [1, 3], ids=["one", "three"])
def test_lost_packets_of_sound(film, name, count):
    of = SOUNDS[name]
    middle = units(film, of) // 2
    with sent(without_units(film, of, middle, count)) as ledger:
        assert_lint(ledger)
        assert not any("G" in row[12] or "D" in row[12] for row in records(ledger, "P"))
        for each in SOUNDS:
            assert media_seconds(ledger, each) == pytest.approx(media_seconds(ledger), abs=0.7)
            seconds, complaints = played(ledger, each)
            assert seconds == pytest.approx(media_seconds(ledger, each), abs=0.3) and not complaints, (each, complaints)


def test_seconds_of_sound_are_lost(film):
    """Segments without any are gaps, those with some are whole."""
    of = SOUNDS["audio"]
    third = units(film, of) // 3
    with sent(without_units(film, of, third, third)) as ledger:
        assert_lint(ledger)
        segments = {}
        for row in parts(ledger, "audio"):
            segments.setdefault(int(row[2]), set()).add("G" in row[12])
        assert all(len(gap) == 1 for gap in segments.values()), segments
        assert any(True in gap for gap in segments.values()), segments
        assert media_seconds(ledger, "audio") == pytest.approx(media_seconds(ledger), abs=0.7)
        assert not any("G" in row[12] for name in ("source", "audio2") for row in parts(ledger, name))


def test_a_piece_of_every_kind_and_garbage(film):
    """Where a keyframe is lost a segment begins without one; there is nothing else to find."""
    packets = [b"x" * 100 if at % 211 == 200 else packet for at, packet in enumerate(film)]
    with sent(packets) as ledger:
        done = subprocess.run([program("hlslint"), "--json", str(ledger)], capture_output=True, text=True, timeout=60)
        found = {row["rule"] for line in done.stdout.splitlines() if "rule" in (row := json.loads(line))}
        assert found <= {"segment-holds-key"}, done.stdout
