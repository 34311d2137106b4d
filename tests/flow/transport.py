"""MPEG transport streams out of pieces that ffmpeg has made, as an encoder would send them by SRT: one clock, and a new program map
where the tracks change."""
import select
import subprocess
import time

VIDEO, AUDIO = 0x100, 0x101  # PIDs
PACKETS = 7 * 188            # bytes of a datagram


def piece(path, *, begin=10, seconds=4, size=None, rate=None, channels=1, version=0, gop=30, late=0):
    """H.264 of that size and AAC of that rate, or one of them; its clock begins at `begin` (s), the sound `late` seconds after it."""
    inputs, codecs, ids = [], [], []
    if size:
        inputs += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=30:duration={seconds}"]
        codecs += ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0",
                   "-pix_fmt", "yuv420p"]
        ids.append(VIDEO)
    if rate:
        inputs += ["-itsoffset", str(late), "-f", "lavfi", "-i", f"sine=frequency=440:sample_rate={rate}:duration={seconds - late}"]
        codecs += ["-c:a", "aac", "-ac", str(channels)]
        ids.append(AUDIO)
    named = [word for index, pid in enumerate(ids) for word in ("-streamid", f"{index}:{pid}")]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *inputs, *codecs, *named, "-output_ts_offset", str(begin), "-muxdelay", "0",
                    "-muxpreload", "0", "-tables_version", str(version), "-mpegts_flags", "+initial_discontinuity", "-f", "mpegts", str(path)],
                   check=True, capture_output=True)
    return path.read_bytes()


def torn(data, pid):
    """As a line leaves it that loses a packet of everything that is long: the second of each of the track's units."""
    kept, index = [], {}
    for at in range(0, len(data), 188):
        packet = data[at:at + 188]
        begins, of = packet[1] & 0x40, (packet[1] & 0x1f) << 8 | packet[2]
        index[of] = 0 if begins else index.get(of, 0) + 1
        if of != pid or index[of] != 1:
            kept.append(packet)
    return b"".join(kept)


def stuffing(seconds):
    """Null packets for so long, 20 datagrams a second."""
    return (b"\x47\x1f\xff\x10" + bytes(184)) * (7 * 20 * seconds)


def send(caller, data, seconds):
    """Sends it evenly over so many seconds."""
    begun, pause = time.monotonic(), select.poll()
    for at in range(0, len(data), PACKETS):
        left = begun + seconds * at / len(data) - time.monotonic()
        if left > 0:
            pause.poll(1000 * left)
        assert caller.send(data[at:at + PACKETS])
