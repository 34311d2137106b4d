"""A low-latency HLS server that breaks one rule of hlslint's table and keeps all others.

Video and audio, segments of 1 s in four parts, eight of them listed. What there is at a moment follows from the clock alone, so
nothing runs but the requests. It shares nothing with Sluice's own writers of playlists and media.
"""
import gzip
import http.server
import re
import ssl
import struct
import threading
import time

SEGMENT, PARTS, WINDOW = 1.0, 4, 8
PART = SEGMENT / PARTS
BLOCKED = 3 * SEGMENT  # the longest that a request may wait
AWAY = {"updated-in-time": 6, "blocking-gives-up": 13, "away": 5}  # seconds that the source is away for, beginning 3 s after the start
WATCHED = {"updated-in-time": 12, "blocking-gives-up": 20, "away": 12, "blocking-after-end": 10, "ended": 10, "available-at-once": 8}
FIXTURES = ("content-type", "compression", "atomic-change", "cors", "live-cache-time", "expires-told", "low-latency-transport", "updated-in-time",
            "renditions-in-step", "report-values", "available-at-once", "available-long-enough", "blocking-reload", "blocking-part-alone",
            "blocking-far-ahead", "blocking-past-part", "blocking-gone", "blocking-gives-up", "blocking-after-end", "delta-update",
            "delta-boundary", "hint-available", "hint-answered-whole", "hint-kept")
CLEAN = ("nothing", "away", "ended", "redirect")


# ---- media: four frames a second of video, as much audio

def box(kind, *bodies):
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind.encode()) + body


def full(kind, version, flags, *bodies):
    return box(kind, struct.pack(">I", version << 24 | flags), *bodies)


def header(video):
    entry = box("avc1" if video else "mp4a", bytes(78))
    media = box("mdia", full("mdhd", 0, 0, struct.pack(">IIIHH", 0, 0, 90000, 0, 0)),
                full("hdlr", 0, 0, bytes(4), b"vide" if video else b"soun", bytes(13)),
                box("minf", box("stbl", full("stsd", 0, 0, struct.pack(">I", 1), entry))))
    track = box("trak", full("tkhd", 0, 7, struct.pack(">III", 0, 0, 1), bytes(68)), media)
    extends = box("mvex", full("trex", 0, 0, struct.pack(">IIIII", 1, 1, 0, 0, 0)))
    return box("ftyp", b"cmfc", bytes(4), b"cmfc") + box("moov", full("mvhd", 0, 0, bytes(96)), track, extends)


def chunk(video, index):
    key = not video or index % PARTS == 0

    def moof(offset):
        run = full("trun", 0, 0x601, struct.pack(">IiII", 1, offset, 200, 0x02000000 if key else 0x01010000))
        return box("moof", full("mfhd", 0, 0, struct.pack(">I", index)),
                   box("traf", full("tfhd", 0, 0x020008, struct.pack(">II", 1, 22500)), full("tfdt", 1, 0, struct.pack(">Q", index * 22500)), run))
    return moof(len(moof(0)) + 8) + box("mdat", bytes([index % 256]) * 200)


class Model:
    def __init__(self, broken, tls=None):
        self.broken = broken
        self.began = time.monotonic() - 20 * SEGMENT - 0.05
        self.break_segment = 23 if broken in AWAY else None
        self.ends = 25 * SEGMENT + 0.6 if broken in ("blocking-after-end", "ended") else None
        self.was_cut = False
        self.tls = tls

    def now(self):
        return time.monotonic() - self.began

    def is_(self, video, rule):
        return video and self.broken == rule

    # ---- what there is

    def ready(self, video, index):
        at = (index + 1) * PART
        if self.break_segment is not None and index >= self.break_segment * PARTS:
            at += AWAY[self.broken]
        if self.broken == "renditions-in-step" and not video:
            at += 5
        return at

    def count(self, video, now):
        until = min(now, self.ends) if self.ends else now
        n = int(until / PART) + 1
        while n > 0 and self.ready(video, n - 1) > until:
            n -= 1
        return n

    def over(self, now):
        return self.ends is not None and now >= self.ends

    # ---- playlists

    def video_playlist(self):
        return "video/playlist" if self.broken == "content-type" else "video/playlist.m3u8"

    def master(self):
        return ('#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="audio/playlist.m3u8"\n'
                '#EXT-X-STREAM-INF:BANDWIDTH=90000,AVERAGE-BANDWIDTH=80000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=64x36,FRAME-RATE=4.000,AUDIO="a",'
                f"CLOSED-CAPTIONS=NONE\n{self.video_playlist()}\n")

    def honest(self):
        """The discontinuity is told."""
        return self.broken != "updated-in-time"

    def date(self, msn):
        away = AWAY[self.broken] if self.break_segment is not None and msn >= self.break_segment and self.honest() else 0
        at = msn * SEGMENT + away
        return f"2026-01-01T00:{int(at) // 60:02}:{at % 60:06.3f}Z"

    def playlist(self, video, now, delta):
        n = self.count(video, now)
        complete = -(-n // PARTS) if self.over(now) else n // PARTS
        first = complete - WINDOW
        skipped = (WINDOW - 2 if self.is_(video, "delta-boundary") else 1) if delta and not self.over(now) else 0
        told = self.break_segment is not None and self.honest()
        lines = ["#EXTM3U", f"#EXT-X-VERSION:{9 if skipped else 6}", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{first}",
                 f"#EXT-X-DISCONTINUITY-SEQUENCE:{int(told and first > self.break_segment)}",
                 "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.75,HOLD-BACK=3.0,CAN-SKIP-UNTIL=6.0", "#EXT-X-PART-INF:PART-TARGET=0.25"]
        if skipped:
            lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
        lines.append('#EXT-X-MAP:URI="init.mp4"')
        for msn in range(first + skipped, max(complete, -(-n // PARTS))):
            there = min(PARTS, n - msn * PARTS)
            if told and msn == self.break_segment:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{self.date(msn)}")
            if (n - msn * PARTS) * PART <= 3 * SEGMENT:
                lines += [f'#EXT-X-PART:DURATION=0.250000,URI="{msn}.{part}.m4s"' + (",INDEPENDENT=YES" if part == 0 or not video else "")
                          for part in range(there)]
            if msn < complete:
                wrong = 0.1 if self.is_(video, "delta-update") and skipped and msn == first + skipped else 0
                lines += [f"#EXTINF:{there * PART - wrong:.6f},", f"{msn}.m4s"]
        if self.over(now):
            return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
        soon = ".soon" if self.is_(video, "hint-kept") else ""
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{n // PARTS}.{n % PARTS}{soon}.m4s"')
        last = self.count(not video, now) - 1 + (6 if self.is_(video, "report-values") else 0)
        lines.append(f'#EXT-X-RENDITION-REPORT:URI="../{"audio/playlist.m3u8" if video else self.video_playlist()}",LAST-MSN={last // PARTS},LAST-PART={last % PARTS}')
        return "\n".join([*lines, ""])

    def playlist_answer(self, video, query, now):
        """(when, status, body): at that second."""
        value = {name: int(number) for name, number in re.findall(r"(_HLS_msn|_HLS_part)=(\d+)", query)}
        msn, part = value.get("_HLS_msn"), value.get("_HLS_part")
        at = now
        if not self.over(now) or self.is_(video, "blocking-after-end"):
            n = self.count(video, now)
            if part is not None and msn is None and not self.is_(video, "blocking-part-alone"):
                return now, 400, ""
            if msn is not None and msn < n // PARTS - WINDOW and self.is_(video, "blocking-gone"):
                return now, 404, ""
            if msn is not None:
                wanted = msn * PARTS + (part if part is not None else PARTS - 1)
                if part is not None and part >= PARTS:
                    if (msn + 1) * PARTS <= n and self.is_(video, "blocking-past-part"):
                        return now, 400, ""
                    wanted = (msn + 1) * PARTS if (msn + 1) * PARTS <= n else n + 1000
                if wanted > n + 2 * PARTS:
                    if not self.is_(video, "blocking-far-ahead"):
                        return now, 400, ""
                elif not (self.is_(video, "blocking-reload") and part in (1, 2, 3)):
                    at = max(now, self.ready(video, wanted))
                    if self.ends is not None and at > self.ends:
                        at = max(now, self.ends)
                if at - now > BLOCKED and self.broken != "blocking-gives-up":
                    return now + BLOCKED, 503, ""
        return at, 200, None

    # ---- media

    def media_answer(self, video, file, now):
        """(first byte, last byte, status, body)"""
        if file == "init.mp4":
            return now, now, 200, header(video)
        named = re.fullmatch(r"(\d+)(?:\.(\d+)(?:\.soon)?)?\.m4s", file)
        if not named:
            return now, now, 404, b""
        n, msn = self.count(video, now), int(named[1])
        if named[2] is None:
            there = min(PARTS, n - msn * PARTS)
            gone = self.is_(video, "available-long-enough") and msn < n // PARTS - WINDOW
            if there <= 0 or (there < PARTS and not self.over(now)) or gone:
                return now, now, 404, b""
            done = now + (5 if self.is_(video, "available-at-once") else 0)
            return now, done, 200, b"".join(chunk(video, msn * PARTS + part) for part in range(there))
        index = msn * PARTS + int(named[2])
        if index < n:
            return now, now, 200, chunk(video, index)
        if index > n or self.is_(video, "hint-available"):
            return now, now, 404, b""
        at = self.ready(video, index)
        if self.ends is not None and at > self.ends:
            return max(now, self.ends), max(now, self.ends), 404, b""
        if at - now > BLOCKED and self.broken != "blocking-gives-up":
            return now + BLOCKED, now + BLOCKED, 503, b""
        return max(now, at - 0.2) if self.is_(video, "hint-answered-whole") else at, at, 200, chunk(video, index)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def wait_until(self, second):
        # an answer is due at a second of the model's clock
        self.server.closing.wait(max(0, second - self.server.model.now()))

    def head(self, status, length, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def do_GET(self):
        model = self.server.model
        path, _, query = self.path.partition("?")
        folder, _, file = path.removeprefix("/elsewhere").removeprefix("/live/").rpartition("/")
        video, now = folder == "video", model.now()
        try:
            if model.broken == "redirect" and file != "master.m3u8" and not path.startswith("/elsewhere/"):
                playlist = file.startswith("playlist")
                self.head(302 if playlist else 404, 0, Location="/elsewhere" + self.path if playlist else None)
            elif file == "master.m3u8":
                self.give_playlist(model.master(), False, 200, "max-age=1")
            elif file.startswith("playlist"):
                at, status, _ = model.playlist_answer(video, query, now)
                self.wait_until(at)
                text = model.playlist(video, max(at, model.now()), "_HLS_skip=YES" in query) if status == 200 else ""
                plain = "max-age=60" if model.is_(video, "live-cache-time") else "max-age=1"
                self.give_playlist(text, video, status, "max-age=6" if "_HLS_msn" in query else plain, "_HLS_msn" in query)
            else:
                self.give_media(video, file, now)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def give_playlist(self, text, video, status, cache, blocking=False):
        model = self.server.model
        body = text.encode()
        packed = not model.is_(video, "compression")
        if packed:
            body = gzip.compress(body, 1)
        cut = model.is_(video, "atomic-change") and blocking and status == 200 and not model.was_cut
        self.head(status, len(body) + (12 if cut else 0), Content_Encoding="gzip" if packed else None, Cache_Control=cache,
                  Content_Type="text/plain" if model.is_(video, "content-type") else "application/vnd.apple.mpegurl",
                  Access_Control_Allow_Origin=None if model.is_(video, "cors") else "*")
        self.wfile.write(body)
        if cut:
            model.was_cut = self.close_connection = True

    def give_media(self, video, file, now):
        model = self.server.model
        first, done, status, body = model.media_answer(video, file, now)
        self.wait_until(first)
        forgets = model.is_(video, "expires-told") and re.fullmatch(r"\d+\.m4s", file)
        self.head(status, len(body), Content_Type="video/mp4", Cache_Control=None if forgets else "max-age=31536000, immutable",
                  Access_Control_Allow_Origin="*")
        half = len(body) // 2 if done > first else 0
        self.wfile.write(body[:half])
        self.wait_until(done)
        self.wfile.write(body[half:])


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, broken, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.closing = threading.Event()
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)  # shaken by each request's own thread
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server_address[1]}/live/master.m3u8"
        self.model = Model(broken)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.shutdown()
        self.server_close()
