"""What people and dashboards are told of live streams: renditions, shed rungs, keyframes too far apart."""
import json
import os
import re
import signal
import subprocess
import time

from harness import Platform, Publisher, free_port, get, program, wait_for
from ingest import Ingest, add_record


def renditions(row):
    return {each["name"]: each for each in row["renditions"]}


def test_renditions_and_what_is_shed_are_told():
    metrics = free_port()
    with Ingest("--pipeline", "cat >/dev/null", "--metrics", f"127.0.0.1:{metrics}") as ingest:
        def metric(line):
            return line in get(f"http://127.0.0.1:{metrics}/metrics")[2].decode()

        with Publisher(ingest.url()):
            # The pipeline keeps no ledger: this test does, so that what is shed and when is certain.
            ledger = wait_for(lambda: (all := ingest.ledgers()) and all[0], 15, "the ledger's folder")
            add_record(ledger, f"L 1 {ledger.name} alice 1750000000000 2000 500 533334 2 cmaf")
            add_record(ledger, "R source 0 video avc1.64001f 90000 1280x720 30/1 0/0 3000000 3500000")
            add_record(ledger, "R 360p30 0 video avc1.64001e 90000 640x360 30/1 0/0 800000 900000")
            add_record(ledger, "R audio 0 audio mp4a.40.2 48000 0x0 0/1 48000/2 0 0")
            add_record(ledger, "P source 0 0 0 60000 0 45000 0 500000 1750000000500 0 I")
            add_record(ledger, "P audio 0 0 0 4000 0 24000 0 500000 1750000000500 0 I")
            row = wait_for(lambda: (r := ingest.stream()) and len(r["renditions"]) == 3 and r["renditions"][2]["bitrate"] and r, 15, "renditions")
            assert renditions(row) == {
                "source": {"name": "source", "kind": "video", "codec": "avc1.64001f", "width": 1280, "height": 720, "fps": 30.0,
                           "bitrate": 3000000, "measured_bitrate": 960000, "state": "live"},
                "360p30": {"name": "360p30", "kind": "video", "codec": "avc1.64001e", "width": 640, "height": 360, "fps": 30.0,
                           "bitrate": 800000, "measured_bitrate": 0, "state": "live"},
                "audio": {"name": "audio", "kind": "audio", "codec": "mp4a.40.2", "bitrate": 64000, "measured_bitrate": 64000, "state": "live"}}
            shed = 'sluice_ingest_rendition_shed{channel="alice",rendition="360p30"}'
            assert metric(f"{shed} 0")
            add_record(ledger, "S 360p30 shed")
            wait_for(lambda: renditions(ingest.stream())["360p30"]["state"] == "shed", 10, "the shed rung")
            assert metric(f"{shed} 1")
            ingest.wait_log("rendition shed")
            lines = ingest.ask(command="summary")["lines"]
            assert any(re.match(r"  360p30 +shed +avc1.64001e +640x360 +0.80 Mbit/s", line) for line in lines), lines
            add_record(ledger, "S 360p30 live")
            wait_for(lambda: metric(f"{shed} 0"), 10, "the rung's return")
            # A rung that the ladder leaves out is not one that the machine cannot keep up with.
            add_record(ledger, "S 360p30 gone")
            wait_for(lambda: renditions(ingest.stream())["360p30"]["state"] == "gone", 10, "the rung that is left out")
            assert metric(f"{shed} 0")
            ingest.wait_log("rendition gone")
            assert any(re.match(r"  360p30 +gone +avc1", line) for line in ingest.ask(command="summary")["lines"])
        assert ingest.ask(command="kick", channel="alice")
        wait_for(lambda: not ingest.streams(), 30, "the end")
        assert not metric("sluice_ingest_rendition_shed{")


def test_sluice_status_shows_streams_to_people_and_programs():
    with Platform() as platform:
        def said():
            return subprocess.run([program("sluice"), "status", "--dir", str(platform.directory)], capture_output=True, text=True, timeout=30).stdout

        assert said().endswith("no streams\n")
        with Publisher(platform.publish_url(platform.channel("ada")), gop=250):
            text = wait_for(lambda: "tell the streamer" in (t := said()) and "audio" in t and t, 40, "the stream in sluice status")
            assert re.search(r"^  ada +live +since \S+  [\d.]+ Mbit/s in$", text, re.M)
            assert re.search(r"^    source +live +avc1\.\S+ +320x180 +[\d.]+ Mbit/s$", text, re.M)
            assert re.search(r"^    audio +live +mp4a\.40\.2 +[\d.]+ Mbit/s$", text, re.M)
            assert re.search(r"^    up \d+ s  h264 320x180 30 fps  GOP (over )?[\d.]+ s  aac 48000 Hz \d ch  0 of \d+ frames dropped$", text, re.M), text
            assert "set the encoder's keyframe interval to 2 s" in text
            row = platform.status()["streams"][0]
            assert renditions(row)["source"]["state"] == "live" and "keyframe interval" in row["advice"]


def test_programs_that_do_not_answer_are_named_in_the_time_of_one():
    with Platform("--quiet") as platform:
        stopped = {name: platform.pid(name) for name in ("origind", "chatd", "ingestd")}
        for pid in stopped.values():
            os.kill(pid, signal.SIGSTOP)
        try:
            for words in (), ("--json",):
                start = time.monotonic()
                done = subprocess.run([program("sluice"), "status", *words, "--dir", str(platform.directory)], capture_output=True, text=True, timeout=120)
                took = time.monotonic() - start
                assert done.returncode == 1 and done.stderr == ""
                for name, pid in stopped.items():
                    assert f"{name} does not answer: process {pid} was stopped (SIGSTOP), kill -CONT {pid} lets it go on" in done.stdout
                assert "webd does not" not in done.stdout
                assert words or done.stdout.endswith("streams unknown: ingestd does not answer\n")
                assert not words or json.loads(done.stdout)["streams"] is None
                assert took < 15, f"{took:.1f} s: three seconds for all together, and not ten for each, are waited"
        finally:
            for pid in stopped.values():
                os.kill(pid, signal.SIGCONT)
        wait_for(lambda: platform.status()["reason"] == "", 20, "all well again")


def test_the_api_tells_what_a_stream_is_made_of_and_nothing_of_who_sends_it():
    with Platform("--quiet") as platform:
        def asked(channel):
            status, _, body = get(f"http://127.0.0.1:{platform.port('http')}/api/channels/{channel}/stream")
            return status, json.loads(body)

        key = platform.channel("ada")
        assert asked("ada")[0] == 404 and asked("ada")[1]["error"]["code"] == "OFFLINE"
        with Publisher(platform.publish_url(key)):
            def complete():
                status, answer = asked("ada")
                facts = answer["data"]
                return status == 200 and facts["state"] == "live" and facts["bitrate"] and facts["video"]["keyframeIntervalMs"] == 2000 and \
                    all(each["measuredBitrate"] for each in facts["renditions"]) and len(facts["renditions"]) >= 2 and facts

            facts = wait_for(complete, 40, "the stream's facts")
            assert facts["video"] == {"codec": "h264", "width": 320, "height": 180, "frameRate": 30.0, "keyframeIntervalMs": 2000}
            assert facts["audio"]["sampleRate"] == 48000 and facts["droppedFrames"] == 0 and facts["acceptedFrames"] > 30
            assert 0 <= facts["uptimeSeconds"] < 60
            assert {each["name"] for each in facts["renditions"]} >= {"source", "audio"}
            assert "publisher" not in facts and "127.0.0.1" not in json.dumps(facts)
            row = platform.status()["streams"][0]
            assert row["uptime_s"] >= 0 and row["video"]["keyframe_interval_ms"] == 2000 and row["renditions"][0]["fps"] == 30.0
