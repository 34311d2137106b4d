"""`sluice reload`, SIGHUP to `sluice up`, and another ladder for streams that run: no publisher is dropped, no frame of a rendition that stays is lost."""
import json
import os
import pty
import re
import select
import signal
import subprocess

from harness import Platform, Publisher, free_port_base, get, program, wait_for
from ingest import ended, parts, records
from kills import lint
from numbered import NumberedPublisher, check_frames, ledger_of, renditions

LONG = 60  # s: everything here may have the machine to share


def reload(platform, *names):
    """The exit code, and what was said of each program; what belongs to it is indented."""
    done = platform.run("sluice", "reload", *names, check=False)
    return done.returncode, dict(line.split(" ", 1) for line in re.split(r"\n(?! )", done.stdout.strip()))


def test_a_file_made_on_a_running_platform_is_read_on_reload():
    with Platform("--quiet") as platform:
        code, said = reload(platform)
        assert code == 0 and said == dict.fromkeys(("origind", "chatd", "webd", "ingestd"), "reloaded")
        ingestd = platform.directory / "ingestd.conf"
        ingestd.write_text("max-connections = 7\nsrt-latency = 1s\n")
        assert reload(platform, "ingestd", "webd") == \
            (0, {"ingestd": "reloaded, changed: max-connections; needs a restart: srt-latency", "webd": "reloaded"})

        ingestd.write_text("max-connections = 7\ngrace = soon\n")
        code, said = reload(platform)
        assert code == 1 and said["webd"] == "reloaded"
        assert said["ingestd"] == f"refused, and keeps its configuration: --grace ({ingestd}:2): 'soon' is not a duration (write 500ms, 2s, 1.5s, 10m or 1h)"
        ingestd.unlink()
        assert reload(platform, "ingestd") == (0, {"ingestd": "reloaded, changed: max-connections"})

        # What a pipeline is made of, while there is none; a quote is no more than a quote.
        (platform.directory / "segmenter.conf").write_text("# lengths\nsegment = 4s\ndvr-window = 1h\n")
        ingestd.write_text('pipeline = sh -c "transcode | segmenter"\n')
        code, said = reload(platform, "ingestd")
        assert code == 0 and said["ingestd"].split("\n  ")[1:3] == ["segmenter.conf: dvr-window: not set -> 1h", "segmenter.conf: segment: not set -> 4s (of streams that begin from now on)"]
        assert said["ingestd"].endswith(' -> sh -c "transcode | segmenter"\n  no stream has a pipeline now: from the next one on')
        ingestd.unlink()
        assert reload(platform, "ingestd")[0] == 0

        assert platform.run("sluice", "reload", "nobody", check=False).returncode == 2
        os.kill(platform.pid("webd"), signal.SIGSTOP)
        try:
            code, said = reload(platform, "origind", "webd")
            assert code == 1 and said["origind"] == "reloaded" and "gave no answer" in said["webd"]
        finally:
            os.kill(platform.pid("webd"), signal.SIGCONT)

        # The supervisor's SIGHUP does the same, and stops nothing.
        pids = {row["name"]: row["pid"] for row in platform.status()["programs"]}
        (platform.directory / "webd.conf").write_text("status-age = 9s\n")
        platform.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "webd reloaded, changed: status-age" in platform.output(), LONG, "word of the reload")
        assert platform.status()["state"] == "ready" and pids == {row["name"]: row["pid"] for row in platform.status()["programs"]}
    assert platform.process.returncode == 0
    with_nothing_up = subprocess.run([program("sluice"), "reload", "--dir", str(platform.directory)], capture_output=True, text=True, timeout=LONG)
    assert with_nothing_up.returncode == 1 and "sluice up" in with_nothing_up.stderr


def test_a_setting_that_sluice_itself_gives_is_named_and_has_no_effect():
    own = {"ingestd": {"rtmp-port": 1, "max-connections": 7, "drain-time": "3s"}, "webd": {"origin-port": 2}, "chatd": {"log-level": "info"}}
    with Platform("--quiet", settings=own) as platform:
        said = [line for line in platform.output().splitlines() if "has no effect" in line]
        assert said == [
            f"sluice: {platform.directory}/webd.conf:1: 'origin-port' has no effect: 'sluice up' gives webd --origin-port {platform.port('origin')}",
            f"sluice: {platform.directory}/ingestd.conf:1: 'rtmp-port' has no effect: 'sluice up' gives ingestd --rtmp-port {platform.base}",
            f"sluice: {platform.directory}/ingestd.conf:3: 'drain-time' has no effect: 'sluice up' gives ingestd --drain-time 10s"]
        assert platform.output().count("--port-base N") == 2
        # A file that is changed later is looked at when it is read.
        (platform.directory / "ingestd.conf").write_text("srt-port = 3\n")
        platform.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "'srt-port' has no effect" in platform.output(), LONG, "word of the port")
        (platform.directory / "origind.conf").write_text("# mine\nhttp-port = 9\n")
        said = subprocess.run([program("sluice"), "reload", "origind", "--dir", str(platform.directory)], capture_output=True, text=True, timeout=LONG)
        assert said.returncode == 0 and said.stdout.startswith("origind reloaded"), said
        assert f"{platform.directory}/origind.conf:2: 'http-port' has no effect: 'sluice up' gives origind --http-port {platform.port('origin')}" in said.stderr


def test_a_terminal_that_is_closed_still_stops_the_platform(tmp_path):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(program("sluice"), ["sluice", "up", "--quiet", "--dir", str(tmp_path), "--port-base", str(free_port_base())])
    said = b""
    while b"chat     ws://" not in said:
        assert select.select([terminal], [], [], LONG)[0], said.decode()
        said += os.read(terminal, 65536)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


class HlsReader:
    """ffmpeg that plays a live presentation to its end."""

    def __init__(self, url):
        self.process = subprocess.Popen(["ffmpeg", "-v", "warning", "-live_start_index", "0", "-i", url, "-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def frames(self):
        """Decode times of all it has read, at the stream's end."""
        said, complaints = self.process.communicate(timeout=LONG)
        assert self.process.returncode == 0, complaints
        return [int(line.split(",")[1]) for line in said.splitlines() if not line.startswith("#")], complaints

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def grown(ledger, *names, by=3):
    """Waits for parts with media in each of the renditions."""
    count = lambda name: sum("G" not in row[12] for row in parts(ledger, name))
    before = {name: count(name) for name in names}
    wait_for(lambda: all(count(name) >= before[name] + by for name in names), LONG, f"parts of {names}")


def whole(result):
    return (result["lost"], result["repeated"], result["backwards"], result["unreadable"], result["decoder"]) == (0, 0, 0, 0, "")


def test_another_ladder_reaches_a_stream_that_runs():
    with Platform("--quiet") as platform:
        ladder = platform.directory / "transcode.conf"
        ladder.write_text("ladder = source,240p30:900\n")
        key = platform.channel("alice")
        with NumberedPublisher(platform.publish_url(key), width=640, height=360) as publisher:
            platform.wait_live("alice", LONG)
            wait_for(lambda: set(renditions(platform.master_url("alice"))) == {"source", "240p30"}, LONG, "the rung")
            ledger = ledger_of(platform)
            before = platform.status()["streams"][0]
            with HlsReader(renditions(platform.master_url("alice"))["source"][0]) as reader:
                grown(ledger, "source", "240p30")

                # One that is none changes nothing, not even that.
                ladder.write_text("ladder = 240p99x\n")
                code, said = reload(platform, "ingestd")
                assert code == 1 and f"transcode: --ladder ({ladder}:1): ladder: \"240p99x\" is no rung" in said["ingestd"], said
                # A rung comes, the others stay.
                ladder.write_text("ladder = source,240p30:900,160p30:500\n")
                assert reload(platform, "ingestd") == (0, {"ingestd": "reloaded\n  transcode.conf: ladder: not set -> source,240p30:900,160p30:500"
                                                                      "\n  alice: from the next keyframe on, one stream after the other"})
                assert reload(platform, "ingestd") == (0, {"ingestd": "reloaded"})
                grown(ledger, "160p30", "source", "240p30")
                late = renditions(platform.master_url("alice"))["160p30"]
                # Not in the whole stream: a player that begins with it would have nothing of what was before.
                assert set(renditions(f"http://127.0.0.1:{platform.port('origin')}/vod/alice/{ledger.name}/master.m3u8")) == {"source", "240p30"}
                row = platform.status()["streams"][0]
                assert {each["name"]: each["state"] for each in row["renditions"] if each["kind"] == "video"} == dict.fromkeys(("source", "240p30", "160p30"), "live")

                # The pipeline's own command, by another way: and back again when it writes nothing.
                ingestd = platform.directory / "ingestd.conf"
                ingestd.write_text("pipeline = transcode --no-such-option | segmenter\n")
                code, told = reload(platform, "ingestd")
                assert code == 0 and told["ingestd"].startswith("reloaded, changed: pipeline\n  pipeline: ")
                assert " -> transcode --no-such-option | segmenter\n  alice: from" in told["ingestd"]
                log = platform.directory / "logs/ingestd.log"
                wait_for(lambda: "the changed pipeline has written nothing" in log.read_text(), LONG, "the old pipeline again")
                grown(ledger, "160p30", "source", "240p30")
                ingestd.write_text("pipeline = transcode --ladder source,240p30:900 | segmenter\n")
                code, told = reload(platform, "ingestd")
                assert code == 0 and " -> transcode --ladder source,240p30:900 | segmenter\n  alice: from" in told["ingestd"]
                wait_for(lambda: ["S", "160p30", "gone"] in records(ledger, "S"), LONG, "the rung to go")
                grown(ledger, "source", "240p30")
                last = platform.status()["streams"][0]
                assert {each["name"]: each["state"] for each in last["renditions"] if each["kind"] == "video"} == {"source": "live", "240p30": "live", "160p30": "gone"}
                metrics = next(each for each in platform.status()["programs"] if each["name"] == "ingestd")["ports"]["metrics"]
                assert 'sluice_ingest_rendition_shed{channel="alice",rendition="160p30"} 0' in get(f"http://127.0.0.1:{metrics}/metrics")[2].decode()
                assert (last["stream"], last["publisher"], last["dropped_frames"]) == (before["stream"], before["publisher"], 0)
                assert publisher.alive() and publisher.stop(), publisher.output()
                wait_for(lambda: ended(ledger), LONG, "the end of the stream")
                times, complaints = reader.frames()
        lint(ledger)
        listed = renditions(f"http://127.0.0.1:{platform.port('origin')}/vod/alice/{ledger.name}/master.m3u8")
        listed["160p30"] = listed["source"][0].replace("/source/", "/160p30/"), *late[1:]
        read = {name: check_frames(*where) for name, where in listed.items()}
        print(json.dumps(read), *[line for line in log.read_text().splitlines() if "pipeline" in line], sep="\n")
        for name in ("source", "240p30"):
            assert read[name]["first"] == 0 and whole(read[name]), (name, read[name])
        # What there is of the one that came and went is whole; ffmpeg 5.1 asks for gaps and complains of them.
        assert read["160p30"]["first"] > 0 and read["160p30"]["lost"] == read["160p30"]["repeated"] == 0, read["160p30"]
        # The reader had every frame, too: none twice, none missed.
        assert len(times) == read["source"]["pictures"], (len(times), read["source"], complaints)
        assert all(2900 <= b - a <= 3100 for a, b in zip(times, times[1:])), (times, complaints)


def test_a_shorter_grace_holds_for_a_stream_that_waits_already():
    with Platform("--quiet", settings={"ingestd": {"grace": "10m"}, "transcode": {"ladder": "source"}}) as platform:
        with Publisher(platform.publish_url(platform.channel("alice"))) as publisher:
            platform.wait_live("alice", LONG)
            ledger = ledger_of(platform)
            publisher.kill()
        (platform.directory / "ingestd.conf").write_text("grace = 1s\n")
        assert reload(platform, "ingestd") == (0, {"ingestd": "reloaded, changed: grace"})
        wait_for(lambda: ended(ledger), LONG, "the end of the stream")
