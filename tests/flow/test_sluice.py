"""The supervisor: readiness, status, restarts, clean ends."""
import fcntl
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import socket
import subprocess
import time

import pytest

from harness import BIN, Platform, Publisher, free_port_base, get, program, wait_for

ROOT = pathlib.Path(__file__).parents[2]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def processes_of(directory):
    """Every process that mentions the platform's directory in its command line or environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as command, open(f"/proc/{pid}/environ", "rb") as environment:
                if str(directory).encode() in command.read() + environment.read() and alive(pid) and int(pid) != os.getpid():
                    found.append(pid)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass
    return found


def dead_children(pid):
    """Those that have ended and that nobody has waited for."""
    children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    return [child for child in children if not alive(child)]


@pytest.fixture
def platform():
    with Platform() as running:
        yield running


def test_up_says_each_program_ready_and_status_agrees(platform):
    said = platform.output()
    for name in ("origind", "chatd", "webd", "ingestd"):
        assert f"{name:8} ready" in said
    status = platform.status()
    assert status["state"] == "ready"
    assert status["dir"] == str(platform.directory)
    assert {row["name"] for row in status["programs"]} == {"origind", "chatd", "webd", "ingestd"}
    for row in status["programs"]:
        assert row["state"] == "ready" and alive(row["pid"]) and row["restarts"] == 0
    ports = {name: port for row in status["programs"] for name, port in row["ports"].items() if name != "metrics"}
    assert ports["rtmp"] == platform.base and ports["irc"] == platform.base + 6
    assert status["streams"] == []


@pytest.mark.parametrize("name", ["origind", "chatd", "webd", "ingestd"])
def test_a_killed_program_is_back_within_five_seconds(platform, name):
    before = platform.pid(name)
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: (pid := platform.pid(name)) and pid != before, 5, f"{name} again")
    row = next(row for row in platform.status()["programs"] if row["name"] == name)
    assert row["restarts"] == 1


@pytest.mark.parametrize("name", ["origind", "ingestd"])
def test_a_killed_keeper_takes_its_program_and_both_are_back(platform, name):
    before = platform.pid(name)
    with open(f"/proc/{before}/status") as status:
        keeper = int(next(line for line in status if line.startswith("PPid:")).split()[1])
    assert keeper != platform.process.pid
    os.kill(keeper, signal.SIGKILL)
    wait_for(lambda: not alive(before), 5, f"the end of the {name} whose keeper was killed")
    wait_for(lambda: (pid := platform.pid(name)) and pid != before, 5, f"{name} again")
    row = next(row for row in platform.status()["programs"] if row["name"] == name)
    assert row["restarts"] == 1
    assert platform.status()["state"] == "ready"
    assert f"sluice: the keeper of {name} was killed" in platform.output()


def test_status_tells_of_a_program_that_died_with_its_keeper(platform):
    os.kill(platform.process.pid, signal.SIGSTOP)  # so that nobody starts them again
    try:
        before = platform.pid("webd")
        with open(f"/proc/{before}/status") as status:
            keeper = int(next(line for line in status if line.startswith("PPid:")).split()[1])
        os.kill(keeper, signal.SIGKILL)
        def webd():
            status = platform.status()
            return next((status["state"], row["state"], row["pid"]) for row in status["programs"] if row["name"] == "webd")

        wait_for(lambda: webd() == ("degraded", "restarting", 0), 5, "a degraded platform")
    finally:
        os.kill(platform.process.pid, signal.SIGCONT)
    wait_for(lambda: platform.status()["state"] == "ready", 5, "a ready platform")


def test_no_program_is_left_children_that_it_knows_nothing_of(platform):
    for row in platform.status()["programs"]:
        keeper = int((platform.directory / f"run/{row['name']}.keeper").read_text())
        for pid in row["pid"], keeper:
            wait_for(lambda: not dead_children(pid), 10, f"no dead children of {row['name']} ({pid})")


def test_down_leaves_no_process(platform):
    subprocess.run([program("sluice"), "down", "--dir", platform.directory], check=True, timeout=60)
    assert platform.process.wait(10) == 0
    wait_for(lambda: not processes_of(platform.directory), 5, "no process left")
    assert platform.status()["state"] == "stopped"


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["logs", "quiet"])
def test_a_port_that_is_taken_is_told_with_what_to_do(tmp_path, quiet):
    base = free_port_base()
    with socket.create_server(("127.0.0.1", base + 3)):
        up = subprocess.Popen([program("sluice"), "up", "--dir", str(tmp_path), "--port-base", str(base), *quiet], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = []
        while not any("hint: another" in line for line in said) or not any("starting it again" in line for line in said):
            said.append(up.stderr.readline())
            assert said[-1], said
        up.terminate()
        said = "".join(said) + up.communicate(timeout=60)[1]
    assert f"webd: listen on 127.0.0.1:{base + 3}: Address already in use" in said
    assert "or choose another port: sluice up --port-base N" in said and "--http-port" not in said
    assert ("info  origind: ready" in said) != bool(quiet), said


def test_a_directory_that_cannot_be_made_is_told_once(tmp_path):
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "x"
    up = subprocess.run([program("sluice"), "up", "--dir", str(place), "--port-base", str(free_port_base())], capture_output=True, text=True, timeout=60)
    assert up.returncode == 1 and up.stderr.splitlines()[0] == f"sluice: cannot make {place}: Not a directory" and len(up.stderr.splitlines()) == 2


def test_status_where_there_is_no_platform(tmp_path):
    def status(*options):
        done = subprocess.run([program("sluice"), "status", "--dir", str(tmp_path / "nosuch"), *options], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        return done

    assert status().stdout == f"{tmp_path}/nosuch  stopped: no platform is there\n" and "--dir" in status().stderr
    told = json.loads(status("--json").stdout)
    assert (told["state"], told["reason"], told["streams"]) == ("stopped", "no platform is there", [])


def test_ctrl_c_on_a_terminal_stops_everything_in_the_middle_of_the_demo(tmp_path):
    """The terminal sends SIGINT to all processes of the foreground at once: programs and encoders get it too."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(program("sluice"), ["sluice", "up", "--demo", "--dir", str(tmp_path), "--port-base", str(free_port_base())])
    said, asked = b"", False
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            more = os.read(terminal, 65536)
        except OSError:  # nobody has the other end any more
            break
        said += more
        if not asked and b"go_live" in said:
            os.write(terminal, b"\x03")
            asked = True
    os.close(terminal)
    assert asked and time.monotonic() < deadline, said.decode()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == 0, said.decode()
    assert processes_of(tmp_path) == []
    assert b"killed" not in said and b"restart" not in said, said.decode()


def test_killing_the_supervisor_ends_everything_and_the_next_up_is_clean(platform):
    platform.process.kill()
    platform.process.wait()
    wait_for(lambda: not processes_of(platform.directory), 15, "no process left")
    platform.up()
    assert platform.status()["state"] == "ready"


def test_when_everything_is_killed_at_once_the_next_up_waits_for_nobody(platform):
    for _ in range(3):
        victims = [platform.process.pid] + [int(pid) for pid in processes_of(platform.directory)]
        for pid in victims:  # sluice first, as a machine short of memory may choose: its keepers are told before it is their turn
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        platform.process.wait()
        began = time.monotonic()
        platform.up()
        assert time.monotonic() - began < 10, platform.output()  # one that was waited for took twelve seconds


@pytest.mark.parametrize("end", [True, False], ids=["which end", "which do not end"])
def test_programs_of_an_earlier_run_are_waited_for_and_told(tmp_path, end):
    (tmp_path / "run").mkdir()
    with open(tmp_path / "run/members", "w") as theirs, open(tmp_path / "said", "w+") as said:
        fcntl.flock(theirs, fcntl.LOCK_SH)  # as they hold it until they have ended
        up = subprocess.Popen([program("sluice"), "up", "--dir", tmp_path, "--port-base", str(free_port_base())], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        words = (tmp_path / "said").read_text
        try:
            wait_for(lambda: f"sluice: waiting for programs of an earlier run in {tmp_path} to end\n" in words(), 20, "word of the wait")
            assert not (tmp_path / "run/sluice.pid").exists()
            if end:
                fcntl.flock(theirs, fcntl.LOCK_UN)
                wait_for(lambda: "ingestd  ready" in words(), 40, "a platform")
            else:
                assert up.wait(40) == 1 and "do not end" in words() and "hint:" in words() and not (tmp_path / "run/sluice.pid").exists()
        finally:
            up.terminate()
            up.wait(40)
    assert processes_of(tmp_path) == []


def test_a_word_that_comes_in_two_pieces_is_a_word(tmp_path):
    """read(1) gives up at the end of its time, and has taken what came of a line by then."""
    os.mkfifo(tmp_path / "events")
    script = f'''
      . {ROOT}/cmd/sluice/up.bash
      exec {{events}}<>{tmp_path}/events
      printf 'ready we' >&"$events"
      next_event 0.2 && exit 3
      printf 'bd 12\\nready chatd 13\\n' >&"$events"
      next_event 5 && echo "$what $who"
      next_event 5 && echo "$what $who"
    '''
    said = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=30)
    assert (said.returncode, said.stdout) == (0, "ready webd\nready chatd\n"), said


def test_ledgers_may_lie_elsewhere(tmp_path):
    elsewhere = {"ledgers": tmp_path / "disk" / "ledgers"}
    with Platform("--quiet", settings={"ingestd": elsewhere, "origind": elsewhere}) as running:
        with Publisher(running.publish_url(running.channel("ada"))):
            wait_for(lambda: get(f"http://127.0.0.1:{running.port('origin')}/live/ada/master.m3u8")[0] == 200, 30, "the stream")
            assert get(f"http://127.0.0.1:{running.port('origin')}/vod/ada/{running.streams()[0]['stream']}/master.m3u8")[0] == 200


def test_a_second_up_in_the_same_directory_is_refused(platform):
    again = subprocess.run([program("sluice"), "up", "--dir", platform.directory], capture_output=True, text=True, timeout=20)
    assert again.returncode == 1
    assert "already up" in again.stderr and "hint:" in again.stderr


def test_logs_are_kept_line_by_line(platform):
    said = subprocess.run([program("sluice"), "logs", "webd", "--dir", platform.directory], capture_output=True, text=True, check=True)
    assert "ready" in said.stdout


@pytest.mark.parametrize("missing", ["transcode", "segmenter", "storyboard", "automod"])
def test_what_the_programs_start_must_be_there_too(tmp_path, missing):
    """A copy of the installation without one of them: named before anything is started, by up and by doctor."""
    for path in BIN.iterdir():
        if path.name not in (missing, "sluice"):
            (tmp_path / path.name).symlink_to(path)
    shutil.copy(program("sluice"), tmp_path / "sluice")
    directory = tmp_path / "platform"
    up = subprocess.run([tmp_path / "sluice", "up", "--dir", directory], capture_output=True, text=True, timeout=60)
    assert up.returncode == 1 and f"missing in {tmp_path}: {missing}\n" in up.stderr and "make build" in up.stderr and not directory.exists()
    doctor = subprocess.run([tmp_path / "sluice", "doctor", "--dir", directory, "--port-base", str(free_port_base())], capture_output=True, text=True, timeout=60)
    assert doctor.returncode == 1 and f"FAIL  missing in {tmp_path}: {missing}\n" in doctor.stdout


def test_settings_of_the_supervisor_may_stand_in_a_folder(tmp_path):
    shown = lambda: subprocess.run([program("sluice"), "up", "--print-config", "--config", tmp_path], capture_output=True, text=True, timeout=60).stdout
    assert "# port-base is unset" in shown()
    (tmp_path / "sluice.conf").write_text("port-base = 21000\n")
    assert f"port-base = 21000  # {tmp_path}/sluice.conf:1" in shown()


@pytest.mark.parametrize("name, words", [("sluice", ["up"]), ("origind", [])])
def test_the_passwords_of_urls_are_not_shown(name, words):
    done = subprocess.run([program(name), *words, "--print-config"], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "SLUICE_PUBLIC_URL": "https://me:hush@tv.example:8443/a?b@c"})
    assert "public-url = https://me:***@tv.example:8443/a?b@c  # environment SLUICE_PUBLIC_URL" in done.stdout and "hush" not in done.stdout + done.stderr


@pytest.mark.parametrize("step", ["announce", "ready_line ingestd", "ending 130", "set_log_aside", "write_state webd ready 1 0", "promote", "rest 0.001", "launch {dir}/run/next; code_of \"$launched\" || true"])
def test_a_signal_among_substitutions_is_no_syntax_error(tmp_path, step):
    """bash 5.2 ends when a trapped signal comes just when a command substitution is read."""
    script = f"""
      . {ROOT}/cmd/sluice/programs.bash; . {ROOT}/cmd/sluice/up.bash; . {ROOT}/cmd/sluice/keep.bash
      mkdir {tmp_path}/run {tmp_path}/logs; mkfifo {tmp_path}/run/quiet; echo 7 >{tmp_path}/run/webd.pid; exec {{console}}>&1
      program_command() {{ command=(true); }}; name=webd next=6 stopping='' restarts=0
      dir={tmp_path} bin=/bin bind='' port_base=2000 drain_time=10s vod='' s3_region='' public_url='' media_url='' chat_bus=yes signals=0
      trap 'signals=$((signals + 1))' USR1
      echo go
      while read -rt 0.001 -u 3 _ || (($? > 128)); do {step.replace("{dir}", str(tmp_path))} >/dev/null; done
      ((signals > 20))
    """
    ours, theirs = os.pipe()
    shell = subprocess.Popen(["bash", "-euc", f"exec 3<&{ours}\n{script}"], pass_fds=[ours], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.close(ours)
    shell.stdout.readline()
    over = time.monotonic() + 1.5
    while shell.poll() is None and time.monotonic() < over:
        shell.send_signal(signal.SIGUSR1)
        time.sleep(0.002)  # what lies between the signals, not a wait
    os.close(theirs)
    _, error = shell.communicate(timeout=20)
    assert (shell.returncode, error) == (0, ""), error
