"""Every example runs as it stands."""
import os
import pathlib
import re
import subprocess

import pytest

from harness import BIN, free_port, free_port_base, free_udp_port
from swift_store import Swift

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
ARGUMENTS = {"01": ["DIR"], "02": ["DIR"], "04": ["PORT"], "05": ["BASE", "DIR"], "06": ["PORT"], "07": ["PORT"], "08": ["UDP"],
             "09": ["PORT", "OTHER"], "10": ["PORT", "OTHER"], "11": ["PORT"], "13": ["DIR"]}


def run(script, tmp_path, *more, **environment):
    places = {"DIR": str(tmp_path / "out"), "PORT": str(free_port()), "OTHER": str(free_port()), "UDP": str(free_udp_port()), "BASE": str(free_port_base())}
    (tmp_path / "out").mkdir()
    arguments = [places[name] for name in ARGUMENTS.get(script.name[:2], [])]
    arguments = [*more, *arguments]
    done = subprocess.run([script, *arguments], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TMPDIR": str(tmp_path), **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r" info +\w+: ", done.stderr), done.stderr  # what its programs log is not what it shows
    return done.stdout


def example(number):
    return next(EXAMPLES.glob(f"{number}-*.sh"))


def test_01_record_to_a_ledger(tmp_path):
    said = run(example("01"), tmp_path)
    assert float(said.split()[-1]) == pytest.approx(6, abs=0.1) and f"the ledger is {tmp_path}/out;" in said


def test_02_ladder(tmp_path):
    said = run(example("02"), tmp_path)
    assert "RESOLUTION=1280x720" in said and len(re.findall("RESOLUTION", said)) >= 3


def test_03_look_into_the_pipe(tmp_path):
    assert "h264,1280,720" in run(example("03"), tmp_path)


def test_04_ingest_without_a_platform(tmp_path):
    assert re.search(r"h264,9\d", run(example("04"), tmp_path))


def test_05_platform(tmp_path):
    said = run(example("05"), tmp_path)
    assert "#EXT-X-STREAM-INF" in said and "ready" in said and f"the platform is in {tmp_path}/out:" in said


def test_06_serve_a_ledger(tmp_path):
    assert "#EXT-X-STREAM-INF" in run(example("06"), tmp_path)


def test_07_rtmps(tmp_path):
    assert re.search(r"h264,9\d", run(example("07"), tmp_path))


def test_08_srt(tmp_path):
    assert "hvc1." in run(example("08"), tmp_path)


def test_09_edge_nginx(tmp_path):
    caches = re.findall(r"player \d: (\w+)", run(example("09"), tmp_path))
    assert sorted(caches) == ["HIT", "HIT", "MISS"]


def test_10_edge_varnish(tmp_path):
    caches = re.findall(r"player \d: (\w+)", run(example("10"), tmp_path))
    assert sorted(caches) == ["HIT", "HIT", "MISS"]


def test_11_transcoders(tmp_path):
    said = run(example("11"), tmp_path)
    assert len(re.findall("RESOLUTION", said)) == 3 and re.search(r'worker="(one|two)', said)


def test_12_s3_with_the_store_that_it_names(tmp_path):
    command, = re.findall(r"^#   (/usr/bin/python3 .*)", pathlib.Path(example("12")).read_text(), re.M)
    store = subprocess.Popen(command.split(), cwd=EXAMPLES.parent, stdout=subprocess.PIPE, text=True)
    try:
        said = [store.stdout.readline().split() for _ in range(3)]
        assert [words[0] for words in said] == ["export", "export", "examples/12-s3.sh"], said
        keys = dict(words[1].split("=", 1) for words in said[:2])
        assert "#EXT-X-ENDLIST" in run(example("12"), tmp_path, *said[2][1:], **keys)
    finally:
        store.terminate()
        assert store.wait(60) == 0


def test_12_s3(tmp_path):
    with Swift() as store:
        store.make_bucket("films")
        said = run(example("12"), tmp_path, "s3://films", store.endpoint, f"{store.media_url}/films", **store.credentials)
        assert f"{store.media_url}/films/demo/" in said and "#EXT-X-ENDLIST" in said
        assert float(said.split()[-1]) == pytest.approx(8, abs=0.1)


def test_13_moderation(tmp_path):
    said = run(example("13"), tmp_path)
    assert "banned mallory3 from alice" in said and "alice lifted the ban of mallory2 from alice\n" in said
    assert re.search(r"whole up to entry 6 [0-9a-f]{64}$", said.strip())


def test_examples_that_may_run_at_once_have_ports_of_their_own():
    ports = [port for path in EXAMPLES.glob("*.sh") for port in re.findall(r"=\$\{\d:-(\d{4,5})\}", path.read_text())]
    assert len(ports) > 8 and len(set(ports)) == len(ports), sorted(ports)


def test_every_example_is_run_here_and_listed():
    scripts = {path.name for path in EXAMPLES.glob("*.sh")}
    source = pathlib.Path(__file__).read_text()
    assert all(f'example("{name[:2]}")' in source for name in scripts)
    assert scripts == set(re.findall(r"`(\d\d-[\w-]+\.sh)`", (EXAMPLES / "README.md").read_text()))
