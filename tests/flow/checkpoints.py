"""A stream's burnt-in numbers read piece by piece while it is live: each checkpoint takes what has been finished since the one before,
so that hours are judged although the ledger's beginning may have been removed meanwhile."""
import pathlib
import tempfile
import urllib.parse

from harness import get
from numbered import check_frames, renditions


class Rendition:
    """What has been read of one rendition: runs [first, last] of numbers, in the order they are shown."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.last_msn = -1
        self.runs = []
        self.pictures = self.unreadable = self.gaps = self.skipped = 0
        self.decoder = []

    def add(self, read):
        self.pictures += read["pictures"]
        self.unreadable += read["unreadable"]
        if read["decoder"]:
            self.decoder.append(read["decoder"])
        for first, last in read["runs"]:
            if self.runs and first == self.runs[-1][1] + 1:
                self.runs[-1][1] = last
            else:
                self.runs.append([first, last])


class Checkpoints:
    """One stream of a platform, by its channel's name."""

    def __init__(self, platform, channel, stream):
        self.stream = stream
        self.master = f"http://127.0.0.1:{platform.port('origin')}/vod/{channel}/{stream}/master.m3u8"
        self.renditions = {}
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-checkpoint-")

    def take(self):
        """Reads all finished segments since the last time."""
        for name, (url, width, height) in renditions(self.master).items():
            self.read(self.renditions.setdefault(name, Rendition(width, height)), name, url)

    def read(self, rendition, name, url):
        fresh, head, block, msn = [], None, [], None
        for line in get(url)[2].decode().splitlines():
            if line.startswith("#EXT-X-MEDIA-SEQUENCE:"):
                msn = int(line.split(":")[1])
                rendition.skipped += max(0, msn - rendition.last_msn - 1)  # removed before they were read
            elif line.startswith("#EXT-X-MAP:"):
                head = f'#EXT-X-MAP:URI="{urllib.parse.urljoin(url, line.split(chr(34))[1])}"'
            elif line.startswith(("#EXTINF", "#EXT-X-GAP", "#EXT-X-DISCONTINUITY")) and not line.startswith("#EXT-X-DISCONTINUITY-SEQUENCE"):
                block.append(line)
            elif line and not line.startswith("#"):
                if msn > rendition.last_msn:
                    if "#EXT-X-GAP" in block:
                        rendition.gaps += 1
                    else:
                        fresh += [*([head] if head else []), *block, urllib.parse.urljoin(url, line)]
                    rendition.last_msn = msn
                msn += 1
                block = []
        if not fresh:
            return
        frozen = pathlib.Path(self.folder.name, f"{name}.m3u8")
        frozen.write_text("\n".join(["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:10", *fresh, "#EXT-X-ENDLIST", ""]))
        rendition.add(check_frames(str(frozen), rendition.width, rendition.height,
                                   ["-protocol_whitelist", "file,http,tcp,crypto", "-allowed_extensions", "ALL"]))
