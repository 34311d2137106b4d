"""A caller of libsrt, by ctypes: what a handshake is answered with, and connections that send what they are told to."""
import ctypes
import socket
import struct

STREAMID, PASSPHRASE, CONNTIMEO = 46, 26, 36
lib = ctypes.CDLL("libsrt-gnutls.so.1.5")
lib.srt_startup()
lib.srt_setloglevel(0)


class Caller:
    """Connects; `refused` is the reject code, or None when it was let in."""

    def __init__(self, port, stream_id, passphrase=None):
        self.socket = lib.srt_create_socket()
        if stream_id:
            self.set(STREAMID, stream_id.encode())
        if passphrase:
            self.set(PASSPHRASE, passphrase.encode())
        self.set(CONNTIMEO, struct.pack("i", 5000))
        address = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_aton("127.0.0.1"))
        done = lib.srt_connect(self.socket, address, len(address))
        self.refused = lib.srt_getrejectreason(self.socket) if done != 0 else None

    def set(self, option, value):
        assert lib.srt_setsockflag(self.socket, option, value, len(value)) == 0, lib.srt_getlasterror(None)

    def send(self, data):
        """Whether it was sent."""
        return lib.srt_send(self.socket, data, len(data)) == len(data)

    def close(self):
        lib.srt_close(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def refused(port, stream_id, passphrase=None):
    with Caller(port, stream_id, passphrase) as caller:
        return caller.refused
