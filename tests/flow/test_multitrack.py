"""Publishers of several tracks (Enhanced RTMP v2, multitrack) through the whole platform: the ladder comes ready made."""
import pytest

import flv
from harness import Platform
from multitrack import SIZES, assert_every_number_once, clips, finished, inits, master_lines, publish, whole

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
