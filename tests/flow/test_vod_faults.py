"""What may go wrong between a ledger and a bucket, one fault at a time: files, records, answers, keys, power."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading

import pytest

from faulty_store import FaultyStore, MadeLedger, refusal
from harness import Daemon, free_port, get, program, wait_for
from vod import ENVIRONMENT, KEYS, check_same, command, recorded, store, told, upload  # noqa: F401 (a fixture)


# ---- files

def test_a_file_that_cannot_be_read_holds_up_nothing_else(store, tmp_path):
    ledger, other = MadeLedger(tmp_path / "one").segments(30).end(), MadeLedger(tmp_path / "two").segments(3).end()
    bad = ledger.path / "source" / "3.m4s"
    content = bad.read_bytes()
    bad.unlink()
    bad.mkdir()  # which opens, and cannot be read
    done = upload(store, "--no-follow", ledger.path, other.path)
    assert done.returncode == 1 and f"read {bad}: Is a directory" in done.stderr.splitlines()[-2], done.stderr
    assert "run it again" in done.stderr and len(re.findall(f"read {bad}", done.stderr)) == 2, "told in the log once, and as the reason"
    assert "key=demo/one/source/3.m4s" in done.stderr
    assert told(other, "E") and not told(ledger, "E")
    assert {key: store.objects.get(key) for key in ledger.files()} == ledger.files(), "all but that one"
    assert recorded(ledger, "source") == [0, 1, 2] and recorded(ledger, "audio") == list(range(30))
    bad.rmdir()
    bad.write_bytes(content)
    assert upload(store, "--no-follow", ledger.path).returncode == 0
    check_same(store, ledger)
    assert told(ledger, "E")


def test_a_file_that_may_not_be_read_is_told_with_what_to_do(store, tmp_path):
    ledger = MadeLedger(tmp_path / "one").segments(3).end()
    bad = ledger.path / "source" / "1.m4s"
    bad.chmod(0)
    bound = [] if os.geteuid() != 0 else ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]  # a root that files are closed to
    done = upload(store, "--no-follow", ledger.path, before=bound)
    assert done.returncode == 1 and f"open {bad}: Permission denied" in done.stderr and "let the user that vodarchive runs as read it" in done.stderr, done.stderr
    assert recorded(ledger, "audio") == [0, 1, 2]


def test_a_header_that_is_missing_is_no_whole_upload(store, tmp_path):
    ledger = MadeLedger(tmp_path / "one").segments(3).end()
    (ledger.path / "source" / "init-0.mp4").rename(tmp_path / "kept")
    done = upload(store, ledger.path)
    assert done.returncode == 1 and "init-0.mp4: No such file" in done.stderr and "without this header" in done.stderr, done.stderr
    assert not told(ledger, "E") and recorded(ledger, "source") == []
    (tmp_path / "kept").rename(ledger.path / "source" / "init-0.mp4")
    assert upload(store, ledger.path).returncode == 0 and told(ledger, "E")
    check_same(store, ledger)


def test_a_daemon_tries_such_a_file_again_and_says_so_once(store, tmp_path):
    ledger = MadeLedger(tmp_path / "ledgers" / "one").segments(3)
    bad = ledger.path / "source" / "1.m4s"
    content = bad.read_bytes()
    bad.unlink()
    bad.mkdir()
    metrics = free_port()
    with Daemon(*command(store, "--dir", tmp_path, "--metrics", f"127.0.0.1:{metrics}", run="serve"), env=KEYS) as daemon:
        def failures():
            return float(re.search(r"^sluice_vod_upload_failures_total (\S+)", get(f"http://127.0.0.1:{metrics}/metrics")[2].decode(), re.M)[1])
        wait_for(lambda: recorded(ledger, "audio") == [0, 1, 2] and failures() >= 2, 40, "a second try")
        status, _, body = get(f"http://127.0.0.1:{metrics}/health")
        assert status == 503 and b"Is a directory" in body and b'"s3":{"status":"healthy"' in body, body
        assert b"sluice_vod_faulty_objects 1" in get(f"http://127.0.0.1:{metrics}/metrics")[2]
        assert daemon.output().count(f"read {bad}") == 1
        bad.rmdir()
        bad.write_bytes(content)
        ledger.end()
        wait_for(lambda: told(ledger, "E"), 60, "the whole stream uploaded")
        assert get(f"http://127.0.0.1:{metrics}/health")[0] == 200
    check_same(store, ledger)


def test_a_copy_of_a_ledger_does_not_go_over_the_stream_s_objects(store, tmp_path):
    ledger = MadeLedger(tmp_path / "ledgers" / "one").segments(3).end()
    shutil.copytree(ledger.path, tmp_path / "ledgers" / "a-copy")
    for path in (tmp_path / "ledgers" / "a-copy").glob("*/*.m4s"):
        path.write_bytes(b"x" * path.stat().st_size)
    with Daemon(*command(store, "--dir", tmp_path, run="serve"), env=KEYS) as daemon:
        wait_for(lambda: told(ledger, "E") and "is the ledger of stream one" in daemon.output(), 30, "one uploaded, one told of")
    check_same(store, ledger)
    assert not (tmp_path / "ledgers" / "a-copy" / "uploads").exists()


# ---- the record

@pytest.fixture
def small_disk(tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(mount)], capture_output=True).returncode != 0:
        pytest.skip("may not mount a small file system")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def begin_record_and_fill(ledger, disk, store):
    """The record has its first page, with one object that is there, and the disk no other for it."""
    with FaultyStore(lambda put: None if put.key.endswith("source/init-0.mp4") else refusal(503, "SlowDown")) as away:
        assert upload(away, "--no-follow", ledger.path).returncode == 75
        store.objects |= away.objects
    with contextlib.suppress(OSError), open(disk / "fill", "wb", buffering=0) as fill:
        while fill.write(b"x" * 4096):
            pass


def test_a_record_that_cannot_be_written_ends_it_with_its_name(store, small_disk):
    ledger = MadeLedger(small_disk / "one").segments(60).end()
    begin_record_and_fill(ledger, small_disk, store)
    done = upload(store, "--no-follow", ledger.path)
    said = done.stderr.splitlines()
    assert done.returncode == 75 and f"append to {ledger.path}/uploads: No space left on device" in said[-2] and "free some space" in said[-1], done.stderr
    assert {key: store.objects.get(key) for key in ledger.files()} == ledger.files(), "what is on such a disk is in the bucket all the same"
    assert 0 < len(told(ledger)) < 120 and (ledger.path / "uploads").read_bytes().endswith(b"\n")
    (small_disk / "fill").unlink()
    assert upload(store, "--no-follow", ledger.path).returncode == 0
    check_same(store, ledger)
    assert told(ledger, "E")


def test_a_live_stream_s_record_that_cannot_be_written_is_an_error_too(store, small_disk):
    ledger = MadeLedger(small_disk / "one").segments(60)
    begin_record_and_fill(ledger, small_disk, store)
    done = upload(store, "--no-follow", ledger.path)
    assert done.returncode == 75 and f"append to {ledger.path}/uploads" in done.stderr, done.stderr


# ---- answers

ONCE = {
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<ok",
    "nothing": b"",
    "half": b"HTTP/1.1 20",
    "409": refusal(409, "", "somebody else writes it"),
    "aborted": refusal(409, "OperationAborted"),
    "digest": refusal(400, "XAmzContentSHA256Mismatch"),
    "slow": refusal(503, "SlowDown"),
    "500": refusal(500, "InternalError"),
    "200 with an error": refusal(200, "InternalError", "We encountered an internal error. Please try again."),
    "bomb": refusal(503, "SlowDown", "&a;", b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(b"<!ENTITY a%d '%s'>" % (i, b"&a;" * 10) for i in range(50)) + b"]>" + b"x" * 300_000),
    "header": b"HTTP/1.1 200 OK\r\n" + b"X-Endless: 0123456789012345678901234567890123456789\r\n" * 100_000,
}


@pytest.mark.parametrize("kind", ONCE)
def test_what_may_pass_is_tried_again(store, tmp_path, kind):
    ledger = MadeLedger(tmp_path / "one").segments(4).end()
    store.rule = lambda put: ONCE[kind] if put.nth == 1 and "source" in put.key else None
    done = upload(store, ledger.path)
    assert done.returncode == 0 and told(ledger, "E"), done.stderr
    check_same(store, ledger)


def test_an_answer_that_never_comes_is_a_failure_that_may_pass(store, tmp_path):
    ledger, over = MadeLedger(tmp_path / "one").segments(2).end(), threading.Event()
    store.rule = lambda put: over.wait(60) and b""
    try:
        done = upload(store, "--no-follow", "--upload-time", "300ms", ledger.path)
    finally:
        over.set()
    assert done.returncode == 75 and "Operation timed out" in done.stderr and "run it again" in done.stderr, done.stderr
    assert recorded(ledger, "source") == []


@pytest.mark.parametrize("answer, hint", [(refusal(403, "RequestTimeTooSkewed", "The difference is too large"), "set this machine's clock"),
                                          (refusal(403, "AccessDenied"), "the right to write"), (refusal(404, "NoSuchBucket"), "make the bucket"),
                                          (refusal(400, "ExpiredToken"), "bring new keys"), (refusal(307, "TemporaryRedirect"), "--s3-region")])
def test_what_is_refused_ends_it_and_says_what_to_do(store, tmp_path, answer, hint):
    ledger = MadeLedger(tmp_path / "one").segments(2).end()
    store.rule = lambda put: answer
    done = upload(store, ledger.path)
    assert done.returncode == 1 and hint in done.stderr, done.stderr


def test_a_bucket_that_is_not_there_is_not_recorded(store, tmp_path):
    ledger = MadeLedger(tmp_path / "one").segments(2).end()
    store.rule = lambda put: refusal(404, "NoSuchBucket")
    done = upload(store, ledger.path)
    assert done.returncode == 1 and not told(ledger, "V"), done.stderr
    store.rule = lambda put: None
    elsewhere = [word.replace("s3://vods", "s3://others") for word in command(store, ledger.path)]
    done = subprocess.run(elsewhere, capture_output=True, text=True, timeout=90, env=ENVIRONMENT)
    assert done.returncode == 0 and told(ledger, "V") == [["1", "s3://others"]] and told(ledger, "E"), done.stderr
    done = upload(store, ledger.path)
    assert done.returncode == 1 and "tells of uploads to s3://others, not to s3://vods" in done.stderr, done.stderr


def test_an_object_that_the_store_does_not_take_holds_up_nothing_else(store, tmp_path):
    ledger, other = MadeLedger(tmp_path / "one").segments(12).end(), MadeLedger(tmp_path / "two").segments(3).end()
    store.rule = lambda put: refusal(400, "EntityTooLarge") if put.key.endswith("one/source/2.m4s") else None
    done = upload(store, ledger.path, other.path)
    assert done.returncode == 1 and "one/source/2.m4s: 400 EntityTooLarge" in done.stderr and "make segments shorter" in done.stderr, done.stderr
    assert told(other, "E") and recorded(ledger, "audio") == list(range(12)) and recorded(ledger, "source") == [0, 1]
    assert len(store.objects) == 2 * 13 - 1 + 2 * 4 + 3


def test_keys_change_at_sighup(store, tmp_path):
    ledger, keys = MadeLedger(tmp_path / "ledgers" / "one").segments(3).end(), tmp_path / "keys"
    def write(access_key):
        keys.write_text(f"aws_access_key_id = {access_key}\naws_secret_access_key = hush\n")
        keys.chmod(0o600)
    write("old")
    store.rule = lambda put: None if put.access_key == "new" else refusal(403, "InvalidAccessKeyId")
    with Daemon(*command(store, "--dir", tmp_path, "--s3-credentials", keys, run="serve"), env=KEYS) as daemon:
        wait_for(lambda: "403 InvalidAccessKeyId" in daemon.output(), 20, "a refusal")
        keys.write_text("aws_access_key_id = new\n")  # half of a file: the old ones stay
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "there is no secret key" in daemon.output(), 20, "the old keys stay")
        write("new")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: told(ledger, "E"), 20, "uploads with new keys")
        assert "hush" not in daemon.output()
    check_same(store, ledger)


# ---- an address for another place

@pytest.mark.parametrize("words, said", [(["--media-url", "https://vods.example/x"], "--media-url is given without --vod"),
                                         (["--media-url", "https://vods.example/x", "--vod", "s3://Not A Bucket"], "names no bucket"),
                                         (["--media-url", "vods.example"], "is no address")])
def test_an_address_is_of_a_place(tmp_path, words, said):
    done = subprocess.run([program("origind"), "--live", str(tmp_path), "--http-port", "0", *words], capture_output=True, text=True, timeout=20, env=ENVIRONMENT)
    assert done.returncode == 2 and said in done.stderr, done.stderr


def test_a_platform_is_told_so_before_anything_is_started(tmp_path):
    done = subprocess.run([program("sluice"), "up", "--dir", str(tmp_path / "dir"), "--media-url", "https://vods.example/x"], capture_output=True, text=True, timeout=20, env=ENVIRONMENT)
    assert done.returncode == 2 and "without --vod" in done.stderr, done.stderr
    assert not (tmp_path / "dir").exists()


def test_what_was_uploaded_elsewhere_is_served_from_here(store, tmp_path):
    ledger = MadeLedger(tmp_path / "demo").segments(4).end()
    assert upload(store, ledger.path).returncode == 0  # to s3://vods
    port = free_port()
    where = f"http://127.0.0.1:{port}"
    for place, here in (("s3://vods/", False), ("s3://vods/2026", True)):
        with Daemon(program("origind"), "--live", tmp_path, "--http-port", str(port), "--vod", place, "--media-url", "https://vods.example") as origind:
            whole = get(f"{where}/live/demo/demo/source/whole.m3u8")[2].decode()
            published = get(f"{where}/live/demo/demo/source/published.m3u8")
            assert ("https://vods.example/demo/demo/source/3.m4s" in whole) != here and ("\n3.m4s\n" in whole) == here
            assert published[0] == (404 if here else 200)
            assert ("uploaded_to=s3://vods" in origind.output()) == here, origind.output()


# ---- a ledger that is another one than it was

@pytest.mark.parametrize("back_first", [True, False], ids=["before it goes on", "after it has gone on"])
def test_after_a_power_loss_what_has_another_content_is_uploaded_again(store, tmp_path, back_first):
    ledger = MadeLedger(tmp_path / "one").segments(6)
    assert upload(store, "--no-follow", ledger.path).returncode == 0
    old = dict(store.objects)
    ledger.lose(4)
    if back_first:
        done = upload(store, "--no-follow", ledger.path)
        assert done.returncode == 0 and "uploaded again" in done.stderr, done.stderr
        assert recorded(ledger, "source") == recorded(ledger, "audio") == [0, 1, 2, 3]
    ledger.segments(4, kind=b"n").end()  # as long as they were, each
    before = len(store.tries)
    done = upload(store, ledger.path)
    assert done.returncode == 0 and back_first != ("uploaded again" in done.stderr), done.stderr
    check_same(store, ledger)
    assert store.objects["demo/one/source/4.m4s"] != old["demo/one/source/4.m4s"]
    again = {put.key for put in store.tries[before:]}
    assert "demo/one/source/3.m4s" not in again and "demo/one/source/init-0.mp4" not in again


def test_after_a_power_loss_a_header_and_an_end_are_not_taken_for_those_that_were(store, tmp_path):
    ledger = MadeLedger(tmp_path / "one").segments(3)
    ledger.init = 1
    for name in ledger.renditions:
        ledger.header(name, b"the first header 1 of " + name.encode())
    ledger.segments(2).end()
    assert upload(store, ledger.path).returncode == 0 and told(ledger, "E")
    lines = (ledger.path / "index").read_bytes().splitlines(keepends=True)
    (ledger.path / "index").write_bytes(b"".join(lines[:lines.index(next(line for line in lines if line.startswith(b"R source 1")))]))
    ledger.next, ledger.wall = 3, ledger.wall + 60000
    for name in ledger.renditions:
        ledger.header(name, b"another header, of " + name.encode() + b" ...")
    ledger.segments(2, kind=b"n").end()
    done = upload(store, ledger.path)
    assert done.returncode == 0 and told(ledger, "E"), done.stderr
    check_same(store, ledger)


def test_a_daemon_finds_that_a_stream_goes_on_which_had_been_uploaded_whole(store, tmp_path):
    ledger = MadeLedger(tmp_path / "ledgers" / "one").segments(3).end()
    assert upload(store, ledger.path).returncode == 0 and told(ledger, "E")
    ledger.lose(2)
    with Daemon(*command(store, "--dir", tmp_path, run="serve"), env=KEYS):
        wait_for(lambda: not told(ledger, "E") and recorded(ledger, "source") == [0, 1], 20, "the record cut back")
        ledger.segments(2, kind=b"n").end()
        wait_for(lambda: told(ledger, "E"), 20, "all uploaded")
    check_same(store, ledger)


def test_an_answer_that_comes_late_is_not_taken_for_the_new_one_s(store, tmp_path):
    ledger, held, go, again = MadeLedger(tmp_path / "one").segments(2), threading.Event(), threading.Event(), threading.Event()

    def rule(put):
        if not put.key.endswith("source/1.m4s"):
            return
        if put.nth > 1:
            again.set()
            return
        held.set()
        go.wait(60)
        if again.wait(2):  # this one is kept late: after the new one, if that was sent before it was answered
            wait_for(lambda: put.key in store.objects, 5, "the new one kept")

    store.rule = rule
    log = open(tmp_path / "log", "w+")
    process = subprocess.Popen(command(store, ledger.path), stderr=log, env=ENVIRONMENT)
    try:
        assert held.wait(30)
        ledger.lose(1)
        wait_for(lambda: "has become shorter" in (tmp_path / "log").read_text(), 20, "the loss seen")
        ledger.segments(3, kind=b"n").end()
        go.set()
        assert process.wait(60) == 0, (tmp_path / "log").read_text()
    finally:
        go.set()
        process.kill()
        process.wait()
        log.close()
    check_same(store, ledger)
    assert told(ledger, "E")


def test_a_ledger_that_is_damaged_is_no_success(store, tmp_path):
    ledger = MadeLedger(tmp_path / "one").segments(2)
    log = open(tmp_path / "log", "w+")
    process = subprocess.Popen(command(store, ledger.path), stderr=log, env=ENVIRONMENT)
    try:
        wait_for(lambda: recorded(ledger, "source") == [0, 1], 20, "what is there uploaded")
        ledger.line("P source 9 0 0 1 0 90000 0 1000000 1763820000000 0 IL")  # of a segment far ahead
        assert process.wait(60) == 1 and f"{ledger.path}/index holds a line" in (tmp_path / "log").read_text()
    finally:
        process.kill()
        process.wait()
        log.close()
