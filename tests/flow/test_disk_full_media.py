"""What a full disk takes of a ledger is the end of the segment in which it filled up, in all renditions, and whole segments behind that: no part
that nobody can play, nothing that hlslint has to say."""
import itertools
import subprocess

import pytest

from harness import Daemon, free_port, get, program
from ingest import add_record, assert_lint, assert_unbroken, parts, records
from players import HlsJs
from small_disk import Ballast, small_disk

BUSY = 12, 20                # seconds with many times the bytes: quiet segments that give way are not room for one
HALF_A_SEGMENT = 450 << 10  # of those: room for a part that is no use


@pytest.fixture(scope="module")
def clip():
    """24 seconds of picture and sound, as the media pipe has it."""
    return subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", f"smptebars=size=320x180:rate=30,noise=alls=40:allf=t:enable='between(t,{BUSY[0]},{BUSY[1]})'",
                           "-f", "lavfi", "-i", "sine", "-t", "24", "-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-sc_threshold", "0", "-qp", "30",
                           "-c:a", "aac", "-b:a", "64k", "-f", "nut", "-"], capture_output=True, check=True).stdout


class Segmenter:
    """A segmenter that is fed a piece at a time."""

    def __init__(self, ledger, clip):
        self.ledger = ledger
        self.pieces = iter([clip[at:at + 4096] for at in range(0, len(clip), 4096)])
        self.process = subprocess.Popen([program("segmenter"), str(ledger), "--stream", "s", "--channel", "ada", "--segment", "1s", "--part", "250ms"],
                                        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=False)

    def newest(self):
        return max((int(row[2]) for row in parts(self.ledger)), default=-1) if (self.ledger / "index").exists() else -1

    def feed(self, until=None, between=lambda: None):
        """Up to the first part of segment `until`, or all."""
        for piece in self.pieces:
            self.process.stdin.write(piece)
            self.process.stdin.flush()
            between()
            if until is not None and self.newest() >= until:
                return

    def end(self):
        self.feed()
        _, said = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, said
        return said.decode()


def by_segment(ledger):
    """{(rendition, MSN): what it has, a part a letter: "mmmm" whole, "gggg" lost}"""
    found = {}
    for row in records(ledger, "P"):
        key = row[1], int(row[2])
        found[key] = found.get(key, "") + ("g" if "G" in row[12] else "m")
    return found


def test_what_is_lost_is_whole_segments_and_lint_clean(clip, tmp_path):
    with small_disk(tmp_path, "24m") as disk:
        ledger = disk / "s"
        segmenter = Segmenter(ledger, clip)
        segmenter.feed(until=BUSY[0] - 2)
        ballast, seen = Ballast(disk), []

        def too_little():  # for each segment anew
            if segmenter.newest() not in seen:
                seen.append(segmenter.newest())
                ballast.leave(HALF_A_SEGMENT)

        segmenter.feed(until=BUSY[1] - 3, between=too_little)
        ballast.drop()
        said = segmenter.end()
        assert "the disk is full" in said, said

        found = by_segment(ledger)
        names = {rendition for rendition, _ in found}
        assert names == {"source", "audio"}
        last = max(msn for _, msn in found)
        # Ended where it ends, in both; from then on lost whole; whole again in both at the same segment.
        for (name, msn), has in found.items():
            assert has == has.count("m") * "m" + has.count("g") * "g", (name, msn, has)
        whole = {msn: all("g" not in found[name, msn] for name in names) for msn in range(last + 1)}
        lost = {msn: all("m" not in found[name, msn] for name in names) for msn in range(last + 1)}
        outages = [list(run) for good, run in itertools.groupby(range(last + 1), key=whole.get) if not good]
        assert len(outages) == 1, found
        for first, *rest in outages:
            assert all(lost[msn] for msn in rest), (rest, found)
        assert whole[last] and all(len(run) > 1 for run in outages), found
        assert_unbroken(ledger)
        assert_lint(ledger)


def lose_the_first(ledger, count):
    """As a disk that had been full since before the stream began leaves it."""
    rows = records(ledger)
    (ledger / "index").unlink()
    for row in rows:
        if row[0] == "P" and int(row[2]) < count:
            row[4] = row[5] = "0"
            row[12] = row[12].strip("-").replace("I", "") + "G"
            (ledger / row[1] / f"{row[2]}.m4s").unlink(missing_ok=True)
        add_record(ledger, " ".join(row))


def test_a_recording_of_which_the_first_segments_were_lost_is_played_from_the_next(clip, tmp_path):
    ledger = tmp_path / "live" / "ada"
    ledger.parent.mkdir()
    Segmenter(ledger, clip).end()
    lose_the_first(ledger, 3)
    assert_lint(ledger)
    port = free_port()
    with Daemon(program("origind"), "--live", str(tmp_path / "live"), "--http-port", str(port)):
        whole = f"http://127.0.0.1:{port}/vod/ada/s/master.m3u8"
        status, _, body = get(f"http://127.0.0.1:{port}/live/ada/s/source/whole.m3u8")
        assert status == 200 and b"#EXT-X-MEDIA-SEQUENCE:3\n" in body and b"EXT-X-GAP" not in body, body
        seen = HlsJs(whole, seconds=3).seen()
        assert seen["audio"] > 0 and not seen["fatal"], seen
