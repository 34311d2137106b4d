"""The RTMP servers that rtmp_publishers.py measures: for each its command, the keys it takes, its environment; set to what costs it least: nothing
logged, no GOP kept for players, no statistics, no status pages. HLS: segments of 2 s in a folder, the last ten seconds or so kept, as a live stream
has it: memory that files on a RAM disk give back is used again, and no server pays for the first touch of pages more than another."""
import functools
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", HERE.parents[1] / "build")).resolve()
NGINX_MODULE = pathlib.Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")


def srs_path():
    """SRS is in no package of Debian's: SRS names its program, or it is in PATH."""
    return shutil.which(os.environ.get("SRS", "srs"))


def said(command):
    """The first version number that a command tells of itself."""
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"\d+\.\d+(\.\d+)*", done.stdout + done.stderr)
    return found[0] if found else "unknown"


def there():
    """({server: version}, {server that is missing: how to get it})."""
    servers, missing = {"ingestd": said([BUILD / "bin" / "ingestd", "--version"])}, {}
    if NGINX_MODULE.exists() and shutil.which("nginx"):
        servers["nginx-rtmp"] = said(["dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-rtmp"]) + " in nginx " + said(["nginx", "-v"])
    else:
        missing["nginx-rtmp"] = "apt install libnginx-mod-rtmp"
    if srs_path():
        servers["srs"] = said([srs_path(), "-v"])
    else:
        missing["srs"] = "build it (github.com/ossrs/srs) with -O2 and name its program in SRS"
    return servers, missing


def nginx(folder, port, mode, publishers):
    conf = folder / "nginx.conf"
    (folder / "hls").mkdir()
    hls = f"hls on; hls_path {folder}/hls; hls_fragment 2s; hls_playlist_length 8s; hls_cleanup on; hls_nested on;" if mode == "hls" else ""
    conf.write_text(f"""daemon off; worker_processes 1; error_log {folder}/nginx.log; pid {folder}/nginx.pid; load_module {NGINX_MODULE};
user root; events {{ worker_connections 4096; }}
rtmp {{ server {{ listen 127.0.0.1:{port}; chunk_size 65536; application live {{ live on; access_log off; {hls} }} }} }}
""")
    return ["nginx", "-e", str(folder / "nginx.log"), "-c", str(conf)], [f"key{n}" for n in range(publishers)], {}


def srs(folder, port, mode, publishers):
    conf = folder / "srs.conf"
    (folder / "hls").mkdir()
    hls = f"""hls {{ enabled on; hls_fragment 2; hls_window 8; hls_cleanup on; hls_dispose 0; hls_path {folder}/hls;
                    hls_m3u8_file [app]/[stream].m3u8; hls_ts_file [app]/[stream]-[seq].ts; }}""" if mode == "hls" else ""
    conf.write_text(f"""listen 127.0.0.1:{port}; max_connections 2000; daemon off; pid {folder}/srs.pid;
srs_log_tank file; srs_log_file {folder}/srs.log; srs_log_level error; srs_log_level_v2 error;
http_api {{ enabled off; }} http_server {{ enabled off; }} heartbeat {{ enabled off; }} query_latest_version off;
vhost __defaultVhost__ {{ play {{ gop_cache off; }} {hls} }}
""")
    return [srs_path(), "-c", str(conf)], [f"key{n}" for n in range(publishers)], {}


@functools.cache
def platform(folder, publishers):
    """A platform with a channel for each publisher, made once: (its directory, the keys)."""
    environment = {**os.environ, "SLUICE_DIR": str(folder), "PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}"}
    run = lambda *words: subprocess.run([BUILD / "bin" / "chanctl", *words], check=True, capture_output=True, text=True, env=environment).stdout.strip()
    folder.mkdir()
    run("user", "add", "bench")
    keys = []
    for n in range(publishers):
        run("channel", "add", f"channel{n}", "--owner", "bench")
        keys.append(run("key", "rotate", f"channel{n}"))
    return folder, keys


def ingestd(folder, port, mode, publishers):
    command = [str(BUILD / "bin" / "ingestd"), "--rtmp-port", str(port), "--max-per-address", str(publishers + 10)]
    if mode == "hls":
        template, names = platform(folder.parent / "platform", publishers)
        shutil.copytree(template, folder / "platform")
        return [*command, "--pipeline", "exec segmenter --dvr-window 8s"], names, {"SLUICE_DIR": str(folder / "platform"), "PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}"}
    keys = folder / "keys"
    keys.write_text("".join(f"key{n} channel{n}\n" for n in range(publishers)))
    keys.chmod(0o600)
    command += ["--key-file", str(keys), *(("--pipeline", "none") if mode == "receive" else ("--exec", "exec cat >/dev/null"))]
    return command, [f"key{n}" for n in range(publishers)], {}


SETUP = {"ingestd": ingestd, "nginx-rtmp": nginx, "srs": srs}
