"""The units of examples/systemd: systemd finds nothing wrong, their commands run as they stand, and they come up in order."""
import configparser
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess

import pytest

from harness import BIN

UNITS = sorted((pathlib.Path(__file__).parents[2] / "examples" / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service" and "@" not in unit.name]
PORTS = {"ingestd": ["rtmp", "rtmps", "srt"], "origind": ["http"], "chatd": ["ws", "irc"], "webd": ["http"], "vodarchive": []}
VOD = {"SLUICE_VOD": "s3://vods/2026", "SLUICE_S3_ENDPOINT": "http://127.0.0.1:9", "SLUICE_MEDIA_URL": "https://vods.example/2026"}


def read(unit):
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.optionxform = str
    parsed.read_string(unit.read_text())  # refuses a key that is there twice
    return parsed


def name_of(unit):
    return unit.stem.removeprefix("sluice-")


def here(unit, tmp_path):
    """The unit's command, with this build's programs and a fresh folder in place of the state directory and of its credentials."""
    words = shlex.split(read(unit)["Service"]["ExecStart"].replace("/var/lib/sluice", str(tmp_path)).replace("%d", str(tmp_path / "credentials")))
    assert pathlib.Path(words[0]).parent == pathlib.Path("/usr/local/bin") and pathlib.Path(words[0]).name == name_of(unit)
    return [str(pathlib.Path(BIN) / name_of(unit)), *words[1:]]


def environment_of(unit, state):
    """What systemd gives the unit: the settings of its EnvironmentFile, and its credentials, which an access list lets its user read, shown as the group's right."""
    service = read(unit)["Service"]
    given = dict(VOD) if service.get("EnvironmentFile", "").removeprefix("-") == "/etc/sluice/vod.env" else {}
    if "LoadCredential" in service:
        name, path = service["LoadCredential"].split(":")
        assert path.startswith("/etc/sluice/")
        folder = state / "credentials"
        folder.mkdir(mode=0o550)
        (folder / name).write_text("aws_access_key_id = A\naws_secret_access_key = hush\n")
        (folder / name).chmod(0o440)
        given["CREDENTIALS_DIRECTORY"] = str(folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLUICE_VOD", "SLUICE_S3"))}
    return {**kept, **given}


def test_every_daemon_has_its_unit():
    assert {name_of(unit) for unit in SERVICES} == set(PORTS)


def test_systemd_finds_nothing_wrong(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    for unit in UNITS:
        # It looks whether the commands exist.
        (tmp_path / unit.name.replace("@", "@2")).write_text(unit.read_text().replace("/usr/local/bin", str(BIN)))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *(tmp_path / unit.name.replace("@", "@2") for unit in UNITS)], capture_output=True,
                          text=True, timeout=60, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:/lib/systemd/system"})
    ours = [line for line in done.stderr.splitlines() if "sluice" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_target_brings_up_all_and_publishers_come_last():
    target = read(next(unit for unit in UNITS if unit.name == "sluice.target"))
    assert set(target["Unit"]["Wants"].split()) == {unit.name for unit in SERVICES}
    for unit in SERVICES:
        about = read(unit)
        assert about["Unit"]["PartOf"] == "sluice.target" and about["Install"]["WantedBy"] == "sluice.target"
        assert "sluice.target" in about["Unit"]["Before"].split()
        before = {name for name in about["Unit"]["After"].split() if name.startswith("sluice-")}
        others = {other.name for other in SERVICES if other != unit}
        assert before == (others if name_of(unit) == "ingestd" else set())


def test_a_unit_gives_the_drain_its_time_and_does_not_repeat_a_wrong_configuration():
    for unit in SERVICES:
        service = read(unit)["Service"]
        words = shlex.split(service["ExecStart"])[1:]
        subcommand = [] if words[0].startswith("-") else words[:1]
        config = subprocess.run([pathlib.Path(BIN) / name_of(unit), *subcommand, "--print-config"], capture_output=True, text=True, timeout=20).stdout
        drain = next(line for line in config.splitlines() if line.startswith("drain-time = "))
        assert int(service["TimeoutStopSec"].removesuffix("s")) > int(drain.split()[2].removesuffix("s"))
        assert service["Type"] == "notify" and service["RestartPreventExitStatus"] == "2"


@pytest.mark.parametrize("unit", SERVICES, ids=name_of)
def test_a_unit_s_command_gets_ready_in_an_empty_state_directory_and_stops_as_told(unit, tmp_path):
    ports = [word for port in PORTS[name_of(unit)] for word in (f"--{port}-port", "0")]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(20)
        state = tmp_path / "state"
        state.mkdir()
        process = subprocess.Popen([*here(unit, state), *ports], stderr=subprocess.PIPE, text=True,
                                   env={**environment_of(unit, state), "NOTIFY_SOCKET": str(tmp_path / "notify")})
        try:
            assert b"READY=1" in notify.recv(4096)
            process.send_signal(signal.SIGHUP)  # ExecReload
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=20)[1]
            assert process.returncode == 0, said
        finally:
            process.kill()
            process.wait()


def test_keys_that_a_group_can_read_are_taken_as_a_credential_and_nowhere_else(tmp_path):
    unit = next(unit for unit in SERVICES if name_of(unit) == "vodarchive")
    environment = environment_of(unit, tmp_path)
    del environment["CREDENTIALS_DIRECTORY"]
    done = subprocess.run(here(unit, tmp_path), capture_output=True, text=True, timeout=20, env=environment)
    assert done.returncode == 2 and "can be read by others" in done.stderr, done.stderr
    (tmp_path / "credentials" / "s3-keys").chmod(0o444)
    done = subprocess.run(here(unit, tmp_path), capture_output=True, text=True, timeout=20, env={**environment, "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    assert done.returncode == 2 and "can be read by others" in done.stderr, done.stderr


def test_what_is_in_s3_needs_its_settings_and_is_skipped_without():
    vodarchive, origind = (next(unit for unit in SERVICES if name_of(unit) == name) for name in ("vodarchive", "origind"))
    settings = read(vodarchive)["Service"]["EnvironmentFile"]
    assert read(vodarchive)["Unit"]["ConditionPathExists"] == settings and read(origind)["Service"]["EnvironmentFile"] == "-" + settings
    told = {line[1:].split("=")[0].strip() for line in vodarchive.read_text().splitlines() if line.startswith("#   SLUICE_")}
    assert told == set(VOD)


def test_programs_that_start_others_are_told_to_stop_alone():
    # With systemd's default everything in the unit is told at once: the shell of a pipeline would die before ingestd has closed its input.
    tree = UNITS[0].parents[2]
    for unit in [*SERVICES, UNITS[0].with_name("sluice-ingestd@.service")]:
        name = name_of(unit).removesuffix("@")
        sources = [*(tree / "cmd" / name).iterdir(), *((tree / "lib" / "origin").iterdir() if name == "origind" else [])]
        starts = any("os/spawn.hpp" in source.read_text() for source in sources if source.suffix in (".cpp", ".hpp"))
        assert starts == (name in ("ingestd", "origind", "chatd"))
        assert read(unit)["Service"].get("KillMode") == ("mixed" if starts else None), unit.name


def test_an_ingestd_that_is_started_beside_another_takes_over(tmp_path):
    unit = next(unit for unit in SERVICES if name_of(unit) == "ingestd")
    about, other = read(unit), read(unit.with_name("sluice-ingestd@.service"))
    assert dict(other["Service"]) == dict(about["Service"]) and other["Unit"]["PartOf"] == about["Unit"]["PartOf"]
    # One that ends well has been replaced, or told to stop: it is not to come back.
    assert about["Service"]["Restart"] == "on-failure"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(20)
        state = tmp_path / "state"
        state.mkdir()
        command = [*here(unit, state), "--rtmp-port", "0", "--rtmps-port", "0", "--srt-port", "0"]
        running = []
        try:
            for _ in range(3):
                running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}))
                while b"READY=1" not in notify.recv(4096):
                    pass
            assert [process.wait(20) for process in running[:-1]] == [0, 0]
            running[-1].terminate()
            assert running[-1].wait(20) == 0
        finally:
            for process in running:
                process.kill()
                process.wait()
