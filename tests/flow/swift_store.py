"""OpenStack Swift on loopback as a real S3 store: one replica, one disk, signatures checked by its s3api.

Only Debian's python3-swift is needed: its servers are started from here, none as a service of the system. Objects can be read
without a signature at `media_url`, as from a public bucket behind a CDN; what is written must be signed.

Run as a program (`/usr/bin/python3 swift_store.py BUCKET`) it starts one with that bucket, prints what examples/12-s3.sh wants, and serves
until Ctrl-C.
"""
import datetime
import getpass
import hashlib
import hmac
import http.client
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse

from harness import free_port, get, wait_for

PYTHON = "/usr/bin/python3"  # which has Debian's packages
ACCESS_KEY, SECRET_KEY = "sluice:vods", "a-secret-of-this-test"

# tempauth asks for a memcached, which no other part here needs: one process remembers as well in itself.
SERVER = """
import ctypes, signal, sys, types
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it ends with the test, however that ends
from swift.common import utils
from swift.common.wsgi import run_wsgi

class Memory(dict):
    def __bool__(self):
        return True
    def get(self, key, *_, **__):
        return super().get(key)
    def set(self, key, value, *_, **__):
        self[key] = value
    def delete(self, key, *_, **__):
        self.pop(key, None)
    def incr(self, key, delta=1, *_, **__):
        self[key] = self.get(key) + delta if key in self else delta
        return self[key]

def memory(config, **_):
    kept = Memory()
    def remembering(app):
        def answer(environ, start):
            environ["swift.cache"] = kept
            return app(environ, start)
        return answer
    return remembering

here = sys.modules["memory_for_tempauth"] = types.ModuleType("memory_for_tempauth")
here.factory = memory
utils.set_swift_dir(sys.argv[1])
sys.exit(run_wsgi(sys.argv[1] + "/" + sys.argv[2] + ".conf", sys.argv[2] + "-server", verbose=True))
"""

# One device each: a ring of one replica.
RINGS = """
import sys
from swift.common.ring import RingBuilder
for path, port in zip(sys.argv[1::2], sys.argv[2::2]):
    builder = RingBuilder(2, 1, 0)
    place = {"ip": "127.0.0.1", "port": int(port)}
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "device": "disk", "weight": 1, "meta": "", "replication_ip": place["ip"],
                     "replication_port": place["port"], **place})
    builder.rebalance()
    builder.get_ring().save(path)
"""

COMMON = """[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
log_level = INFO
fallocate_reserve = 0
"""

STORAGE = """[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
disable_fallocate = true
"""

# What is refused is refused by s3api: tempauth hands it the secret, and it compares signatures.
PROXY = """[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck memory listing_formats s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
cors_allow_origin = *
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:memory]
paste.filter_factory = memory_for_tempauth:factory
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_sluice_vods = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


class Swift:
    """A running store. `stop_proxy(kill=True)` and `start_proxy()` take its front away and bring it back at the same port."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-swift-"))
        self.processes = {}
        self.ports = {name: free_port() for name in ("account", "container", "object", "proxy")}
        try:
            self.lay_out()
            for name in self.ports:
                self.start(name)
            for name in self.ports:
                self.await_answer(name)
        except BaseException:
            self.stop()
            raise

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.ports['proxy']}"

    @property
    def media_url(self):
        """Where objects are read without a signature: Swift's own addresses of what s3api stores."""
        return f"{self.endpoint}/v1/AUTH_sluice"

    @property
    def credentials(self):
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    def lay_out(self):
        try:
            os.setxattr(self.folder, "user.sluice", b"1" * 1000)
        except OSError as error:
            raise AssertionError(f"Swift keeps metadata in extended attributes, which {self.folder} does not take: set TMPDIR to a folder "
                                 f"of ext4 or xfs ({error})")
        (self.folder / "devices" / "disk").mkdir(parents=True)
        (self.folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = sluice\n[storage-policy:0]\nname = one\ndefault = yes\n")
        rings = []
        for name, port in self.ports.items():
            text = COMMON.format(folder=self.folder, port=port, user=getpass.getuser())
            text += PROXY.format(secret=SECRET_KEY) if name == "proxy" else STORAGE.format(name=name)
            (self.folder / f"{name}.conf").write_text(text)
            if name != "proxy":
                rings.append((str(self.folder / f"{name}.ring.gz"), port))
        self.run(RINGS, *(str(word) for ring in rings for word in ring))

    def run(self, code, *arguments):
        done = subprocess.run([PYTHON, "-I", "-c", code, *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, name):
        log = open(self.folder / f"{name}.log", "ab")
        self.processes[name] = subprocess.Popen([PYTHON, "-I", "-c", SERVER, str(self.folder), name], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                start_new_session=True)
        log.close()

    def await_answer(self, name):
        wait_for(lambda: self.answers(name), 120, f"Swift's {name} server answering")

    def answers(self, name):
        if self.processes[name].poll() is not None:
            raise AssertionError((self.folder / f"{name}.log").read_text())
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=5)
            connection.request("GET", "/healthcheck" if name == "proxy" else "/disk/0/AUTH_none/none/none")
            return connection.getresponse().status in (200, 404, 400, 405)
        except OSError:
            return False
        finally:
            connection.close()

    def signed(self, method, path, headers=None, query=()):
        """(status, headers, body) of a request signed here, by a second hand: Signature Version 4 from its description, on its own."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{now[:8]}/us-east-1/s3/aws4_request"
        host = f"127.0.0.1:{self.ports['proxy']}"
        nothing = hashlib.sha256(b"").hexdigest()
        fields = {"host": host, "x-amz-content-sha256": nothing, "x-amz-date": now, **(headers or {})}
        words = urllib.parse.urlencode(sorted(query), quote_via=urllib.parse.quote, safe="-_.~")
        canonical = "\n".join([method, path, words, *(f"{name}:{fields[name]}" for name in sorted(fields)), "", ";".join(sorted(fields)), nothing])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + SECRET_KEY).encode()
        for piece in scope.split("/"):
            key = hmac.digest(key, piece.encode(), "sha256")
        fields["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={';'.join(sorted(fields))}, "
                                   f"Signature={hmac.digest(key, to_sign.encode(), 'sha256').hex()}")
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["proxy"], timeout=20)
        connection.request(method, path + (f"?{words}" if words else ""), headers=fields)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, dict(answer.headers), body

    def make_bucket(self, name):
        """A bucket that anybody may read."""
        status, _, body = self.signed("PUT", f"/{name}", {"x-amz-acl": "public-read"})
        assert status == 200, body.decode()

    def keys(self, bucket):
        status, _, body = self.signed("GET", f"/{bucket}", query=[("list-type", "2"), ("max-keys", "1000")])
        assert status == 200 and b"<IsTruncated>false" in body, body.decode()
        return re.findall(r"<Key>([^<]+)</Key>", body.decode())

    def read(self, bucket, key):
        """(headers, body) of an object, as anybody reads it."""
        status, headers, body = get(f"{self.media_url}/{bucket}/{key}")
        assert status == 200, (key, status)
        return headers, body

    def start_proxy(self):
        self.start("proxy")
        self.await_answer("proxy")

    def stop_proxy(self, kill=False):
        self.end("proxy", kill)

    def end(self, name, kill=False):
        process = self.processes.pop(name, None)
        if process is None:
            return
        (process.kill if kill else process.terminate)()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop(self):
        for name in list(self.processes):
            self.end(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def main(bucket):
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with Swift() as store:
        store.make_bucket(bucket)
        for name, value in store.credentials.items():
            print(f"export {name}={value}")
        print(f"examples/12-s3.sh s3://{bucket} {store.endpoint} {store.media_url}/{bucket}", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: swift_store.py BUCKET")
    main(sys.argv[1])
