"""`sluice upgrade` of what players and publishers depend on, with both there: transcode and segmenter stream by stream, origind with its sockets."""
import contextlib
import http.client
import subprocess
import threading
import time

import pytest

from harness import Platform, Publisher, get, wait_for
from ingest import ended, parts, records
from kills import below, lint, processes
from numbered import NumberedPublisher, check_frames, renditions
from stage import assert_clean, watching

LONG = 60


def pipelines(platform):
    """The processes of transcode and segmenter."""
    return {pid for pid, row in below(platform.pid("ingestd")).items() if row[1] in ("transcode", "segmenter")}


@pytest.mark.parametrize("names", [("transcode",), ("segmenter", "transcode")], ids=" ".join)
def test_pipelines_are_replaced_one_stream_after_another(names):
    with Platform("--quiet") as platform:
        keys = [platform.channel(name) for name in ("alice", "bob")]
        with NumberedPublisher(platform.publish_url(keys[0])) as numbered, Publisher(platform.publish_url(keys[1])) as other:
            platform.wait_live("alice", LONG)
            platform.wait_live("bob", LONG)
            ledger = next(path for path in (platform.directory / "ledgers").iterdir() if path.name == stream(platform, "alice")["stream"])
            before = pipelines(platform)
            assert len(before) == 4
            said = platform.run("sluice", "upgrade", *names)
            assert said == f"{' and '.join(names)} replaced: new pipelines for 2 streams"
            after = pipelines(platform)
            assert len(after) == 4 and not before & after
            log = (platform.directory / "logs/ingestd.log").read_text()
            # The second waited for the first one's parts.
            order = [line for line in log.splitlines() if "pipeline started" in line or "another pipeline has taken over" in line][2:]
            assert ["taken over" in line for line in order] == [False, True, False, True], order
            assert all(row["restarts"] == 0 and row["state"] == "live" for row in platform.status()["streams"])
            assert numbered.alive() and other.process.poll() is None
            assert numbered.stop(), numbered.output()
        wait_for(lambda: ended(ledger), LONG, "the end of the stream")
        lint(ledger)
        for name, where in renditions(f"http://127.0.0.1:{platform.port('origin')}/vod/alice/{ledger.name}/master.m3u8").items():
            read = check_frames(*where)
            assert (read["first"], read["lost"], read["repeated"], read["backwards"], read["unreadable"], read["decoder"]) == (0, 0, 0, 0, 0, ""), (name, read)


def irregular(url, *options):
    """A real ffmpeg with keyframes where `options` put them, and B-frames or none."""
    return subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=60", "-f", "lavfi", "-i", "sine=sample_rate=48000",
                             *options, "-g", "600", "-sc_threshold", "0", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", url])


def test_segments_begin_with_keyframes_and_end_where_the_next_begin_whatever_the_frames_are_like():
    """Frames that are missing before each keyframe; keyframes so far apart that the source is encoded, and never where ours stand. An upgrade, then another ladder."""
    sources = {"uneven": ["-vf", "select='not(gte(mod(n,60),57))'", "-fps_mode", "vfr", "-force_key_frames", "expr:gte(t,n_forced*2)", "-bf", "0"],
               "apart": ["-r", "30", "-force_key_frames", "expr:gte(t,1.1+4*(n_forced-1))", "-bf", "2"]}
    with Platform("--quiet") as platform, contextlib.ExitStack() as ends:
        (platform.directory / "transcode.conf").write_text("ladder = source\nshed = off\n")
        urls = {name: platform.publish_url(platform.channel(name)) for name in sources}
        for name, options in sources.items():
            publisher = irregular(urls[name], *options)
            ends.callback(publisher.wait)
            ends.callback(publisher.terminate)
        for name in sources:
            platform.wait_live(name, LONG)
        watches = [watching(platform.master_url(name), 120) for name in sources]
        ledgers = {name: platform.directory / "ledgers" / stream(platform, name)["stream"] for name in sources}
        assert "for 2 streams" in platform.run("sluice", "upgrade", "transcode")
        (platform.directory / "transcode.conf").write_text("ladder = source,240p30\nshed = off\n")
        platform.run("sluice", "reload", "ingestd")
        wait_for(lambda: all(len({row[2] for row in parts(ledger, "240p30")}) > 2 for ledger in ledgers.values()), LONG, "segments of the new ladder")
        assert all(b"#EXT-X-INDEPENDENT-SEGMENTS" in get(platform.master_url(name))[2] for name in sources)
        ends.close()
        for name, ledger in ledgers.items():
            wait_for(lambda: ended(ledger), LONG, "the end of the stream")
            lint(ledger)
            assert not [row for row in records(ledger, "P") if "G" in row[12] or (row[3] == "0" and "I" not in row[12])], name
        for watch in watches:
            assert_clean(watch)


def test_a_pipeline_that_does_not_work_for_one_stream_is_spared_the_others():
    with Platform("--quiet") as platform:
        with Publisher(platform.publish_url(platform.channel("alice"))), Publisher(platform.publish_url(platform.channel("bob"))):
            platform.wait_live("alice", LONG)
            platform.wait_live("bob", LONG)
            before = pipelines(platform)
            (platform.directory / "ingestd.conf").write_text("pipeline = transcode --no-such-option | segmenter\n")
            platform.run("sluice", "reload", "ingestd")
            log = platform.directory / "logs/ingestd.log"
            wait_for(lambda: "no further stream gets another pipeline" in log.read_text(), LONG, "word of the end of it")
            after = wait_for(lambda: len(now := pipelines(platform)) == 4 and now, LONG, "both pipelines")
            assert len(before & after) == 2  # one stream's two programs
            wait_for(lambda: platform.status()["state"] == "ready" and all(row["state"] == "live" for row in platform.streams()), LONG, "both streams")


def stream(platform, channel):
    return next(row for row in platform.status()["streams"] if row["channel"] == channel)


class Player(threading.Thread):
    """Asks for the next part again and again, on a connection that it keeps as long as it may: what it was answered, and the longest wait."""

    def __init__(self, platform, playlist):
        super().__init__()
        self.port, self.path = platform.port("origin"), playlist
        self.leaving, self.statuses, self.failures, self.connections, self.answered = threading.Event(), [], [], 0, []

    def run(self):
        link, msn, part = None, None, None
        while not self.leaving.is_set():
            asked = self.path if msn is None else f"{self.path}?_HLS_msn={msn}&_HLS_part={part}"
            try:
                if link is None:
                    link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG)
                    self.connections += 1
                link.request("GET", asked)
                answer = link.getresponse()
                text = answer.read().decode()
            except http.client.RemoteDisconnected:  # a kept connection that was closed meanwhile: asked again on another, as browsers do
                link = None
                continue
            except OSError as failure:
                self.failures.append(failure)
                link = None
                continue
            self.statuses.append(answer.status)
            self.answered.append(time.monotonic())
            if answer.getheader("Connection") == "close":
                link = None
            if answer.status == 200:
                msn, part = next_part(text)

    def stop(self):
        self.leaving.set()
        self.join(LONG)

    def longest_wait(self):
        return max(b - a for a, b in zip(self.answered, self.answered[1:]))


def next_part(text):
    """(msn, part) that a live playlist does not have yet."""
    lines = text.splitlines()
    msn = int(next(line for line in lines if line.startswith("#EXT-X-MEDIA-SEQUENCE:")).split(":")[1]) + sum(line.startswith("#EXTINF") for line in lines)
    last = max(at for at, line in enumerate(lines) if line.startswith("#EXTINF")) if any(line.startswith("#EXTINF") for line in lines) else 0
    return msn, sum(line.startswith("#EXT-X-PART:") for line in lines[last:])


def test_origind_is_replaced_and_players_notice_nothing():
    with Platform("--quiet") as platform:
        with Publisher(platform.publish_url(platform.channel("alice"))):
            platform.wait_live("alice", LONG)
            first = platform.pid("origind")
            path = "/" + renditions(platform.master_url("alice"))["source"][0].split("/", 3)[3]
            players = [Player(platform, path) for _ in range(5)]
            for player in players:
                player.start()
            try:
                wait_for(lambda: all(len(player.statuses) > 3 for player in players), LONG, "parts at the players")
                assert "origind replaced" in platform.run("sluice", "upgrade", "origind")
                second = platform.pid("origind")
                counts = [len(player.statuses) for player in players]
                assert second != first
                wait_for(lambda: all(len(player.statuses) > count + 5 for player, count in zip(players, counts)), LONG, "parts at the players, afterwards")
                wait_for(lambda: first not in processes(), LONG, "the first to end")
            finally:
                for player in players:
                    player.stop()
            for player in players:
                assert set(player.statuses) == {200} and not player.failures, (player.statuses, player.failures)
                assert player.connections >= 2 and player.longest_wait() < 3
            status = platform.status()
            assert status["state"] == "ready" and all(row["restarts"] == 0 for row in status["programs"])
            # It is looked after as any, and can be replaced again; one that cannot start changes nothing.
            (platform.directory / "origind.conf").write_text("live-window = soon\n")
            failed = platform.run("sluice", "upgrade", "origind", check=False)
            assert failed.returncode == 1 and "goes on" in failed.stderr and platform.pid("origind") == second
            (platform.directory / "origind.conf").unlink()
            platform.run("sluice", "upgrade", "origind")
            assert platform.pid("origind") not in (first, second) and get(platform.master_url("alice"))[0] == 200


def test_what_has_nobody_to_hand_over_to_is_started_again():
    with Platform("--quiet") as platform:
        before = {name: platform.pid(name) for name in ("webd", "chatd")}
        said = platform.run("sluice", "upgrade", "webd", "chatd", "storyboard", "automod")
        assert "webd started again" in said and "chatd started again" in said and "storyboard" in said and "automod replaced" in said
        assert all(platform.pid(name) not in (None, pid) for name, pid in before.items())
        assert platform.run("sluice", "upgrade", "nobody", check=False).returncode == 2


def test_where_one_cannot_be_replaced_the_others_have_their_turn():
    with Platform("--quiet") as platform:
        before = {name: platform.pid(name) for name in ("ingestd", "webd")}
        for name in ("ingestd", "chatd"):
            (platform.directory / f"{name}.conf").write_text("log-level = shrill\n")
        done = platform.run("sluice", "upgrade", "ingestd", "chatd", "webd", check=False)
        assert done.returncode == 1 and "ingestd was not replaced" in done.stderr and "chatd has not come back" in done.stderr, done
        assert "webd started again" in done.stdout, done
        assert platform.pid("ingestd") == before["ingestd"] and platform.pid("webd") not in (None, before["webd"])
