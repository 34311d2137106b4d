"""The servers that chat_fanout.py measures: for each its command, and how chat_load speaks to it; set to what costs it least: nothing logged, no
limits on rates, nobody told of who comes and goes (but chatd, which keeps its whole message path)."""
import functools
import os
import pathlib
import shutil
import subprocess
import sys

from rtmp_peers import BUILD, HERE, said

PEERS = HERE / "peers"
INSPIRCD = shutil.which("inspircd") or "/usr/sbin/inspircd"
ROOM, SPEAKERS, ROOMS = "room", 100, 1000
CHATD = ("chatd", "chatd-ws", "chatd-json", "chatd-send")  # IRC over TCP, IRC over WebSocket, JSON over WebSocket, IRC over TCP by one send() each
OTHER = os.environ.get("CHATD_OTHER")  # another chatd, to be measured beside this one
WIRES = {"chatd": "irc-tcp", "chatd-ws": "irc-ws", "chatd-json": "json", "chatd-send": "irc-tcp", "other": "irc-tcp", "other-ws": "irc-ws", "bare": "lines", "bare-tick": "lines", "uwebsockets": "peer-ws",
         "inspircd": "irc-tcp", "inspircd-ws": "irc-ws", "node-ws": "peer-ws", "redis": "redis"}
# Deliveries a second that are more than one core can send one by one, as these do: rows above it leave them out.
MOST = {"bare": 130_000, "inspircd": 130_000, "inspircd-ws": 110_000, "node-ws": 100_000, "redis": 130_000}


@functools.cache
def uws_program():
    """Our room server on uWebSockets, built beside the tree: UWS names the library's source folder, with uSockets in it; None without."""
    source = os.environ.get("UWS")
    if not source:
        return None
    source, built = pathlib.Path(source), BUILD / "tests" / "uws_server"
    sockets = source / "uSockets" / "src"
    if not (source / "src" / "App.h").exists() or not (sockets / "libusockets.h").exists():
        sys.exit(f"UWS={source}: no src/App.h and uSockets/src/libusockets.h there (clone uWebSockets with its submodule uSockets)")
    if not built.exists() or built.stat().st_mtime < (PEERS / "uws_server.cpp").stat().st_mtime:
        objects = []
        for name in ("bsd", "context", "loop", "socket", "udp", "eventing/epoll_kqueue"):
            objects.append(BUILD / "tests" / f"uws_{pathlib.Path(name).name}.o")
            subprocess.run(["cc", "-std=c11", "-O3", "-DLIBUS_NO_SSL", f"-I{sockets}", "-c", sockets / f"{name}.c", "-o", objects[-1]], check=True)
        subprocess.run(["c++", "-std=c++20", "-O3", "-DLIBUS_NO_SSL", "-DUWS_NO_ZLIB", f"-I{source / 'src'}", f"-I{sockets}",
                        PEERS / "uws_server.cpp", *objects, "-o", built, "-lpthread"], check=True)
    return built


def uws_version():
    """The revision of the source, or what the folder is called where it is no repository."""
    done = subprocess.run(["git", "-C", os.environ["UWS"], "describe", "--tags", "--always"], capture_output=True, text=True)
    return done.stdout.strip() or os.environ.get("UWS_VERSION", "of an unknown revision")


def there():
    """({server: version}, {server that is missing: how to get it})."""
    chatd = said([BUILD / "bin" / "chatd", "--version"])
    servers, missing = dict.fromkeys(("bare", "bare-tick", *CHATD), chatd), {}
    if OTHER:
        servers["other"] = servers["other-ws"] = said([OTHER, "--version"])
    if uws_program():
        servers["uwebsockets"] = uws_version()
    else:
        missing["uwebsockets"] = "git clone --recursive github.com/uNetworking/uWebSockets and name the folder in UWS"
    if pathlib.Path(INSPIRCD).exists():
        servers["inspircd"] = servers["inspircd-ws"] = said([INSPIRCD, "--version"])
    else:
        missing["inspircd"] = "apt install inspircd"
    if (PEERS / "node_modules" / "ws").exists():
        servers["node-ws"] = said(["node", "-p", f"require('{PEERS}/node_modules/ws/package.json').version"]) + " in Node.js " + said(["node", "--version"])
    else:
        missing["node-ws"] = "npm ci --ignore-scripts in tests/bench/peers"
    if shutil.which("redis-server"):
        servers["redis"] = said(["redis-server", "--version"])
    else:
        missing["redis"] = "apt install redis-server"
    return servers, missing


@functools.cache
def platform(folder):
    """A platform with rooms and speakers, made once: its directory, the speakers' file in it."""
    folder.mkdir()
    seed = lambda *words: subprocess.run([BUILD / "tests" / "store_seed", f"sqlite:{folder}/store.db", *words], check=True, capture_output=True, text=True).stdout
    seed("channels", ROOM, str(ROOMS))
    (folder / "speakers").write_text(seed("speakers", "speaker", str(SPEAKERS)))
    return folder


def chatd(folder, ports, wire, program=str(BUILD / "bin" / "chatd"), io_uring="on"):
    """`wire`: as WIRES has it. Speakers come by TCP on any."""
    shutil.copytree(platform(folder.parent / "platform"), folder, dirs_exist_ok=True)
    irc, ws = ports
    command = ["env", "SLUICE_ROOM_RATE=0", f"SLUICE_IO_URING={io_uring}", program, "--dir", str(folder), "--irc-port", str(irc), "--ws-port", str(ws), "--ircs-port", "0", "--wss-port", "0",
               "--connections", "19000", "--cooldown", "0s", "--message-rate", "100000", "--login-rate", "100000", "--log-level", "warn"]
    return command, ["--ports", str(irc if wire == "irc-tcp" else ws), "--speak-ports", str(irc), "--accounts", str(folder / "speakers")]


def bare(tick):
    return lambda folder, ports: ([str(BUILD / "tests" / "bare_server"), str(ports[0]), str(tick)], ["--ports", str(ports[0])])


def inspircd(websocket):
    def setup(folder, ports):
        (folder / "motd").write_text("chat\n")
        hook = 'hook="websocket"' if websocket else ""
        # Channel mode u: nobody is told of a thousand others who come in, nor are they told of it a thousand times.
        (folder / "inspircd.conf").write_text(f"""
<server name="chat.bench" description="bench" network="bench" id="1AA">
<bind address="127.0.0.1" port="{ports[0]}" type="clients" {hook}>
<module name="sha1"> <module name="websocket"> <websocket defaultmode="text"> <wsorigin allow="*"> <module name="auditorium">
<auditorium opvisible="no" opcansee="no">
<connect name="all" allow="*" maxchans="10" timeout="60" pingfreq="1h" hardsendq="16M" softsendq="16M" recvq="1M" threshold="100000"
         commandrate="100000000" fakelag="no" localmax="100000" globalmax="100000" maxconnwarn="no" resolvehostnames="no" useident="no" limit="100000">
<performance netbuffersize="65534" somaxconn="4096" softlimit="100000" clonesonconnect="no" quietbursts="yes">
<options defaultmodes="u" hostintopic="no"> <security announceinvites="none" maxtargets="20"> <limits maxnick="30" maxchan="64">
<files motd="{folder}/motd"> <path configdir="{folder}" datadir="{folder}" logdir="{folder}" moduledir="/usr/lib/inspircd/modules">
<pid file="{folder}/inspircd.pid"> <log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{folder}/inspircd.log">
""")
        return [INSPIRCD, "--nofork", "--runasroot", "--config", str(folder / "inspircd.conf")], ["--ports", str(ports[0])]
    return setup


def redis(folder, ports):
    return ["redis-server", "--port", str(ports[0]), "--bind", "127.0.0.1", "--protected-mode", "no", "--save", "", "--appendonly", "no", "--maxclients", "19000", "--dir", str(folder),
            "--client-output-buffer-limit", "pubsub", "0", "0", "0", "--tcp-backlog", "4096", "--loglevel", "warning"], ["--ports", str(ports[0])]


SETUP = {**{name: functools.partial(chatd, wire=WIRES[name], io_uring="off" if name == "chatd-send" else "on") for name in CHATD},
         **{name: functools.partial(chatd, wire=WIRES[name], program=OTHER) for name in ("other", "other-ws")}, "bare": bare(0), "bare-tick": bare(50),
         "uwebsockets": lambda folder, ports: ([str(uws_program()), str(ports[0])], ["--ports", str(ports[0])]),
         "inspircd": inspircd(False), "inspircd-ws": inspircd(True), "redis": redis,
         "node-ws": lambda folder, ports: (["node", str(PEERS / "ws_server.mjs"), str(ports[0])], ["--ports", str(ports[0])])}
