"""A publisher that stops sending one of its tracks while the others go on: status says of which nothing comes, and the stream is live."""
import pytest

import flv
from harness import wait_for
from ingest import Ingest
from multitrack import publish

SECONDS, STOP, BACK = 12, 2000, 8000  # ms: silent for longer than is taken for a pause
NAMES = {("video", 1): "120p30 (video track 1)", ("audio", 0): "audio (audio track 0)", ("audio", 1): "audio2 (audio track 1)"}


@pytest.fixture(scope="module")
def tags(tmp_path_factory):
    """{size: pictures, sound}; no end of sequence, which would be a track's own word."""
    folder = tmp_path_factory.mktemp("tags")
    made = {size: flv.read(flv.make(folder / f"{size}.flv", size=size, seconds=SECONDS)) for size in ("320x240", "160x120")}
    return {size: ([tag for tag in flv.only(each, flv.VIDEO) if tag.data[1] != 2], flv.only(each, flv.AUDIO)) for size, each in made.items()}


def silent_for_a_while(track):
    return [tag for tag in track if tag.config or not STOP <= tag.ms < BACK]


@pytest.mark.parametrize("silent", [[("video", 1), ("audio", 1)], [("audio", 0)]], ids=["second-ones", "lone-sound"])
def test_a_track_that_stops_is_told_and_the_stream_is_live(tags, tmp_path, silent):
    (large, sound), (small, _) = tags["320x240"], tags["160x120"]
    several = len(silent) > 1
    if several:
        sent = flv.bundle({0: large, 1: silent_for_a_while(small)}, {0: sound, 1: silent_for_a_while(sound)})
    else:
        sent = flv.merged(large, silent_for_a_while(sound))
    with Ingest() as ingest:
        publisher = publish(ingest.url(), flv.write(tmp_path / "clip.flv", sent), *(["--enhanced"] if several else []))
        told = []

        def tracks():
            row = ingest.stream() or {"state": "ended", "tracks": []}
            told.append(row)
            return {(each["kind"], each["id"]): each for each in row["tracks"]}

        def missed(found):
            return all(key in found and found[key].get("silent_ms", 0) >= 3000 for key in silent)

        found = wait_for(lambda: (t := tracks()) and missed(t) and t, 60, "word of the silent tracks")
        assert all(("silent_ms" in each) == (key in silent) for key, each in found.items()), found
        assert all(found[key]["state"] in ("silent", "away") for key in silent), found
        lines = ingest.ask(command="summary")["lines"]
        for key in silent:
            assert any(line.startswith(f"  nothing comes of {NAMES[key]} for ") for line in lines), lines
            wait_for(lambda: any("nothing comes of a track" in line and NAMES[key] in line for line in ingest.log().splitlines()), 20, "a line of the log")
        wait_for(lambda: (t := tracks()) and not any("silent_ms" in each for each in t.values()), 60, "the tracks' return")
        ingest.wait_log("a track goes on", 20)
        wait_for(lambda: tracks() is not None and publisher.poll() is not None, 60, "the publisher's end")
        assert publisher.returncode == 0
        assert not any("stalled_because" in row for row in told), [row for row in told if "stalled_because" in row][0]
        assert "stands still" not in ingest.log()
