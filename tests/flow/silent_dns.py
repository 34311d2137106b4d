"""A DNS server that never answers."""
import os
import socket
import subprocess

import pytest


@pytest.fixture
def silent_dns(tmp_path):
    """Its socket, and a command in front of another, for which it is the only one."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"]).returncode != 0:
        pytest.skip("no right to give a program a resolv.conf of its own")
    config = tmp_path / "resolv.conf"
    address = f"127.83.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"  # of this run alone
    config.write_text(f"nameserver {address}\noptions timeout:10 attempts:3\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        server.settimeout(20)
        yield server, ["unshare", "-m", "sh", "-c", f"mount --bind {config} /etc/resolv.conf && exec \"$@\"", "sh"]
