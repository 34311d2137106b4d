"""transcode --dispatch and transcode --worker where Redis, the network, a peer, a child or a reader does not do as it should."""
import contextlib
import fcntl
import io
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import free_port, get, program, wait_for
from remote import KEY, LADDER, Between, Remote, clip, command_bytes, ends, frame, play_worker, post, posted, read_raw_reply, read_reply, remote, run, start  # noqa: F401 (two are fixtures)
from silent_dns import silent_dns  # noqa: F401 (a fixture)
from test_transcode import Listing, header, make


def settled(remote):
    """Nothing of any job is left in Redis."""
    return (remote.redis.length(), remote.redis.pending()) == (0, 0)


def taken_by_a_dead_worker(remote):
    remote.redis.ask("XGROUP", "CREATE", KEY, "workers", "0", "MKSTREAM")
    assert remote.redis.ask("XREADGROUP", "GROUP", "workers", "dead", "COUNT", "100", "STREAMS", KEY, ">")


# ---- Redis

def test_what_a_dispatcher_takes_back_is_not_pending_any_more(remote):
    stream = start(remote.dispatch("--take-time", "2s", *LADDER))
    posted(remote)
    taken_by_a_dead_worker(remote)
    assert remote.redis.pending() == 1
    assert "no worker took the stream" in ends(stream, 75)
    assert settled(remote)


class Redis62:
    """XAUTOCLAIM as 6.2 answers: a deleted entry stays pending, is claimed again and again, and is nil or, with JUSTID, its id."""

    def __init__(self):
        self.claimed = {}

    def __call__(self, words, ask, link):
        if words[0] != "XAUTOCLAIM":
            return ask(words)
        key, group, consumer, idle = words[1:5]
        now = time.monotonic()
        pending = read_reply(io.BytesIO(ask(["XPENDING", key, group, "IDLE", idle, "-", "+", "100"])))
        entry = next((each[0] for each in pending if now - self.claimed.get(each[0], 0) >= int(idle) / 1000), None)
        if entry is None:
            return b"*2\r\n$3\r\n0-0\r\n*0\r\n"
        self.claimed[entry] = now
        head = b"*2\r\n$3\r\n0-0\r\n"
        if read_reply(io.BytesIO(ask(["XRANGE", key, entry, entry]))):
            return head + ask(["XCLAIM", key, group, consumer, idle, entry, *words[8:]])
        return head + b"*1\r\n" + (b"$%d\r\n%s\r\n" % (len(entry), entry.encode()) if "JUSTID" in words else b"*-1\r\n")


def test_entries_that_were_deleted_do_not_pile_up_as_pending_in_redis_6_2(remote, clip):
    for _ in range(5):
        remote.redis.ask("XADD", KEY, "*", "gone", "1")
    taken_by_a_dead_worker(remote)
    for entry, _ in remote.redis.ask("XRANGE", KEY, "-", "+"):
        remote.redis.ask("XDEL", KEY, entry)
    assert remote.redis.pending() == 5
    with Between(remote.redis, Redis62()) as between:
        remote.url = between.url
        worker = remote.worker("one")
        wait_for(lambda: settled(remote), 20, "the entries acknowledged")
        assert run(remote.dispatch(*LADDER), clip).returncode == 0
        wait_for(lambda: settled(remote), 10, "nothing left of the job")
        assert worker.health()[0] == 200


def test_a_redis_that_is_too_old_is_told_of_once(tmp_path):
    with Remote(config='rename-command XAUTOCLAIM ""') as remote:
        worker = remote.worker("one", ready=False)
        worker.says("Redis 6.2 or later")
        assert "ready ports" not in worker.output() and worker.health()[0] == 503

        def tries():
            found = re.search(r"xgroup\|create:calls=(\d+)", remote.redis.ask("INFO", "commandstats"))
            return int(found[1]) if found else 0

        wait_for(lambda: tries() >= 3, 20, "more tries")
        assert worker.output().count("Redis 6.2 or later") == 1


def crc64(content):
    """As Redis ends what DUMP gives (Jones, reflected)."""
    crc = 0
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x95AC9329AC4BC9B5 if crc & 1 else 0)
    return crc.to_bytes(8, "little")


def last_seen(remote, consumers, ms):
    """Has Redis believe that it last heard of these consumers at that moment of Unix time: it stands behind their names in what DUMP gives."""
    with socket.create_connection(("127.0.0.1", remote.redis.port), 10) as link:
        link.sendall(command_bytes(["DUMP", KEY]))
        lines = link.makefile("rb")
        dump = read_raw_reply(lines).split(b"\r\n", 1)[1][:-2]
        content = dump[:-8]
        assert crc64(content) == dump[-8:]
        for consumer in consumers:
            at = content.index(bytes([len(consumer)]) + consumer.encode()) + 1 + len(consumer)
            content = content[:at] + ms.to_bytes(8, "little") + content[at + 8:]
        dump = content + crc64(content)
        words = [b"RESTORE", KEY.encode(), b"0", dump, b"REPLACE"]
        link.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        assert read_reply(lines) == "OK"


def test_consumers_of_workers_that_are_gone_are_removed_unless_they_hold_a_job(remote):
    remote.redis.ask("XADD", KEY, "*", "of", "a-dead-worker")
    taken_by_a_dead_worker(remote)
    for consumer in ("container-1", "container-2", "of-today"):
        remote.redis.ask("XGROUP", "CREATECONSUMER", KEY, "workers", consumer)
    now = int(time.time() * 1000)
    last_seen(remote, ["container-1", "container-2", "dead"], now - 25 * 3600 * 1000)
    last_seen(remote, ["of-today"], now - 23 * 3600 * 1000)
    worker = remote.worker("one")

    def consumers():
        return {row[row.index("name") + 1] for row in remote.redis.ask("XINFO", "CONSUMERS", KEY, "workers")}

    wait_for(lambda: "one" in consumers(), 20, "the worker's first question")
    worker.says("consumers of workers that are gone were removed")
    assert consumers() == {"dead", "of-today", "one"}
    wait_for(lambda: settled(remote), 20, "the dead worker's entry claimed")


def test_a_job_that_is_withdrawn_before_it_is_posted_does_not_stay(remote):
    def late(words, ask, link):
        answer = ask(words)
        if words[0] == "XADD":
            select.select([link], [], [], 20)  # until the dispatcher says something else: that nobody took it
        return answer

    with Between(remote.redis, late) as between:
        remote.url = between.url
        said = ends(start(remote.dispatch("--take-time", "500ms", *LADDER)), 75)
        assert "no worker took the stream" in said
        assert between.count("XADD") == 1
    assert settled(remote)
    assert remote.redis.ask("GET", f"{KEY}:untaken") == "1"


def test_a_job_whose_posting_was_not_answered_is_found_again_not_posted_twice(remote):
    lost = []

    def once(words, ask, link):
        answer = ask(words)
        if words[0] == "XADD" and not lost:
            lost.append(words)
            raise ConnectionError
        return answer

    with Between(remote.redis, once) as between:
        remote.url = between.url
        stream = start(remote.dispatch("--take-time", "60s", *LADDER))
        wait_for(lambda: between.count("XRANGE") >= 1, 20, "it looks after its entry")
        assert (between.count("XADD"), remote.redis.length()) == (1, 1)
        stream.terminate()
        ends(stream, 0)
    assert settled(remote)


def test_a_redis_that_opens_and_breaks_is_asked_less_and_less(remote):
    def broken(words, ask, link):
        if words[0] == "PING":
            return ask(words)
        raise ConnectionError

    with Between(remote.redis, broken) as between:
        remote.url = between.url
        worker = remote.worker("one", ready=False)
        wait_for(lambda: len(between.accepted) >= 6, 30, "six connections")
        gaps = [later - earlier for earlier, later in zip(between.accepted, between.accepted[1:])]
        assert gaps[3] > 0.6 and gaps[4] > 1.2, gaps
        assert worker.process.poll() is None


def test_a_signal_ends_a_dispatcher_whose_worker_is_about_to_start(remote):
    go = threading.Event()

    def held(words, ask, link):
        if words[0] == "MULTI":
            go.wait(20)
        return ask(words)

    with Between(remote.redis, held) as between:
        remote.url = between.url
        stream = start(remote.dispatch("--take-time", "60s", *LADDER), b"media" * 1000)
        try:
            with play_worker(remote, posted(remote)) as link:
                stream.terminate()
                wait_for(lambda: between.count("MULTI"), 20, "the job taken back")
                with contextlib.suppress(ConnectionError):
                    link.sendall(frame(b"S", b""))
                    assert link.recv(1) == b"", "nothing is read for it any more"
                go.set()
                ends(stream, 0)
        finally:
            go.set()
            stream.kill()
            stream.wait()


# ---- names and addresses

def test_a_dns_server_that_is_silent_keeps_nobody_from_stopping(remote, silent_dns):
    server, prefix = silent_dns
    remote.url = "redis://redis.example"
    command = remote.dispatch("--take-time", "60s", *LADDER)
    stream = start(prefix + command)
    assert b"redis\x07example" in server.recv(512)
    began = time.monotonic()
    stream.terminate()
    ends(stream, 0)
    assert time.monotonic() - began < 5


def test_a_dispatcher_that_cannot_be_reached_is_told_of_once_in_a_while(remote):
    worker = remote.worker("one")
    stream = start(remote.dispatch("--take-time", "60s", "--reach", "127.0.0.1:1", *LADDER))
    job = posted(remote)
    assert job["to"] == "127.0.0.1:1"
    entry = remote.redis.ask("XRANGE", KEY, "-", "+")[0][0]
    wait_for(lambda: (worker.metric("sluice_transcode_jobs_ended_total", '{how="unreachable"}') or 0) >= 2, 30, "two tries")
    told, = [line for line in worker.output().splitlines() if "a dispatcher was not reached" in line]
    assert "WARN" in told.upper()
    for what in ("127.0.0.1:1", entry, "Connection refused", "--listen", "--reach"):
        assert what in told, told
    stream.terminate()
    ends(stream, 0)


def test_dispatchers_behind_a_firewall_do_not_keep_a_worker_from_others(remote, clip):
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:  # whose queue takes no more: it answers nothing
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for link in (first, second):
            link.setblocking(False)
            link.connect_ex(full.getsockname())
        for _ in range(3):
            post(remote, "127.0.0.1:%d" % full.getsockname()[1], good_for=90_000)
        worker = remote.worker("one")
        wait_for(lambda: (worker.metric("sluice_transcode_jobs_ended_total", '{how="unreachable"}') or 0) >= 3, 30, "all of them tried")
        assert "no answer in time" in worker.output()
        stream = start(remote.dispatch("--take-time", "20s", *LADDER), clip.read_bytes()[:40_000])
        try:
            wait_for(worker.busy, 20, "the job of one that is reached taken")
        finally:
            stream.kill()
            stream.communicate()


def test_who_comes_when_a_worker_has_the_stream_is_refused(remote, clip):
    worker = remote.worker("one")
    stream = start(remote.dispatch("--take-time", "60s", *LADDER))
    wait_for(worker.busy, 20, "the job taken")
    worker.says("job taken")
    to = re.search(r"from=\"?127\.0\.0\.1:(\d+)", worker.output())

    def refused():
        try:
            socket.create_connection(("127.0.0.1", int(to[1])), 5).close()
        except ConnectionRefusedError:
            return True

    wait_for(refused, 10, "the port closed")
    stream.stdin.write(clip.read_bytes())
    ends(stream, 0)


def test_what_its_output_goes_to_is_left_as_it_was(remote, tmp_path):
    """The pipe may be another program's too, once it has ended: not blocking is no state to leave it in."""
    make(tmp_path / "short.flv", "-g", "30", size="320x240", seconds="1.5")
    remote.worker("one")
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 1 << 20)  # holds all of it
    with open(tmp_path / "short.flv", "rb") as data:
        done = subprocess.run(remote.dispatch("--take-time", "30s", *LADDER), stdin=data, stdout=writer, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert os.get_blocking(writer)
    os.close(writer)
    os.close(reader)


# ---- what waits, and what hangs

def test_a_stream_that_is_transcoded_here_after_all_does_not_wait_any_more(remote, clip):
    port = free_port()

    def waiting():
        text = get(f"http://127.0.0.1:{port}/metrics")[2].decode()
        return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith("sluice_transcode_dispatch_waiting ")), None)

    stream = start(remote.dispatch("--take-time", "3s", "--untaken", "local", "--metrics", f"127.0.0.1:{port}", *LADDER))
    posted(remote)
    assert waiting() == 1
    wait_for(lambda: waiting() == 0, 20, "the metric back at 0")
    assert stream.poll() is None
    stream.stdin.write(clip.read_bytes())
    ends(stream, 0)


def test_a_transcoder_that_takes_nothing_or_makes_nothing_is_killed(remote, clip):
    pipe = header(clip, "sluice_epoch_ms=1")
    assert len(pipe) > 1_500_000, "more than pipes and sockets hold"
    takes_nothing = remote.worker("one")
    first = start(remote.dispatch("--take-time", "30s", *LADDER))
    wait_for(takes_nothing.busy, 20, "the first job taken")
    makes_nothing = remote.worker("two")
    second = start(remote.dispatch("--take-time", "30s", *LADDER))
    wait_for(makes_nothing.busy, 20, "the second job taken")
    for worker in (takes_nothing, makes_nothing):
        os.kill(worker.children()[0], signal.SIGSTOP)
    second.stdin.write(pipe[:60_000])  # less than a pipe holds: it has all, and an end
    second.stdin.close()
    second.stdin = None
    os.set_blocking(first.stdin.fileno(), False)
    sent = 0

    def ended():
        nonlocal sent
        try:
            sent += os.write(first.stdin.fileno(), pipe[sent:sent + 65536])
        except (BlockingIOError, BrokenPipeError):
            pass
        return first.poll() is not None and second.poll() is not None

    wait_for(ended, 60, "both dispatchers ended")
    ends(first, 75)
    ends(second, 75)
    for worker, says in ((takes_nothing, "takes nothing any more"), (makes_nothing, "makes nothing any more")):
        worker.says("job ended")
        assert f"the transcoder {says}: killed" in worker.output() and not worker.busy()
    began = time.monotonic()
    assert takes_nothing.stop() == 0
    assert time.monotonic() - began < 5, "it had stopped reading, and sees all the same that its dispatcher has gone"


def end_input_of_a_stopped(child, stream, rest, worker):
    """Stops the transcoder, sends it the rest and the end of its input, and waits until the worker has passed both on."""
    pipe, folder = os.readlink(f"/proc/{child}/fd/0"), f"/proc/{worker.process.pid}/fd"
    os.kill(child, signal.SIGSTOP)
    stream.stdin.write(rest)
    stream.stdin.close()
    stream.stdin = None

    def held():
        for name in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):
                if os.readlink(f"{folder}/{name}") == pipe:
                    return True

    wait_for(lambda: not held(), 20, "the end of the input passed on")


def test_a_signal_when_the_input_has_ended_already_changes_nothing(remote, clip):
    pipe = header(clip, "sluice_epoch_ms=1")[:360_000]
    worker = remote.worker("one")
    stream = subprocess.Popen(remote.dispatch("--take-time", "30s", *LADDER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        stream.stdin.write(pipe[:300_000])
        stream.stdin.flush()
        got = os.read(stream.stdout.fileno(), 1 << 16)
        child, = worker.children()
        end_input_of_a_stopped(child, stream, pipe[300_000:], worker)
        stream.terminate()
        at = time.monotonic()
        wait_for(lambda: time.monotonic() - at > 1 or not worker.busy())  # whatever it says to the worker is there
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGCONT)
        rest, said = stream.communicate(timeout=30)
        assert stream.returncode == 0, said.decode()
        assert Listing(got + rest).pts("source") == Listing(subprocess.run([program("transcode"), *LADDER], input=pipe, capture_output=True, timeout=60).stdout).pts("source")
    finally:
        stream.kill()
        stream.wait()


def test_a_transcoder_that_is_told_to_end_before_it_has_read_all_is_no_end_of_the_stream(remote, clip):
    """The worker is stopped when the input has just ended: what was on its way is for another."""
    pipe = header(clip, "sluice_epoch_ms=1")
    worker = remote.worker("one")
    stream = subprocess.Popen(remote.dispatch("--take-time", "30s", *LADDER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        stream.stdin.write(pipe[:300_000])
        stream.stdin.flush()
        assert os.read(stream.stdout.fileno(), 1 << 16)
        child, = worker.children()
        end_input_of_a_stopped(child, stream, pipe[300_000:360_000], worker)
        worker.process.terminate()
        pending = re.compile(r"^ShdPnd:\s+(\w+)", re.M)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # on a machine so slow that the worker has killed it
            wait_for(lambda: int(pending.search(open(f"/proc/{child}/status").read())[1], 16) >> (signal.SIGTERM - 1) & 1, 20, "the transcoder told to end")
            os.kill(child, signal.SIGCONT)
        said = stream.communicate(timeout=30)[1]
        assert stream.returncode == 75, said.decode()
        assert worker.process.wait(15) == 0 and "end=handed_back" in worker.output()
    finally:
        stream.kill()
        stream.wait()


def test_a_reader_that_is_slow_gets_everything_and_one_that_takes_nothing_is_no_success(remote, tmp_path):
    make(tmp_path / "slow.flv", "-g", "30", size="640x360", seconds="4")  # more than the dispatcher and its pipe hold, less than its socket does too
    make(tmp_path / "dead.flv", "-g", "30", size="320x240", seconds="1.5")  # more than a pipe holds
    worker = remote.worker("one", "--jobs", "2")

    def unread(source):
        with open(source, "rb") as data:
            return subprocess.Popen(remote.dispatch("--take-time", "30s", *LADDER), stdin=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    slow, dead = unread(tmp_path / "slow.flv"), unread(tmp_path / "dead.flv")
    wait_for(lambda: worker.output().count("job ended") == 2, 60, "both jobs ended")
    at = time.monotonic()
    wait_for(lambda: time.monotonic() - at > 4, 10, "longer than a closed connection lingers")
    slow.terminate()  # the input has ended long since, and what was made of it is owed
    got, said = slow.communicate(timeout=60)
    assert slow.returncode == 0, said.decode()
    listing, whole = Listing(got), Listing(run([program("transcode"), *LADDER], tmp_path / "slow.flv").stdout)
    assert all(listing.of(name) == whole.of(name) != [] for name in whole.names)
    assert dead.wait(60) == 1
    got, said = dead.communicate()
    assert b"took nothing for 10 s" in said, said
    assert 0 < len(got) < len(run([program("transcode"), *LADDER], tmp_path / "dead.flv").stdout)


def test_a_stopping_worker_gives_who_reads_an_earlier_job_no_more_than_a_moment(remote, tmp_path):
    make(tmp_path / "unread.flv", "-g", "30", size="320x240", seconds="1.5")  # more than a pipe holds
    worker = remote.worker("one", "--drain-time", "60s")
    with open(tmp_path / "unread.flv", "rb") as data:
        stream = subprocess.Popen(remote.dispatch("--take-time", "30s", *LADDER), stdin=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        worker.says("job ended", 60)
        stream.send_signal(signal.SIGSTOP)
        assert worker.stop() == 0
        assert "end=done" in worker.output() and "drain time is over" not in worker.output()
    finally:
        stream.kill()
        stream.communicate()


# ---- readiness

def test_a_worker_that_redis_does_not_let_in_is_not_ready_and_says_why():
    with Remote(password="a password") as remote:
        given, remote.redis.password = remote.redis.password, None
        worker = remote.worker("one", ready=False)
        remote.redis.password = given
        worker.says("NOAUTH")
        assert "give the password" in worker.output() and "ready ports" not in worker.output()
        assert worker.health()[0] == 503 and b"NOAUTH" in worker.health()[2]
        assert get(f"http://127.0.0.1:{worker.metrics_port}/health/ready")[0] == 503
        assert worker.stop() == 0


def test_a_worker_is_ready_as_soon_as_redis_is_there(remote, clip):
    remote.redis.kill()
    worker = remote.worker("one", ready=False)
    worker.says("Redis is away")
    assert "ready ports" not in worker.output() and "Connection refused" in worker.output()
    remote.redis.start()
    worker.says("ready ports")
    assert get(f"http://127.0.0.1:{worker.metrics_port}/health/ready")[0] == 200
    assert run(remote.dispatch(*LADDER), clip).returncode == 0
