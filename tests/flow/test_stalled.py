"""A stream that has a publisher and is not being written is said to be stalled, with the reason, and the platform degraded; kick."""
import json
import os
import re
import signal
import subprocess

from harness import Platform, Publisher, get, program, wait_for
from kills import below

LONG = 60


def said(platform):
    return subprocess.run([program("sluice"), "status", "--dir", str(platform.directory)], capture_output=True, text=True, timeout=LONG)


def api_facts(platform):
    return json.loads(get(f"http://127.0.0.1:{platform.port('http')}/api/channels/ada/stream")[2]).get("data")


def test_a_stream_that_is_not_written_is_stalled_and_the_platform_degraded():
    with Platform("--quiet") as platform:
        with Publisher(platform.publish_url(platform.channel("ada"))) as publisher:
            status = wait_for(lambda: (s := platform.status())["streams"] and s["state"] == "ready" and "last_part_age_ms" in s["streams"][0] and s, LONG, "a live stream")
            row = status["streams"][0]
            assert row["state"] == "live" and 0 <= row["last_part_age_ms"] < 3000 and "stalled_because" not in row and status["reason"] == ""

            def stopped(name, how):
                """Stops a program of the pipeline in its tracks; what the platform's status becomes."""
                [victim] = [pid for pid, row in below(platform.pid("ingestd")).items() if row[1] == name]
                os.kill(victim, how)
                return victim

            victim = stopped("segmenter", signal.SIGSTOP)
            try:
                status = wait_for(lambda: (s := platform.status())["state"] == "degraded" and s, LONG, "a degraded platform")
                [row] = status["streams"]
                assert row["state"] == "stalled" and row["last_part_age_ms"] >= 3000 and row["stalled_because"] in ("its pipeline writes nothing", "its pipeline takes nothing")
                assert status["reason"] == f"the stream of ada stands still: {row['stalled_because']}"
                people = said(platform)
                assert people.returncode == 1
                assert re.search(rf"^{platform.directory}  degraded: the stream of ada stands still: its pipeline (writes|takes) nothing$", people.stdout, re.M), people.stdout
                assert re.search(r"^  ada +stalled +since ", people.stdout, re.M) and re.search(r"^    nothing is written for \d+ s: its pipeline", people.stdout, re.M)
                facts = wait_for(lambda: (f := api_facts(platform)) and f["state"] == "stalled" and f, LONG, "the API to say so")
                assert facts["lastPartAgeMs"] >= 1000
                wait_for(lambda: "the stream stands still" in (platform.directory / "logs/ingestd.log").read_text(), LONG, "word in the log")
                assert b"\nsluice_ingest_stalled_streams 1\n" in get(f"http://127.0.0.1:{platform.base + 10}/metrics")[2]
            finally:
                os.kill(victim, signal.SIGCONT)
            wait_for(lambda: platform.status()["state"] == "ready" and platform.status()["streams"][0]["state"] == "live", LONG, "the stream going on")
            wait_for(lambda: b"\nsluice_ingest_stalled_streams 0\n" in get(f"http://127.0.0.1:{platform.base + 10}/metrics")[2], LONG, "the count")

            # A publisher that hangs, connected as ever.
            publisher.process.send_signal(signal.SIGSTOP)
            try:
                status = wait_for(lambda: (s := platform.status())["state"] == "degraded" and s, LONG, "a degraded platform")
                assert status["streams"][0]["stalled_because"] == "its publisher sends nothing"
            finally:
                publisher.process.send_signal(signal.SIGCONT)
            wait_for(lambda: platform.status()["state"] == "ready", LONG, "the stream going on")


def test_kick_names_its_channel():
    with Platform("--quiet") as platform:
        control = platform.directory / "run/ingestd.sock"
        ask = lambda words: subprocess.run([program("ingestd"), "--control", str(control), "--ask", words], capture_output=True, text=True, timeout=LONG)
        key = platform.channel("ada")
        with Publisher(platform.publish_url(key)) as publisher:
            platform.wait_live("ada", LONG)
            assert platform.run("sluice", "kick", "bob", check=False).returncode == 1
            assert platform.run("sluice", "kick", "ada") == "the stream of ada was ended"
            assert publisher.process.wait(LONG) != 0
        wait_for(lambda: not platform.streams(), LONG, "the end of the stream")
        with Publisher(platform.publish_url(key)) as publisher:
            platform.wait_live("ada", LONG)
            done = ask("kick channel=ada")
            assert done.returncode == 0 and json.loads(done.stdout)["ok"] is True
            assert publisher.process.wait(LONG) != 0
        wait_for(lambda: not platform.streams(), LONG, "the end of the stream")
        done = ask("kick channel=ada")
        assert done.returncode == 1 and json.loads(done.stdout)["error"]["what"] == "ada is not being published"
        assert ask("kick").returncode == 1 and ask("kick ada").returncode == 2
        gone = platform.run("sluice", "kick", "ada", check=False)
        assert gone.returncode == 1 and "ada is not being published" in gone.stderr
        assert platform.run("sluice", "kick", check=False).returncode == 2
