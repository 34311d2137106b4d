"""A disk that is small enough to be filled up, and what fills it."""
import contextlib
import os
import subprocess


@contextlib.contextmanager
def small_disk(folder, size="40m"):
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


class Ballast:
    """Another program's file that takes all the room there is, and what becomes free."""

    def __init__(self, disk):
        self.path = disk / "ballast"
        self.file = open(self.path, "ab", buffering=0)

    def fill(self):
        block = bytes(1 << 16)
        while True:
            try:
                wrote = self.file.write(block)
            except OSError:
                wrote = 0
            if wrote < len(block):
                if len(block) == 1:
                    return
                block = block[:max(1, len(block) // 16)]

    def leave(self, size):
        """Takes or gives back as much as it takes to have so many bytes free."""
        disk = os.statvfs(self.path)
        free = disk.f_bavail * disk.f_bsize
        if free > size:
            self.file.write(bytes(free - size))
        elif free < size:
            self.file.truncate(self.path.stat().st_size + free - size)

    def drop(self):
        self.file.close()
        self.path.unlink()
