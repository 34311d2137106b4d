"""What flow tests share: where the programs are, free ports, temporary folders, waiting on readiness."""
import os
import pathlib
import socket

BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", pathlib.Path(__file__).parents[2] / "build"))
BIN = BUILD / "bin"
TOOLS = BUILD / "tests"


def program(name):
    """The path of one of our programs."""
    return str(BIN / name)


def free_port():
    """A TCP port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
