"""Several chatd of one platform, joined by a real Redis server."""
import contextlib
import json
import signal
import tempfile
import threading

from chat_peers import Closed, Page
from chat_platform import Chat
from harness import get, wait_for
from remote import RedisServer

QUICK = ("--automod", "none", "--cooldown", "0s", "--message-rate", "100000", "--join-rate", "100000", "--login-rate", "100000", "--repeat-time", "0s",
         "--room-rate", "0")


def quick(options):
    """QUICK, save for what `options` say themselves."""
    return [word for name, value in zip(QUICK[::2], QUICK[1::2]) if name not in options for word in (name, value)]


class Nodes:
    """`count` nodes named n0, n1 … on one store. `own_history`: each keeps its own file."""

    def __init__(self, directory, count=2, options=(), own_history=False, redis=None):
        self.redis = redis or RedisServer()
        self.nodes = []
        for number in range(count):
            history = ("--history", f"{directory}/chat-{number}.db") if own_history else ()
            self.nodes.append(Chat(directory, "--chat-bus", self.redis.url(), "--instance", f"n{number}", *quick(options), *history, *options,
                                   name=f"n{number}"))

    def __getitem__(self, number):
        return self.nodes[number]

    def __iter__(self):
        return iter(self.nodes)

    def wait_joined(self, seconds=10):
        """All hear one another."""
        others = len(self.nodes) - 1
        wait_for(lambda: all(node.ask("rooms")["other_nodes"] == others for node in self.nodes), seconds, "all nodes hear one another")

    def kill(self, number):
        self.nodes[number].daemon.process.send_signal(signal.SIGKILL)
        self.nodes[number].daemon.process.wait()

    def close(self):
        for node in self.nodes:
            if node.daemon.process.poll() is None:
                node.daemon.stop()
        self.redis.kill()


@contextlib.contextmanager
def joined(count=2, **more):
    with tempfile.TemporaryDirectory(prefix="sluice-nodes-") as directory:
        nodes = Nodes(directory, count, **more)
        try:
            nodes.wait_joined()
            yield nodes
        finally:
            nodes.close()


def history(node, channel="demo"):
    """Ids of the newest hundred, oldest first, as who joins now is shown them."""
    page = Page(node.ws)
    found = [message["id"] for message in page.join(channel, history=100)["history"]]
    page.close()
    return found


def health(node):
    status, _, body = get(f"http://127.0.0.1:{node.metrics}/health")
    return status, json.loads(body)["dependencies"]


def metric(node, name):
    """The value of a metric, with its labels as they stand; 0 when it is not there."""
    for line in get(f"http://127.0.0.1:{node.metrics}/metrics")[2].decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return 0.0


class Reader:
    """A page that reads all the time, by the rules of sluice-chat(5), and goes on elsewhere when told to, or where it was when it is cut off."""

    def __init__(self, node, channel="demo"):
        self.channel = channel
        self.cursor = None
        self.ids, self.lines = [], []  # lines: with their origin
        self.twice = []     # what the server sent although the page had it, by number, or by id
        self.gaps = []
        self.heard = {}     # node and its process → ids that came from it live, in their order
        self.came_to_hermit = False  # joined a node that was cut off from the others: what it hears of them later may be known here
        self.lock = threading.Lock()
        self.page = None
        self.attach(node)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def attach(self, node, hermit=False):
        self.came_to_hermit = self.came_to_hermit or hermit
        page = node.page()
        page.socket.settimeout(10)  # the node may wait for the others
        joined = page.join(self.channel, **({"history": 0} if self.cursor is None else {"cursor": self.cursor}))
        with self.lock:
            if self.cursor is None:
                self.cursor = {}
            if joined["gap"]:
                self.gaps.append(joined["cursor"])
            for message in joined["history"]:
                self.take(message)
            for origin, seq in joined["cursor"].items():
                self.cursor[origin] = max(self.cursor.get(origin, 0), seq)
            self.page = page
            self.live = self.heard.setdefault((node.control.name, node.daemon.process.pid), [])

    def leave(self):
        """Cut off; what came until then is taken."""
        with self.lock:
            if self.page:
                self.page.close()
            self.page = None

    def run(self):
        while not self.stopping.wait(0.002):
            with self.lock:
                if self.page is None:
                    continue
                try:
                    self.page.socket.settimeout(0.02)
                    self.take(self.page.object(), self.live)
                except TimeoutError:
                    pass
                except (Closed, OSError):
                    self.page = None

    def take(self, told, live=None):
        if told["type"] == "gap":
            self.gaps.append(told)
            self.cursor[told["origin"]] = max(self.cursor.get(told["origin"], 0), told["last"])
        if told["type"] != "message":
            return
        if told["seq"] <= self.cursor.get(told["origin"], 0):
            return self.twice.append((told["text"], "by its number"))
        self.cursor[told["origin"]] = told["seq"]
        if told["id"] in self.ids:
            return self.twice.append((told["text"], "by its id"))
        self.ids.append(told["id"])
        self.lines.append((told["origin"], told["text"]))
        if live is not None:
            live.append(told["id"])

    def stop(self):
        self.stopping.set()
        self.thread.join(10)
        self.leave()
