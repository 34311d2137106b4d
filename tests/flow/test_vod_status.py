"""What `sluice status` and vodarchive's log say of a store that takes nothing: which trouble, since when, once; and that it is over."""
import datetime
import json
import os
import signal
import subprocess
import threading

import pytest

from faulty_store import MadeLedger, refusal
from harness import Platform, program, wait_for
from vod import check_same, store, told  # noqa: F401 (store is a fixture)


@pytest.fixture
def platform(store, tmp_path):  # noqa: F811
    keys = tmp_path / "keys"
    keys.write_text("aws_access_key_id = AKID\naws_secret_access_key = hush\n")
    keys.chmod(0o600)
    with Platform("--quiet", "--vod", "s3://vods", "--s3-endpoint", store.endpoint, "--s3-credentials", str(keys)) as running:
        yield running


def status(platform, *options):
    done = subprocess.run([program("sluice"), "status", "--dir", str(platform.directory), *options], capture_output=True, text=True, timeout=30)
    assert done.stderr == ""
    return done.returncode, done.stdout


def reason(platform):
    code, text = status(platform, "--json")
    row = json.loads(text)
    assert (code == 0) == (row["state"] == "ready") == (row["reason"] == ""), text
    return row["reason"]


def well_again(platform, ledger):
    wait_for(lambda: reason(platform) == "" and told(ledger, "E"), 60, "all well again")
    assert "uploads go on" in log(platform)


def log(platform):
    return (platform.directory / "logs" / "vodarchive.log").read_text()


TROUBLES = {"no such bucket": refusal(404, "NoSuchBucket", "The \"bucket\" is \\ not there"), "a wrong key": refusal(403, "SignatureDoesNotMatch"),
            "nothing answers": b""}


@pytest.mark.parametrize("answer, word", [(TROUBLES[name], word) for name, word in zip(TROUBLES, ("NoSuchBucket", "SignatureDoesNotMatch", ""))], ids=list(TROUBLES))
def test_an_archive_that_loses_what_it_should_keep_is_told(platform, store, answer, word):  # noqa: F811
    assert status(platform)[0] == 0
    assert platform.run("sluice", "reload", "vodarchive") == "vodarchive reloaded"
    store.rule = lambda put: answer
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    ledger = MadeLedger(platform.directory / "ledgers" / "one").segments(4)
    said = wait_for(lambda: reason(platform), 30, "the trouble in sluice status")
    assert said.startswith("vodarchive: s3: ") and word in said, said
    since = datetime.datetime.fromisoformat(said.rsplit(", since ", 1)[1].replace("Z", "+00:00"))
    assert before <= since <= datetime.datetime.now(datetime.timezone.utc), said
    code, text = status(platform)
    assert code == 1 and text.splitlines()[0] == f"{platform.directory}  degraded: {said}", text
    ledger.segments(2)
    tries = len(store.tries)
    wait_for(lambda: len(store.tries) > tries, 30, "more tries")
    assert log(platform).count("uploads fail") == 1
    assert ", since " + said.rsplit(", since ", 1)[1] in reason(platform)
    ledger.end()
    store.rule = lambda put: None
    well_again(platform, ledger)
    check_same(store, ledger)


def test_a_store_that_is_frozen_is_told(platform, store):  # noqa: F811
    go_on = threading.Event()
    store.rule = lambda put: go_on.wait(60) and None
    ledger = MadeLedger(platform.directory / "ledgers" / "one").segments(1).end()
    try:
        said = wait_for(lambda: reason(platform), 15, "the silence in sluice status")
        assert said.startswith("vodarchive: s3: the store has said nothing for 8 s, since "), said
        assert "uploads stand still" in log(platform)
    finally:
        go_on.set()
    well_again(platform, ledger)


def test_a_program_that_does_not_answer_is_told(platform):
    pid = platform.pid("vodarchive")
    os.kill(pid, signal.SIGSTOP)
    try:
        assert reason(platform) == f"vodarchive does not answer: process {pid} was stopped (SIGSTOP), kill -CONT {pid} lets it go on"
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: reason(platform) == "", 20, "all well again")
