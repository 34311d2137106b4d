"""FLV files by hand: the tags of a file, put together anew as a publisher that misbehaves would send them."""
import pathlib
import subprocess
from typing import NamedTuple

from ingest import amf

AUDIO, VIDEO, SCRIPT = 8, 9, 18


class Tag(NamedTuple):
    kind: int
    ms: int
    data: bytes

    @property
    def config(self):
        """A sequence header (AVC or AAC): decoders need it before anything else."""
        return self.kind != SCRIPT and self.data[1] == 0 and (self.kind == VIDEO or self.data[0] >> 4 == 10)


def read(path):
    data = pathlib.Path(path).read_bytes()
    at, tags = 13, []
    while at + 11 <= len(data):
        size = int.from_bytes(data[at + 1:at + 4], "big")
        ms = int.from_bytes(data[at + 4:at + 7], "big") | data[at + 7] << 24
        tags.append(Tag(data[at] & 0x1F, ms, data[at + 11:at + 11 + size]))
        at += 11 + size + 4
    return tags


def write(path, tags):
    """The tags as they stand, in this order."""
    with open(path, "wb") as out:
        out.write(b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00")
        for kind, ms, data in tags:
            head = bytes([kind]) + len(data).to_bytes(3, "big") + (ms & 0xFFFFFF).to_bytes(3, "big") + bytes([ms >> 24 & 0xFF, 0, 0, 0])
            out.write(head + data + (11 + len(data)).to_bytes(4, "big"))
    return path


def only(tags, *kinds):
    return [tag for tag in tags if tag.kind in kinds]


def between(tags, begin_ms, end_ms):
    """Sequence headers, and what lies in [begin, end), with its times counted from begin."""
    kept = [tag._replace(ms=max(0, tag.ms - begin_ms)) for tag in tags if tag.config or begin_ms <= tag.ms < end_ms and tag.kind != SCRIPT]
    return sorted(kept, key=lambda tag: tag.ms)


def shifted(tags, ms):
    return [tag._replace(ms=tag.ms + ms) for tag in tags]


def merged(*lists):
    return sorted((tag for tags in lists for tag in tags), key=lambda tag: tag.ms)


def length(tags):
    """Where the next file would go on: the last time and a frame more."""
    times = sorted({tag.ms for tag in tags if tag.kind == VIDEO}) or sorted({tag.ms for tag in tags})
    return times[-1] + (times[-1] - times[-2])


def make(path, *, size="640x360", rate="30", seconds=6, gop=60, bframes=0, codec=(), audio=("-c:a", "aac")):
    """A moving picture and a tone, H.264 and AAC unless told otherwise; the container goes by the name."""
    encoder = codec or ("-c:v", "libx264", "-preset", "ultrafast", "-g", str(gop), "-keyint_min", str(gop), "-bf", str(bframes),
                        "-sc_threshold", "0", "-pix_fmt", "yuv420p")
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}",
                    "-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}", *encoder, *audio, str(path)],
                   check=True, capture_output=True)
    return path


# ---- Enhanced RTMP v2: several tracks on one connection

ONE_TRACK, MANY_TRACKS, MANY_CODECS = 0, 1, 2


class Share(NamedTuple):
    """One track's share of a message: the packet type in the multitrack header's terms, and the body behind it."""
    track: int
    fourcc: bytes
    packet_type: int
    key: bool
    body: bytes


def share(tag, track):
    """What an AVC or AAC tag of the old form holds, as a multitrack message carries it."""
    if tag.kind == AUDIO:
        return Share(track, b"mp4a", tag.data[1], True, tag.data[2:])
    frames = tag.data[1] == 1
    return Share(track, b"avc1", tag.data[1], tag.data[0] >> 4 == 1, tag.data[2:] if frames else tag.data[5:] if tag.data[1] == 0 else b"")


def multitrack(kind, ms, shares, form=ONE_TRACK):
    """One message of several tracks' shares: of one packet type, all keyframes or none."""
    first = shares[0]
    head = bytes([0x80 | (1 if first.key else 2) << 4 | 6] if kind == VIDEO else [0x90 | 5])
    out = head + bytes([form << 4 | first.packet_type])
    if form != MANY_CODECS:
        out += first.fourcc
    for each in shares:
        assert each.packet_type == first.packet_type and each.key == first.key
        if form == MANY_CODECS:
            out += each.fourcc
        out += bytes([each.track])
        if form != ONE_TRACK:
            out += len(each.body).to_bytes(3, "big")
        out += each.body
    return Tag(kind, ms, out)


def metadata(**members):
    return Tag(SCRIPT, 0, amf("onMetaData") + amf(members))


def bundle(videos, audios, form=ONE_TRACK, about=None):
    """The tags of one multitrack publisher out of single-track ones: {track id: its tags} for each kind. Track 0 keeps its old
    form (ONE_TRACK), or all shares of a moment go in one message."""
    out = [metadata(**about)] if about else []
    for kind, tracks in ((VIDEO, videos), (AUDIO, audios)):
        rows = [(tag.ms, not tag.config, index, track, tag) for index, (track, tags) in enumerate(tracks.items()) for tag in only(tags, kind)]
        rows.sort(key=lambda row: row[:3])
        if form == ONE_TRACK:
            out += [tag if track == 0 else multitrack(kind, ms, [share(tag, track)]) for ms, _, _, track, tag in rows]
            continue
        pending = {}
        for ms, _, _, track, tag in rows:
            each = share(tag, track)
            pending.setdefault((ms, each.packet_type != 0, each.packet_type, not each.key), []).append(each)
        out += [multitrack(kind, moment[0], shares, form) for moment, shares in sorted(pending.items(), key=lambda item: item[0])]
    return sorted(out, key=lambda tag: (tag.ms, tag.kind != SCRIPT, not configures(tag)))


def configures(tag):
    """Whether a tag of any form holds decoder configurations."""
    if tag.kind == SCRIPT:
        return False
    enhanced = tag.data[0] & 0x80 if tag.kind == VIDEO else tag.data[0] >> 4 == 9
    return tag.data[1] & 0x0F == 0 if enhanced else tag.config
