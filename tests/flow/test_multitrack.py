"""Publishers of several tracks (Enhanced RTMP v2, multitrack) through the whole platform: the ladder comes ready made."""
import subprocess

import pytest

import flv
from harness import Platform, free_port, get, wait_for
from ingest import Ingest, assert_lint, assert_unbroken, ended, media_seconds, parts, records
from multitrack import SIZES, assert_every_number_once, clips, finished, inits, master_lines, numbers, publish, states, whole
from players import HlsJsSwitching
from stage import assert_clean, watching

SECONDS = 6
FRAMES = SECONDS * 30
NAMES = ["360p30", "270p30", "180p30"]


@pytest.fixture(scope="module")
def tags(tmp_path_factory):
    return clips(tmp_path_factory.mktemp("tags"), SECONDS)


@pytest.fixture(scope="module")
def platform():
    with Platform() as running:
        yield running


def metrics(port):
    """{series: value} of a program's /metrics."""
    lines = get(f"http://127.0.0.1:{port}/metrics")[2].decode().splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("form", [flv.ONE_TRACK, flv.MANY_TRACKS, flv.MANY_CODECS], ids=["one", "many", "codecs"])
def test_three_pictures_and_two_sounds(platform, tags, tmp_path, form):
    name = f"form{form}"
    file = flv.write(tmp_path / "all.flv", flv.bundle(tags, {0: tags[0], 1: tags[1]}, form))
    publisher = publish(platform.publish_url(platform.channel(name)), file, "--enhanced")
    platform.wait_live(name)
    ledger = finished(platform, name, publisher)
    assert list(inits(ledger)) == [*NAMES, "audio", "audio2"]
    url = whole(platform, name, ledger)
    variants = master_lines(url, "#EXT-X-STREAM-INF")
    assert [line.split("RESOLUTION=")[1].split(",")[0] for line in variants] == [f"{w}x{h}" for w, h in SIZES.values()]
    sounds = master_lines(url, "#EXT-X-MEDIA")
    assert ['NAME="audio"' in line and "DEFAULT=YES" in line for line in sounds] == [True, False]
    assert 'NAME="audio2"' in sounds[1] and "DEFAULT=NO" in sounds[1]
    assert_every_number_once(url, NAMES, FRAMES)


def test_a_player_switches_between_what_the_publisher_sent(platform, tags, tmp_path):
    file = flv.write(tmp_path / "all.flv", flv.bundle(tags, {0: tags[0], 1: tags[1]}))
    publisher = publish(platform.publish_url(platform.channel("switching")), file, "--enhanced", "--loop", "0", "--seconds", "400")
    platform.wait_live("switching")
    wait_for(lambda: len(master_lines(platform.master_url("switching"), "#EXT-X-STREAM-INF")) == 3, 20, "three variants")
    seen = HlsJsSwitching(platform.master_url("switching")).seen()
    assert sorted(seen["shown"]) == sorted(f"{w}x{h}" for w, h in SIZES.values()), seen
    assert seen["heard"] == ["audio2", "audio"], seen
    publisher.terminate()
    publisher.wait()


def test_nothing_is_encoded(tags, tmp_path):
    """transcode's own count: no picture decoded, no rung; every packet passed on."""
    port = free_port()
    with Ingest("--pipeline", f"transcode --metrics 127.0.0.1:{port} | segmenter") as ingest:
        file = flv.write(tmp_path / "all.flv", flv.bundle(tags, {0: tags[0], 1: tags[1]}))
        publisher = publish(ingest.url(), file, "--enhanced")

        def passed():
            try:
                return metrics(port)
            except OSError:
                return {}
        found = wait_for(lambda: (now := passed()).get('sluice_transcode_sent_packets{rendition="audio2"}', 0) > 100 and now, 20, "packets passed on")
        assert found["sluice_transcode_decoded_frames"] == 0 and not any("rung" in name for name in found), found
        assert all(found[f'sluice_transcode_sent_packets{{rendition="{name}"}}'] > 20 for name in [*NAMES, "audio"]), found
        assert publisher.wait(30) == 0
        ledger = wait_for(lambda: ingest.ledgers() and ended(ingest.ledgers()[0]) and ingest.ledgers()[0], 30, "the end")
        assert "nothing is encoded" in ingest.log()
        counted = {name: sum(1 for tag in tags[track] if tag.kind == flv.VIDEO and not tag.config and tag.data[1] == 1) for track, name in enumerate(NAMES)}
        assert all(abs(media_seconds(ledger, name) - frames / 30) < 0.001 for name, frames in counted.items())


def test_vp9_and_opus_pass_as_they_are(platform, tmp_path):
    clip = tmp_path / "vp9.mkv"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=30:duration={SECONDS}",
                    "-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={SECONDS}", "-filter_complex",
                    "[0:v]split[a][b];[b]scale=320:180[c]", "-map", "[a]", "-map", "[c]", "-map", "1:a", "-map", "1:a", "-c:v", "libvpx-vp9", "-deadline",
                    "realtime", "-cpu-used", "8", "-g", "60", "-b:v:0", "500k", "-b:v:1", "200k", "-c:a", "libopus", str(clip)], check=True)
    publisher = publish(platform.publish_url(platform.channel("vp9")), clip, "--enhanced", "--loop", "5")
    platform.wait_live("vp9")
    wait_for(lambda: len(master_lines(platform.master_url("vp9"), "#EXT-X-STREAM-INF")) == 2, 20, "both variants")
    player = HlsJsSwitching(platform.master_url("vp9"))
    ledger = finished(platform, "vp9", publisher)
    url = whole(platform, "vp9", ledger)
    assert {name: codec for name, row in inits(ledger).items() for codec, _ in row.values()} == {
        "360p30": "vp09.00.31.08", "180p30": "vp09.00.31.08", "audio": "opus", "audio2": "opus"}
    assert all('CODECS="vp09.00.31.08,opus"' in line and "FRAME-RATE=30.000" in line for line in master_lines(url, "#EXT-X-STREAM-INF"))
    seen = player.seen()
    assert sorted(seen["shown"]) == ["320x180", "640x360"] and sorted(seen["heard"]) == ["audio", "audio2"], seen
    assert abs(media_seconds(ledger, "360p30") - 5 * SECONDS) < 0.5 and media_seconds(ledger, "360p30") == media_seconds(ledger, "180p30")


def test_a_second_sound_that_comes_late(platform, tags, tmp_path):
    """It begins with a segment of all renditions, is in the multivariant playlist from then on, with its language, and in the reports of
    those that are watched already."""
    late = flv.shifted(flv.only(tags[1], flv.AUDIO), 3000)
    about = {"width": 640.0, "height": 360.0, "framerate": 30.0, "videocodecid": 7.0, "audiocodecid": 10.0,
             "audioTrackIdInfoMap": {"0": {"language": "en"}}}
    rest = flv.metadata(**{**about, "audioTrackIdInfoMap": {"0": {"language": "en"}, "1": {"language": "de"}}})._replace(ms=2990)
    merged = flv.bundle({0: tags[0], 2: tags[2]}, {0: tags[0], 1: late}, about=about)
    file = flv.write(tmp_path / "late.flv", sorted([*merged, rest], key=lambda tag: tag.ms))
    publisher = publish(platform.publish_url(platform.channel("late")), file, "--enhanced")
    platform.wait_live("late")
    ledger = finished(platform, "late", publisher)
    first = {name: min(int(row[2]) for row in parts(ledger, name)) for name in ("360p30", "180p30", "audio", "audio2")}
    assert first["audio2"] > 0 and first["360p30"] == first["180p30"] == first["audio"] == 0, first
    assert_unbroken(ledger)
    assert not any("G" in row[12] or "D" in row[12] for row in records(ledger, "P"))
    begin = next(int(row[6]) / 48000 for row in parts(ledger, "audio2"))
    assert abs(begin - next(int(row[6]) / 90000 for row in parts(ledger, "360p30") if int(row[2]) == first["audio2"])) < 0.03
    url = whole(platform, "late", ledger)
    sounds = master_lines(url, "#EXT-X-MEDIA")
    assert 'LANGUAGE="en"' in sounds[0] and 'LANGUAGE="de"' in sounds[1], sounds
    assert_every_number_once(url, ["360p30", "180p30"], FRAMES)


def test_a_track_that_goes_away_is_gaps_and_comes_back(platform, tags, tmp_path):
    """Track 1 is silent for a while: the others go on without a break, it is listed with gaps, and it is there again afterwards."""
    once = {track: [tag for tag in each if tag.kind != flv.VIDEO or tag.data[1] != 2] for track, each in tags.items()}  # no end of sequence
    twice = {track: each + flv.shifted([tag for tag in each if not tag.config and tag.kind != flv.SCRIPT], 6000) for track, each in once.items()}
    silent = [tag for tag in twice[1] if tag.config or not 2000 <= tag.ms < 8000]
    file = flv.write(tmp_path / "away.flv", flv.bundle({0: twice[0], 1: silent, 2: twice[2]}, {0: twice[0]}))
    publisher = publish(platform.publish_url(platform.channel("away")), file, "--enhanced")
    platform.wait_live("away")
    ledger = finished(platform, "away", publisher)
    assert_unbroken(ledger)
    assert not any("D" in row[12] for row in records(ledger, "P"))
    for name in ("360p30", "180p30"):
        assert not any("G" in row[12] for row in parts(ledger, name))
    gaps = [int(row[6]) / 90000 for row in parts(ledger, "270p30") if "G" in row[12]]
    assert gaps and 1.9 < gaps[0] < 2.1 and gaps[-1] < 11, gaps
    assert parts(ledger, "270p30")[-1][12] != "G"
    assert abs(media_seconds(ledger, "270p30") - media_seconds(ledger, "360p30")) < 0.1


@pytest.mark.parametrize("stopped", [0, 1], ids=["first", "second"])
def test_a_track_that_stops_in_mid_segment(platform, tags, tmp_path, stopped):
    """Playlists break no rule while it is missed and when it is given up, the others go on at their keyframes, and every picture that
    came is in a playlist."""
    once = {track: [tag for tag in each if tag.kind != flv.VIDEO or tag.data[1] != 2] for track, each in tags.items()}  # no end of sequence
    twice = {track: each + flv.shifted([tag for tag in each if not tag.config and tag.kind != flv.SCRIPT], 6000) for track, each in once.items()}
    name, stop = f"stops{stopped}", 3300
    pictures = {track: [tag for tag in each if track != stopped or tag.config or tag.ms < stop] for track, each in twice.items()}
    file = flv.write(tmp_path / "stops.flv", flv.bundle(pictures, {0: twice[0]}))
    publisher = publish(platform.publish_url(platform.channel(name)), file, "--enhanced")
    platform.wait_live(name)
    watch = watching(platform.master_url(name), 60)
    ledger = finished(platform, name, publisher)
    assert_clean(watch)
    assert_unbroken(ledger)
    found = numbers(whole(platform, name, ledger))
    for track, rendition in enumerate(NAMES):
        starts = {int(row[2]): (int(row[6]), row[12]) for row in parts(ledger, rendition) if row[3] == "0"}
        if track == stopped:
            assert found[rendition]["runs"] == [[0, stop * 30 // 1000 - 1]], found[rendition]
            assert "G" in parts(ledger, rendition)[-1][12]
            continue
        assert found[rendition]["runs"] == [[0, FRAMES - 1], [0, FRAMES - 1]], found[rendition]
        assert all(start == msn * 180000 and "I" in flags for msn, (start, flags) in starts.items()), starts
        assert not any("G" in row[12] for row in parts(ledger, rendition))


@pytest.mark.parametrize("back", [{0: 0, 1: 1, 2: 2}, {0: 0, 1: 1}, {0: 1}, {0: 2, 1: 0, 2: 1}], ids=["same", "fewer", "lone", "order"])
def test_a_publisher_that_comes_back(platform, tags, tmp_path, back):
    """Cut off in the middle of a GOP and back within the grace time, with the tracks that `back` says (its ids: whose picture): the
    same stream, one discontinuity in every rendition that goes on, the same names, and no number twice."""
    name = f"back{len(back)}{back[0]}"
    key = platform.channel(name)
    cut, again, end = 3500, 4000, 6000
    sessions = [flv.bundle({track: flv.between(tags[track], 0, cut) for track in SIZES}, {0: flv.between(tags[0], 0, cut), 1: flv.between(tags[1], 0, cut)}),
                flv.bundle({track: flv.between(tags[of], again, end) for track, of in back.items()},
                           {0: flv.between(tags[0], again, end), 1: flv.between(tags[1], again, end)})]
    first = publish(platform.publish_url(key), flv.write(tmp_path / "first.flv", sessions[0]), "--enhanced", "--no-finish")
    platform.wait_live(name)
    assert first.wait(30) == 0
    wait_for(lambda: states(platform).get(name, {}).get("state") == "waiting", 20, "a stream that waits for its publisher")
    stream = states(platform)[name]["stream"]
    ledger = finished(platform, name, publish(platform.publish_url(key), flv.write(tmp_path / "second.flv", sessions[1]), "--enhanced"))
    assert ledger.name == stream
    assert list(inits(ledger)) == [*NAMES, "audio", "audio2"]
    stay = [NAMES[of] for of in sorted(back.values())]
    for rendition in [*stay, "audio", "audio2"]:
        assert sum("D" in row[12] for row in parts(ledger, rendition)) == 1, rendition
    assert_unbroken(ledger)
    found = numbers(whole(platform, name, ledger))
    for rendition in stay:
        assert found[rendition]["runs"] == [[0, cut * 30 // 1000 - 1], [again * 30 // 1000, end * 30 // 1000 - 1]], (rendition, found[rendition])
    for rendition in set(NAMES) - set(stay):
        rows = parts(ledger, rendition)
        assert "G" in rows[-1][12] and [row[2] for row in rows][-1] == parts(ledger, stay[0])[-1][2], rows
        assert found[rendition]["runs"] == [[0, cut * 30 // 1000 - 1]], found[rendition]


def test_a_lone_track_comes_back_to_another_ingestd(tags, tmp_path):
    """What its rendition was called is known from the ledger."""
    with Ingest("--pipeline", "transcode | segmenter", platform=True) as ingest:
        first = publish(ingest.url(), flv.write(tmp_path / "all.flv", flv.bundle(tags, {0: tags[0]})), "--enhanced")
        ledger = wait_for(lambda: ingest.ledgers() and len(parts(ingest.ledgers()[0], "270p30")) > 2 and ingest.ledgers()[0], 30, "parts")
        ingest.wait_log("go_live")
        ingest.daemon.process.kill()
        ingest.daemon.process.wait()
        first.wait(30)
        ingest.start()
        ingest.wait_log("stream taken back")
        second = publish(ingest.url(), flv.write(tmp_path / "lone.flv", flv.bundle({0: tags[1]}, {0: tags[1]})), "--enhanced")
        assert second.wait(60) == 0
        wait_for(lambda: ended(ledger), 30, "the end")
        assert ingest.ledgers() == [ledger]
        assert list(inits(ledger)) == [*NAMES, "audio"]
        assert [sum("D" in row[12] for row in parts(ledger, name)) for name in ("270p30", "audio")] == [1, 1]
        assert "G" not in parts(ledger, "270p30")[-1][12] and "G" in parts(ledger, "360p30")[-1][12]
        assert_unbroken(ledger)
        assert_lint(ledger)


def test_keyframes_that_stand_apart(platform, tags, tmp_path_factory, tmp_path):
    """Track 1's keyframes are a second off: every segment of it would begin without one, so it is gaps there, and status tells the
    streamer why. What is listed keeps the rules."""
    apart = clips(tmp_path_factory.mktemp("apart"), SECONDS, {1: SIZES[1]}, gop=50)[1]
    file = flv.write(tmp_path / "apart.flv", flv.bundle({0: tags[0], 1: apart}, {0: tags[0]}))
    publisher = publish(platform.publish_url(platform.channel("apart")), file, "--enhanced")
    platform.wait_live("apart")
    told = wait_for(lambda: states(platform).get("apart", {}).get("advice"), 20, "advice")
    assert "270p30" in told and "keyframe" in told
    ledger = finished(platform, "apart", publisher)
    starts = {}
    for row in parts(ledger, "270p30"):
        starts.setdefault(int(row[2]), row[12])
    assert all("I" in flags or "G" in flags for flags in starts.values()), starts
    assert not any("G" in row[12] for row in parts(ledger, "360p30"))
