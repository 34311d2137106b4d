"""transcode --dispatch and transcode --worker with a real Redis server: the same renditions as without, whoever dies."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

from harness import program, wait_for
from remote import KEY, LADDER, Remote, clip, ends, frame, post, posted, proof, read_frame, remote, run, start  # noqa: F401 (two are fixtures)
from test_transcode import Listing, header, make


def test_a_worker_makes_the_very_renditions_that_are_made_here(remote, clip):
    here = run([program("transcode"), *LADDER], clip)
    worker = remote.worker("one")
    there = run(remote.dispatch(*LADDER), clip)
    assert (here.returncode, there.returncode) == (0, 0), there.stderr.decode()
    # Between tracks packets stand as they became ready; within one, every one is the same to the bit.
    expected, made = Listing(here.stdout), Listing(there.stdout)
    assert made.names == expected.names
    assert all(made.of(name) == expected.of(name) != [] for name in made.names)
    worker.says("job ended")
    assert "end=done" in worker.output()
    assert (remote.redis.length(), remote.redis.pending()) == (0, 0)
    assert worker.left_behind() == []
    assert worker.metric("sluice_transcode_jobs_taken_total") == 1
    assert worker.metric("sluice_transcode_relayed_bytes_total", '{direction="out"}') == len(there.stdout)
    assert worker.health()[0] == 200
    wait_for(lambda: json.loads(worker.health()[2])["dependencies"]["redis"]["latency_ms"] > 0, 10, "how long Redis took to answer")


def test_two_streams_want_two_slots_and_a_worker_more_is_capacity_more(remote, clip):
    pipe = header(clip, "sluice_epoch_ms=1")[:40_000]  # less than a pipe holds: nobody reads before a worker is there
    first = remote.worker("one")
    streams = [start(remote.dispatch("--take-time", "30s", *LADDER), pipe)]
    wait_for(first.busy, 20, "the first stream taken")
    streams.append(start(remote.dispatch("--take-time", "30s", *LADDER), pipe))
    wait_for(lambda: remote.redis.length() == 1, 20, "the second stream posted")
    wait_for(lambda: first.metric("sluice_transcode_jobs_waiting") == 1, 20, "the metric of what waits")
    assert len(first.children()) == 1
    second = remote.worker("two", "--jobs", "2")
    wait_for(second.busy, 20, "the second stream taken")
    streams.append(start(remote.dispatch(*LADDER), pipe))
    wait_for(lambda: len(second.children()) == 2, 20, "the third stream taken")
    assert second.metric("sluice_transcode_jobs_running") == 2
    for stream in streams:
        stream.stdin.close()
        stream.stdin = None
        ends(stream, 0)
    wait_for(lambda: not first.busy() and not second.busy(), 10, "all ended")


def test_redis_may_die_while_a_job_runs_and_is_found_again(remote, clip):
    worker = remote.worker("one")
    pipe = header(clip, "sluice_epoch_ms=1")
    stream = subprocess.Popen(remote.dispatch(*LADDER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    stream.stdin.write(pipe[:300_000])
    stream.stdin.flush()
    got = os.read(stream.stdout.fileno(), 1 << 16)
    assert worker.metric("twitch_circuit_breaker_state", '{circuit="redis"}') == 0
    remote.redis.kill()
    worker.says("Redis is away")
    wait_for(lambda: worker.health()[0] == 503, 10, "health says so")
    wait_for(lambda: worker.metric("twitch_circuit_breaker_state", '{circuit="redis"}') == 2, 10, "and so does the metric")
    assert worker.busy() and stream.poll() is None
    rest, said = stream.communicate(pipe[300_000:], timeout=60)
    assert stream.returncode == 0, said.decode()
    local = Listing(run([program("transcode"), *LADDER], clip).stdout)
    assert Listing(got + rest).pts("360p30") == local.pts("360p30")
    # Empty, as after a restart without its disk: the group is made again.
    remote.redis.start()
    worker.says("Redis is back")
    assert run(remote.dispatch(*LADDER), clip).returncode == 0
    assert worker.health()[0] == 200
    assert worker.metric("twitch_circuit_breaker_state", '{circuit="redis"}') == 0


def test_a_job_outlives_a_redis_that_forgets_it(remote, clip):
    stream = start(remote.dispatch("--take-time", "30s", *LADDER))
    wait_for(lambda: remote.redis.length() == 1, 20, "the job posted")
    remote.redis.kill()
    remote.redis.start()
    wait_for(lambda: remote.redis.length() == 1, 20, "the job posted again")
    remote.redis.ask("XTRIM", KEY, "MAXLEN", "0")
    wait_for(lambda: remote.redis.length() == 1, 20, "and again")
    worker = remote.worker("one")
    wait_for(worker.busy, 20, "the job taken")
    stream.stdin.write(clip.read_bytes())
    ends(stream, 0)


def test_nobody_takes_the_job(remote, clip):
    done = run(remote.dispatch("--take-time", "500ms", *LADDER), clip)
    assert (done.returncode, done.stdout) == (75, b"")
    assert b"no worker took the stream in time" in done.stderr and b"transcode --worker" in done.stderr
    assert remote.redis.length() == 0
    done = run(remote.dispatch("--take-time", "500ms", "--untaken", "local", *LADDER), clip)
    assert done.returncode == 0, done.stderr.decode()
    assert Listing(done.stdout).names == ["source", "360p30", "audio"]
    worker = remote.worker("one")
    wait_for(lambda: worker.metric("sluice_transcode_jobs_untaken") == 2, 10, "the metric")
    remote.redis.kill()
    done = run(remote.dispatch("--take-time", "500ms", *LADDER), clip)
    assert done.returncode == 75 and b"Redis is away" in done.stderr


def test_an_entry_whose_dispatcher_is_gone_is_cleared_away(remote):
    stream = start(remote.dispatch("--take-time", "1500ms", *LADDER))
    wait_for(lambda: remote.redis.length() == 1, 20, "the job posted")
    stream.kill()
    stream.communicate()
    worker = remote.worker("one")
    wait_for(lambda: remote.redis.length() == 0 and remote.redis.pending() == 0, 20, "the entry gone")
    assert worker.metric("sluice_transcode_entries_cleared_total", '{why="stale"}') == 1
    remote.redis.ask("XADD", KEY, "*", "no", "job")
    wait_for(lambda: worker.metric("sluice_transcode_entries_cleared_total", '{why="malformed"}') == 1, 20, "no job")
    assert worker.process.poll() is None and not worker.busy()


def test_an_entry_that_a_dead_worker_took_is_claimed_by_another(remote, clip):
    stream = start(remote.dispatch("--take-time", "30s", *LADDER))
    wait_for(lambda: remote.redis.length() == 1, 20, "the job posted")
    remote.redis.ask("XGROUP", "CREATE", KEY, "workers", "0")
    assert remote.redis.ask("XREADGROUP", "GROUP", "workers", "dead", "COUNT", "1", "STREAMS", KEY, ">")
    assert remote.redis.pending() == 1
    worker = remote.worker("one")
    wait_for(worker.busy, 20, "the job claimed")
    wait_for(lambda: remote.redis.pending() == 0, 10, "nothing pending")
    stream.stdin.write(clip.read_bytes())
    ends(stream, 0)


def test_a_stopping_worker_hands_its_job_back(remote, clip):
    first = remote.worker("one")
    stream = subprocess.Popen(remote.dispatch(*LADDER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    stream.stdin.write(header(clip, "sluice_epoch_ms=1")[:400_000])
    stream.stdin.flush()
    got = os.read(stream.stdout.fileno(), 1 << 16)
    second = remote.worker("two")
    assert first.stop() == 0
    while more := os.read(stream.stdout.fileno(), 1 << 16):
        got += more
    assert "hands the stream back" in ends(stream, 75)
    listing = Listing(got)
    assert listing.pts("360p30") == listing.pts("source") != [], "what it had read was finished"
    assert "end=handed_back" in first.output() and first.left_behind() == []
    assert not second.busy()


def test_a_stopping_worker_lets_a_job_end_within_its_finish_time(remote, clip):
    worker = remote.worker("one", "--finish-time", "20s", "--drain-time", "30s")
    stream = start(remote.dispatch(*LADDER), clip.read_bytes()[:200_000])
    wait_for(worker.busy, 20, "the job taken")
    worker.process.terminate()
    worker.says("draining")
    other = start(remote.dispatch("--take-time", "2s", *LADDER))
    ends(other, 75)
    assert worker.busy()
    stream.stdin.write(clip.read_bytes()[200_000:])
    ends(stream, 0)
    assert worker.process.wait(20) == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_worker_that_dies_or_freezes_is_missed(remote, clip, how):
    worker = remote.worker("one")
    stream = start(remote.dispatch("--peer-time", "2s", *LADDER), header(clip, "sluice_epoch_ms=1")[:300_000])
    wait_for(worker.busy, 20, "the job taken")
    children = worker.children()
    began = time.monotonic()
    os.kill(worker.process.pid, how)
    said = ends(stream, 75)
    assert "worker one" in said and "was lost" in said
    assert time.monotonic() - began < 8
    os.kill(worker.process.pid, signal.SIGKILL)
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children), 10, "its transcoder gone with it")


def test_a_frozen_dispatcher_is_missed_and_the_slot_is_free_again(remote, clip):
    worker = remote.worker("one", "--peer-time", "2s")
    stream = start(remote.dispatch(*LADDER), header(clip, "sluice_epoch_ms=1")[:300_000])
    wait_for(worker.busy, 20, "the job taken")
    stream.send_signal(signal.SIGSTOP)
    wait_for(lambda: not worker.busy(), 20, "the job given up")
    assert "end=lost" in worker.output() and "nothing was heard of the dispatcher" in worker.output()
    stream.kill()
    stream.communicate()
    assert run(remote.dispatch(*LADDER), clip).returncode == 0


def test_a_transcoder_that_fails_ends_its_job_alone(remote, clip):
    worker = remote.worker("one", "--jobs", "2")
    good = start(remote.dispatch(*LADDER), header(clip, "sluice_epoch_ms=1")[:300_000])
    wait_for(worker.busy, 20, "the job taken")
    bad = subprocess.run(remote.dispatch(*LADDER), input=b"no media " * 1000, capture_output=True, timeout=30)
    assert bad.returncode == 1 and b"transcode on one" in bad.stderr and b"exit 1" in bad.stderr
    killed = start(remote.dispatch(*LADDER), header(clip, "sluice_epoch_ms=1")[:300_000])
    wait_for(lambda: len(worker.children()) == 2, 20, "the other job taken")
    os.kill(max(worker.children()), signal.SIGKILL)
    ends(killed, 75)
    good.stdin.close()
    good.stdin = None
    ends(good, 0)


def test_the_mark_of_a_long_keyframe_interval_reaches_the_ledger(remote, tmp_path):
    make(tmp_path / "long.flv", "-g", "250", "-bsf:v", "filter_units=remove_types=6", size="640x360")
    worker = remote.worker("one", env={"SLUICE_LADDER": "none"})
    ladder = (*LADDER, "--shed", "off")  # however busy the machine is
    (tmp_path / "ledger").mkdir()
    mark = tmp_path / "ledger" / "source-gop"
    fed = {"SLUICE_FED": "1", "SLUICE_LEDGER": str(tmp_path / "ledger")}
    first = run(remote.dispatch(*ladder), tmp_path / "long.flv", env=fed)
    assert first.returncode == 75, first.stderr.decode()
    gop, probation, left_off, bitrate = (int(word) for word in mark.read_text().split())
    assert 2_200_000 < gop <= left_off < 2_500_000 and probation == 10_000_000 and bitrate > 0, mark.read_text()
    assert (tmp_path / "ledger/pause").read_text().split()[0] == str(left_off), "the segmenter is told, too"
    second = run(remote.dispatch(*ladder), tmp_path / "long.flv", env=fed)
    assert second.returncode == 0, second.stderr.decode()
    assert Listing(second.stdout).keys("source") == Listing(second.stdout).keys("360p30")
    (tmp_path / "new.nut").write_bytes(header(tmp_path / "long.flv", "sluice_discontinuity=1")[:600_000])
    third = run(remote.dispatch(*ladder), tmp_path / "new.nut", env=fed)
    assert third.returncode == 0 and not mark.exists(), "a new publisher is judged anew"
    assert worker.left_behind() == []


def test_sigterm_ends_the_input_of_a_stream_that_is_dispatched(remote, clip):
    remote.worker("one")
    stream = subprocess.Popen(remote.dispatch(*LADDER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    stream.stdin.write(header(clip, "sluice_epoch_ms=1")[:400_000])
    stream.stdin.flush()
    got = os.read(stream.stdout.fileno(), 1 << 16)
    stream.terminate()
    while more := os.read(stream.stdout.fileno(), 1 << 16):
        got += more
    assert stream.wait(30) == 0
    listing = Listing(got)
    assert listing.pts("360p30") == listing.pts("source") != []


# ---- who is served

def test_a_worker_of_another_secret_gets_nothing(remote, clip):
    stranger = remote.worker("stranger", secret=remote.file("other", "another secret of some length"))
    done = run(remote.dispatch("--take-time", "2s", *LADDER), clip)
    assert (done.returncode, done.stdout) == (75, b"")
    assert "not sealed with our secret" in stranger.output() and not stranger.busy()
    assert stranger.metric("sluice_transcode_entries_cleared_total", '{why="forged"}') >= 1
    remote.worker("one")
    assert run(remote.dispatch(*LADDER), clip).returncode == 0, "a stranger beside it does not keep the right one from it"


def test_a_dispatcher_serves_nobody_who_does_not_know_the_secret(remote, clip):
    stream = start(remote.dispatch("--take-time", "30s", *LADDER))
    job = posted(remote)
    ticket = job["ticket"].encode()
    mine = bytes(32)

    def connect():
        host, port = job["to"].rsplit(":", 1)
        return socket.create_connection((host, int(port)), 10)

    hello = b"\x01" + bytes([len(ticket)]) + ticket + mine + b"stranger"
    with connect() as link:  # another ticket
        link.sendall(frame(b"H", hello.replace(ticket, b"a" * len(ticket))))
        assert link.recv(1) == b""
    with connect() as link:  # the ticket, which anybody who reads Redis knows, without the secret
        link.sendall(frame(b"H", hello))
        kind, challenge = read_frame(link)
        assert kind == b"C" and challenge[32:] == proof(pathlib.Path(remote.secret).read_text().strip().encode(), b"dispatcher", ticket, mine, challenge[:32])
        link.sendall(frame(b"P", challenge[32:]))
        assert link.recv(1) == b""
    with connect() as link:  # media without a word
        link.sendall(frame(b"D", b"media" * 100))
        assert link.recv(1) == b""
    held = [connect() for _ in range(20)]  # who says nothing loses its place to who comes next
    assert stream.poll() is None
    worker = remote.worker("one")
    wait_for(worker.busy, 20, "a worker served")
    for link in held:
        link.close()
    stream.stdin.write(clip.read_bytes())
    assert "does not know our secret" in ends(stream, 0)


def test_a_worker_sends_nothing_to_who_does_not_know_the_secret(remote, clip):
    """Somebody took the place of the dispatcher: the entry is genuine, the address is now his."""
    stream = start(remote.dispatch("--take-time", "30s", *LADDER))
    job = posted(remote)
    stream.kill()
    stream.communicate()
    host, port = job["to"].rsplit(":", 1)
    with socket.create_server((host, int(port))) as server:
        server.settimeout(20)
        worker = remote.worker("one")
        link, _ = server.accept()
        with link:
            link.settimeout(10)
            kind, hello = read_frame(link)
            assert kind == b"H" and job["ticket"].encode() in hello
            link.sendall(frame(b"C", bytes(32) + bytes(32)))
            assert link.recv(1) == b"", "no proof for a stranger"
    wait_for(lambda: worker.metric("sluice_transcode_jobs_ended_total", '{how="unreachable"}'), 10, "the worker gave up")
    assert not worker.busy()


def test_an_order_is_taken_word_by_word(remote):
    """Whoever knows the secret may order renditions, and nothing else."""
    secret = pathlib.Path(remote.secret).read_text().strip().encode()
    worker = remote.worker("one")

    def order(words):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(20)
            post(remote, f"127.0.0.1:{server.getsockname()[1]}")
            link, _ = server.accept()
            with link:
                link.settimeout(10)
                _, hello = read_frame(link)
                theirs, mine = hello[5:37], bytes(32)
                link.sendall(frame(b"C", mine + proof(secret, b"dispatcher", b"abc", theirs, mine)))
                assert read_frame(link) == (b"P", proof(secret, b"worker", b"abc", theirs, mine))
                link.sendall(frame(b"J", words))
                kind, why = read_frame(link)
                return kind, why.decode()

    assert order(b"ladder none\n") == (b"S", "")
    for words in (b"config /etc/passwd\n", b"ladder '; touch x; '\n", b"ladder 7\n", b"preset placebo\n", b"cores 0x7\n", b"source-gop x\n", b"metrics 127.0.0.1:1\n"):
        kind, why = order(words)
        assert kind == b"R" and why, words
    wait_for(lambda: not worker.busy(), 10, "the worker free")
    assert worker.process.poll() is None


def test_a_redis_with_a_password(clip):
    with Remote(password="hush hush") as remote:
        remote.worker("one")
        assert run(remote.dispatch(*LADDER), clip).returncode == 0
        wrong = remote.file("wrong", "no")
        done = run([program("transcode"), "--dispatch", remote.redis.url(), "--secret-file", remote.secret, "--redis-password-file", wrong, "--take-time", "1s"], clip)
        assert done.returncode == 75 and b"WRONGPASS" in done.stderr
        done = run([program("transcode"), "--secret-file", remote.secret, "--take-time", "20s", *LADDER], clip,
                   env={"SLUICE_DISPATCH": remote.redis.url().replace("//", "//:hush%20hush@")})
        assert done.returncode == 0, done.stderr.decode()
        assert b"hush" not in done.stderr


@pytest.mark.parametrize("arguments, says", [
    (["--worker", "redis://:secret@127.0.0.1"], "--redis-password-file"),
    (["--dispatch", "redis://:secret@127.0.0.1"], "--redis-password-file"),
    (["--worker", "http://127.0.0.1"], "redis://"),
    (["--worker", "redis://127.0.0.1", "--dispatch", "redis://127.0.0.1"], "one of them"),
    (["--worker", "redis://127.0.0.1"], "--secret-file"),
    (["--worker", "redis://127.0.0.1", "--secret-file", "OPEN"], "chmod 600"),
    (["--worker", "redis://127.0.0.1", "--secret-file", "SHORT"], "openssl rand"),
    (["--worker", "redis://127.0.0.1", "--secret-file", "GOOD", "--finish-time", "10s"], "--drain-time"),
    (["--worker", "redis://127.0.0.1", "--secret-file", "GOOD", "--queue", "a:b"], "--queue"),
    (["--dispatch", "redis://127.0.0.1", "--secret-file", "GOOD", "--listen", "0.0.0.0:0"], "--reach"),
    (["--dispatch", "redis://127.0.0.1", "--secret-file", "GOOD", "--listen", "unix:/run/x", "--reach", "127.0.0.1:0"], "Unix socket"),
    (["--dispatch", "redis://127.0.0.1", "--secret-file", "GOOD", "--reach", "unix:/run/x"], "Unix socket"),
    (["--dispatch", "redis://127.0.0.1", "--secret-file", "GOOD", "--peer-time", "1s"], "--peer-time"),
    (["--dispatch", "redis://127.0.0.1", "--secret-file", "GOOD", "--ladder", "7"], "ladder"),
])
def test_wrong_settings_say_what_to_do(tmp_path, arguments, says):
    for name, content, mode in (("OPEN", "x" * 32, 0o644), ("SHORT", "x", 0o600), ("GOOD", "x" * 32, 0o600)):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(mode)
    done = subprocess.run([program("transcode"), *arguments], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and says in done.stderr, done.stderr
    assert "secret@" not in done.stderr
