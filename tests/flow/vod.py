"""What tests of vodarchive share: how it is called, and what its record says."""
import os
import subprocess

import pytest

from faulty_store import FaultyStore
from harness import program

KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
ENVIRONMENT = {**{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLUICE_VOD"))}, **KEYS}


@pytest.fixture
def store():
    with FaultyStore() as running:
        yield running


def command(store, *words, run="upload"):
    return [program("vodarchive"), run, "--vod", "s3://vods", "--s3-endpoint", store.endpoint, *map(str, words)]


def upload(store, *words, before=()):
    return subprocess.run([*before, *command(store, *words)], capture_output=True, text=True, timeout=90, env=ENVIRONMENT)


def told(ledger, kind="U"):
    """[fields] of the record's lines of that kind."""
    text = (ledger.path / "uploads").read_text() if (ledger.path / "uploads").exists() else ""
    return [line.split()[1:-1] for line in text[:text.rfind("\n") + 1].splitlines() if line.startswith(kind)]


def recorded(ledger, rendition):
    return [int(row[1]) for row in told(ledger) if row[0] == rendition]


def check_same(store, ledger):
    """All that the record tells of is in the store as the ledger has it now, and it tells of all."""
    files = ledger.files()
    assert {key: store.objects.get(key) for key in files} == files
    walls = {(row[1], row[2]): row[10] for row in (line.split() for line in (ledger.path / "index").read_text().splitlines()) if row[0] == "P"}
    assert {(row[0], row[1]): row[3] for row in told(ledger)} == walls
