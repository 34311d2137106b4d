"""RTMPS into ingestd: real ffmpeg, openssl's client, half-open handshakes, a certificate swapped in mid-stream."""
import os
import signal
import socket
import ssl
import subprocess

import pytest

from harness import Platform, Publisher, program, wait_for
from ingest import Ingest, ended, media_seconds, opening, parts, read_some, read_until, tls, trusting

CAT = ("--exec", "cat >/dev/null")


def certificate(folder, name):
    """A self-signed pair made by openssl: (certificate, key)."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
                   check=True, capture_output=True)
    return cert, key


@pytest.fixture
def pair(tmp_path):
    return certificate(tmp_path, "first")


def encrypted(pair, *options, **more):
    return Ingest("--tls-cert", str(pair[0]), "--tls-key", str(pair[1]), *options, **more)


def shown_by(port):
    """Whose certificate is shown."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}"], input="", capture_output=True, text=True, timeout=20)
    return next(line for line in done.stdout.splitlines() if line.startswith("subject=")).split("=")[-1].strip()


def gone(link, seconds=15):
    link.settimeout(seconds)
    try:
        while link.recv(65536):
            pass
    except (ConnectionError, ssl.SSLError):
        pass
    return True


def still_serves(ingest):
    c0c1, commands = opening(ingest.key)
    with tls(ingest.tls_port) as link:
        link.sendall(c0c1)
        answer = read_some(link, 1 + 1536 + 1536)
        link.sendall(answer[1:1537] + commands)
        assert b"NetStream.Publish.Start" in read_until(link, b"NetStream.Publish.")
    wait_for(lambda: not ingest.streams(), 10, "the stream to end")


def test_ffmpeg_publishes_over_tls(pair):
    with encrypted(pair, "--pipeline", "segmenter") as ingest:
        with Publisher(ingest.tls_url(), seconds=5, gop=30) as publisher:
            assert ingest.wait_state("live", 60)["publisher"]["protocol"] == "rtmps"
            ledger = ingest.ledgers()[0]
            assert publisher.process.wait(90) == 0, publisher.output()
        wait_for(lambda: ended(ledger), 60, "the end record")
        assert media_seconds(ledger) == pytest.approx(5, abs=0.1)
        assert ingest.key not in ingest.log()


def test_ffmpeg_that_checks_the_certificate(pair, tmp_path):
    with encrypted(pair, *CAT, "--grace", "0s") as ingest:
        with Publisher(ingest.tls_url(), seconds=2, extra=("-tls_verify", "1", "-ca_file", str(pair[0]))) as publisher:
            assert publisher.process.wait(90) == 0, publisher.output()
        other = certificate(tmp_path, "other")[0]
        with Publisher(ingest.tls_url(), seconds=2, extra=("-tls_verify", "1", "-ca_file", str(other))) as publisher:
            assert publisher.process.wait(90) != 0


def test_a_wrong_key_is_refused_over_tls(pair):
    with encrypted(pair, *CAT) as ingest:
        with Publisher(ingest.tls_url("wr0ngkey"), seconds=5) as publisher:
            assert publisher.process.wait(90) != 0
        assert "wrong stream key" in ingest.log() and "wr0ngkey" not in ingest.log()


def test_versions_before_1_2_are_refused(pair):
    with encrypted(pair, *CAT, "--grace", "0s") as ingest:
        for option, accepted in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
            done = subprocess.run(["openssl", "s_client", option, "-cipher", "ALL:@SECLEVEL=0", "-connect", f"127.0.0.1:{ingest.tls_port}"],
                                  input="", capture_output=True, text=True, timeout=20)
            assert ("Cipher is (NONE)" not in done.stdout) == accepted, (option, done.stdout)
        still_serves(ingest)


def test_half_open_handshakes_are_reaped(pair):
    with encrypted(pair, *CAT, "--setup-time", "500ms", "--grace", "0s") as ingest:
        links = [socket.create_connection(("127.0.0.1", ingest.tls_port), 10) for _ in range(50)]
        for at, link in enumerate(links):
            link.sendall([b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(40)][at % 3])
        shaken = [tls(ingest.tls_port) for _ in range(5)]  # these shake hands and then say nothing
        for link in links + shaken:
            assert gone(link)
            link.close()


def test_garbage_ends_its_connection_only(pair):
    with encrypted(pair, *CAT, "--grace", "0s") as ingest:
        for data in (b"GET / HTTP/1.1\r\n\r\n", opening("x")[0], os.urandom(5000), b"\x16\x03\x01\x40\x00" + bytes(20000)):
            with socket.create_connection(("127.0.0.1", ingest.tls_port), 10) as link:
                try:
                    link.sendall(data)
                    link.shutdown(socket.SHUT_WR)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                assert gone(link)
        done = subprocess.run(["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{ingest.tls_port}"], input=os.urandom(100_000),
                              capture_output=True, timeout=30)
        assert done.returncode in (0, 1)
        with socket.create_connection(("127.0.0.1", ingest.tls_port), 10) as link:  # never ends its client hello
            try:
                link.sendall(b"\x16\x03\x01\x00\x04\x01\xff\xff\xff")
                for _ in range(200):
                    link.sendall(b"\x16\x03\x01\x04\x00" + bytes(1024))
            except (BrokenPipeError, ConnectionResetError):
                pass
            assert gone(link)
        still_serves(ingest)


def test_who_comes_to_the_other_port_is_told_so_at_once(pair):
    """The setup time is longer than this test waits: ffmpeg says TLS's hello and waits for an answer, and the handshake of RTMP is a whole one."""
    with encrypted(pair, *CAT, "--setup-time", "10m", "--idle-time", "10m", "--grace", "0s") as ingest:
        with Publisher(f"rtmps://127.0.0.1:{ingest.port}/live/{ingest.key}") as publisher:
            assert publisher.process.wait(60) != 0
        ingest.wait_log(f"TLS on the RTMP port (rtmps:// goes to port {ingest.tls_port})")
        for port, said, told in ((ingest.port, b"G", "text, as HTTP is"), (ingest.tls_port, b"\x03", f"plain RTMP on the RTMPS port (rtmp:// goes to port {ingest.port})"),
                                 (ingest.tls_port, b"G", "not TLS: the first byte is 0x47")):
            with socket.create_connection(("127.0.0.1", port), 10) as link:
                link.sendall(said)
                assert gone(link, 60)
            ingest.wait_log(told)
        still_serves(ingest)


def test_a_certificate_is_swapped_in_mid_stream(pair, tmp_path):
    with encrypted(pair, "--pipeline", "segmenter") as ingest:
        def reload(expect):
            before = ingest.log().count(expect)
            ingest.daemon.process.send_signal(signal.SIGHUP)
            wait_for(lambda: ingest.log().count(expect) > before, 10, expect)

        with Publisher(ingest.tls_url(), gop=30) as publisher:
            row = ingest.wait_state("live", 60)
            assert shown_by(ingest.tls_port) == "first"
            second = certificate(tmp_path, "second")
            second[0].replace(pair[0])
            second[1].replace(pair[1])
            reload("configuration reloaded")
            assert shown_by(ingest.tls_port) == "second"
            pair[0].write_text("nonsense\n")
            reload("not reloaded")
            assert str(pair[0]) in ingest.log()
            assert shown_by(ingest.tls_port) == "second"
            count = len(parts(ingest.ledgers()[0]))
            wait_for(lambda: len(parts(ingest.ledgers()[0])) > count + 1, 15, "the stream to go on")
            assert publisher.process.poll() is None
            assert ingest.stream()["stream"] == row["stream"]
        assert ingest.log().count("publisher accepted") == 1 and "publisher reconnected" not in ingest.log()


def test_without_a_certificate_the_port_is_not_opened(tmp_path):
    with Ingest(*CAT) as ingest:
        assert "rtmps=" not in ingest.log()
    keys = tmp_path / "keys"
    keys.write_text("k alice\n")
    command = [program("ingestd"), "--key-file", str(keys), "--exec", "true", "--rtmp-port", "0", "--srt-port", "0"]
    asked = subprocess.run([*command, "--rtmps-port", "1"], capture_output=True, text=True, timeout=20)
    assert asked.returncode == 2 and "--tls-cert" in asked.stderr
    half = subprocess.run([*command, "--tls-cert", str(keys)], capture_output=True, text=True, timeout=20)
    assert half.returncode == 2 and "--tls-key" in half.stderr
    wrong = subprocess.run([*command, "--tls-cert", str(keys), "--tls-key", str(keys)], capture_output=True, text=True, timeout=20)
    assert wrong.returncode == 2 and str(keys) in wrong.stderr


def test_a_platform_makes_its_own_certificate():
    with Platform() as platform:
        key = platform.channel("alice")
        with Publisher(f"rtmps://127.0.0.1:{platform.port('rtmps')}/live/{key}"):
            platform.wait_live("alice", 60)
        private = platform.directory / "tls" / "key.pem"
        assert private.stat().st_mode & 0o777 == 0o600
        subprocess.run(["openssl", "x509", "-in", str(platform.directory / "tls" / "cert.pem"), "-noout", "-checkip", "127.0.0.1"], check=True)
