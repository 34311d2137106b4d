"""Tracks that come late or never, and a picture that changes its size in mid-stream: the platform goes on, and so do players.
The publishers' files are put together by flv.py and sent as they stand."""
import itertools
import subprocess

import pytest

import flv
from harness import Platform, Publisher, get, program, tool, wait_for
from ingest import assert_lint, assert_unbroken, ended, media_seconds, parts, records
from numbered import ledger_of
from players import HlsJs
from transport import piece


@pytest.fixture(scope="module")
def tags(tmp_path_factory):
    """Four seconds each: a large picture, a small one; both with the same kind of sound."""
    folder = tmp_path_factory.mktemp("tags")
    return {name: flv.read(flv.make(folder / f"{name}.flv", size=size, seconds=4, gop=30))
            for name, size in (("large", "640x360"), ("small", "320x180"))}


@pytest.fixture(scope="module")
def platform():
    with Platform() as running:
        yield running


def publish(platform, name, path, *options):
    return subprocess.Popen([tool("rtmp_publish"), *options, platform.publish_url(platform.channel(name)), str(path)], stdout=subprocess.DEVNULL)


def finished(platform, name, publisher):
    """The ledger of the stream when it is over, checked."""
    assert publisher.wait(40) == 0
    wait_for(lambda: name not in [row["channel"] for row in platform.streams()], 30, "the stream's end")
    ledger = ledger_of(platform)
    assert ended(ledger)
    assert_lint(ledger)
    assert_unbroken(ledger)
    return ledger


def whole(platform, name, ledger):
    return f"http://127.0.0.1:{platform.port('origin')}/vod/{name}/{ledger.name}/master.m3u8"


def frames(url):
    done = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=codec_type,nb_read_packets", "-of", "csv=p=0",
                           url], capture_output=True, text=True, timeout=60)
    return {line.split(",")[0]: int(line.split(",")[1]) for line in done.stdout.split()}


def starts(ledger, rendition):
    """{msn: (start in seconds, flags)} of a rendition's segments."""
    scale = next(int(row[5]) for row in records(ledger, "R") if row[1] == rendition)
    return {int(row[2]): (int(row[6]) / scale, row[12]) for row in parts(ledger, rendition) if row[3] == "0"}


LATE_MS = 3000
AUDIO, VIDEO = (flv.AUDIO,), (flv.VIDEO,)


@pytest.mark.parametrize("name, first, late", [("late_sound", VIDEO, AUDIO), ("late_picture", AUDIO, VIDEO)])
def test_a_track_that_comes_late_joins_at_a_new_segment(platform, tags, tmp_path, name, first, late):
    whole_of = flv.only(tags["large"], *first) + flv.shifted(flv.only(tags["small"], *first), flv.length(tags["large"]))
    if first == VIDEO:  # one picture size throughout
        whole_of = flv.only(tags["large"], *first) + flv.shifted(flv.only(tags["large"], *first), flv.length(tags["large"]))
    file = flv.write(tmp_path / "late.flv", flv.merged(whole_of, flv.shifted(flv.only(tags["large"], *late), LATE_MS)))
    publisher = publish(platform, name, file)
    platform.wait_live(name)
    joined = "audio" if late == AUDIO else "source"
    ledger = finished(platform, name, publisher)
    seen = HlsJs(whole(platform, name, ledger), seconds=3).seen()
    assert seen["frames"] > 0 and seen["audio"] > 0, seen
    early = starts(ledger, "source" if joined == "audio" else "audio")
    came = starts(ledger, joined)
    assert min(came) > 0 and min(early) == 0
    for msn, (start, _) in came.items():
        assert abs(start - early[msn][0]) < 0.1, (msn, came, early)
    assert all("I" in flags for _, flags in starts(ledger, "source").values()), "each segment starts with a keyframe"
    assert not any("G" in row[12] or "D" in row[12] for row in records(ledger, "P"))
    counted = frames(whole(platform, name, ledger))
    sent = {kind: len([tag for tag in flv.read(file) if tag.kind == number and tag.data[1] == 1])
            for kind, number in (("video", flv.VIDEO), ("audio", flv.AUDIO))}
    assert counted["video"] == sent["video"]
    assert abs(counted["audio"] - sent["audio"]) <= 2


@pytest.mark.parametrize("name, kind, codecs", [("sound_alone", flv.AUDIO, 'CODECS="mp4a.40.2"'), ("picture_alone", flv.VIDEO, 'CODECS="avc1.')])
def test_one_track_alone_is_a_stream(platform, tags, tmp_path, name, kind, codecs):
    file = flv.write(tmp_path / "alone.flv", flv.only(tags["large"], kind))
    publisher = publish(platform, name, file)
    platform.wait_live(name)
    assert codecs in get(platform.master_url(name))[2].decode()
    ledger = finished(platform, name, publisher)
    seen = HlsJs(whole(platform, name, ledger), seconds=1, sizes=1 if kind == flv.VIDEO else 0).seen()
    assert (seen["audio"] > 0) == (kind == flv.AUDIO) and (seen["frames"] > 0) == (kind == flv.VIDEO), seen
    assert frames(whole(platform, name, ledger)).keys() == {"audio" if kind == flv.AUDIO else "video"}


def test_a_change_of_size_in_mid_stream_is_played_across(platform, tags, tmp_path):
    """Large, small in the middle of a GOP, large again: new headers, one discontinuity each, at the same segment everywhere; a
    player in the browser shows both sizes and goes on."""
    cut = flv.between(tags["large"], 0, 3500)
    second = flv.only(tags["small"], flv.VIDEO, flv.AUDIO)
    third = flv.only(tags["large"], flv.VIDEO, flv.AUDIO)
    file = flv.write(tmp_path / "sizes.flv",
                     cut + flv.shifted(second, 3500) + flv.shifted(third, 3500 + flv.length(second)))
    publisher = publish(platform, "sizes", file)
    platform.wait_live("sizes")
    player = HlsJs(platform.master_url("sizes"), seconds=4, sizes=2)
    ledger = finished(platform, "sizes", publisher)
    seen = player.seen()
    assert {"640x360", "320x180"} <= set(seen["sizes"]), seen
    assert [(row[2], row[6]) for row in records(ledger, "R") if row[1] == "source"] == [
        ("0", "640x360"), ("1", "320x180"), ("2", "640x360")]
    breaks = {name: [msn for msn, (_, flags) in starts(ledger, name).items() if "D" in flags] for name in ("source", "audio")}
    assert breaks["source"] == breaks["audio"] and len(breaks["source"]) == 2, breaks
    assert not any("G" in row[12] for row in records(ledger, "P"))
    for rendition in ("source", "audio"):
        playlist = get(whole(platform, "sizes", ledger).replace("vod/sizes", "live/sizes").replace("master", f"{rendition}/whole"))[2].decode()
        assert playlist.count("#EXT-X-DISCONTINUITY\n") == 2
        assert playlist.count("#EXT-X-MAP") == (3 if rendition == "source" else 1)
    again = HlsJs(whole(platform, "sizes", ledger), seconds=8, sizes=2).seen()
    assert {"640x360", "320x180"} <= set(again["sizes"]), again


def test_a_change_of_size_that_only_parameter_sets_among_the_pictures_tell_of(platform, tmp_path):
    """As ffmpeg sends a transport stream that changes: no other sequence header. Browsers play across by the new header, and what is
    built on libavformat by the sets, which stay where they are."""
    sizes = ["640x360", "320x180", "640x360"]
    source = tmp_path / "sizes.ts"
    source.write_bytes(b"".join(piece(tmp_path / f"{i}.ts", begin=10 + 4 * i, size=size, rate=48000) for i, size in enumerate(sizes)))
    url = platform.publish_url(platform.channel("in_band"))
    publisher = subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-re", "-i", str(source), "-c", "copy", "-f", "flv", url])
    platform.wait_live("in_band")
    player = HlsJs(platform.master_url("in_band"), seconds=4, sizes=2)
    ledger = finished(platform, "in_band", publisher)
    seen = player.seen()
    assert {"640x360", "320x180"} <= set(seen["sizes"]), seen
    assert [row[6] for row in records(ledger, "R") if row[1] == "source"] == sizes
    breaks = {name: [msn for msn, (_, flags) in starts(ledger, name).items() if "D" in flags] for name in ("source", "audio")}
    assert breaks["source"] == breaks["audio"] and len(breaks["source"]) == 2, breaks
    assert not any("G" in row[12] for row in records(ledger, "P"))
    read = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=width,height", "-of", "csv=p=0",
                           whole(platform, "in_band", ledger)], capture_output=True, text=True, timeout=60)
    shown = [line.strip(",") for line in read.stdout.split()]
    assert read.stderr == "" and [size for size, _ in itertools.groupby(shown)] == [size.replace("x", ",") for size in sizes], (read.stderr, shown)
    assert len(shown) >= 3 * 4 * 30 - 1


def test_another_encoder_goes_on_in_the_stream_with_another_size_and_sample_rate(platform):
    """As when a streamer's program dies and another one takes its place: one stream, one discontinuity, played across."""
    url = platform.publish_url(platform.channel("heirs"))
    with Publisher(url, size="640x360") as first:
        platform.wait_live("heirs")
        ledger = ledger_of(platform)
        wait_for(lambda: len(starts(ledger, "audio")) > 1, 20, "a whole segment")
        first.kill()
    with Publisher(url, size="320x180", extra=("-ar", "44100", "-ac", "2")):
        wait_for(lambda: sum("D" in flags for _, flags in starts(ledger, "audio").values()) == 1 and media_seconds(ledger, "audio") > 8, 30, "sound of the second")
    wait_for(lambda: ended(ledger), 30, "the stream's end")
    assert ledger_of(platform) == ledger
    assert_lint(ledger)
    assert_unbroken(ledger)
    breaks = {name: [msn for msn, (_, flags) in starts(ledger, name).items() if "D" in flags] for name in ("source", "audio")}
    assert len(breaks["audio"]) == 1 and breaks["source"] == breaks["audio"], breaks
    assert {row[5] for row in records(ledger, "R") if row[1] == "audio"} == {"48000"}
    assert [row[8] for row in records(ledger, "R") if row[1] == "audio"] == ["48000/1", "44100/2"]
    seen = HlsJs(whole(platform, "heirs", ledger), seconds=6, sizes=2).seen()
    assert seen["audio"] > 0 and not seen["fatal"], seen
