"""What tests/bench/chat_automod.sh runs: what AutoMod adds to a line in chatd. A viewer's page sends lines one after the other and waits for each to be confirmed, and then
sends many at once; with AutoMod, without, with AutoMod in a room that has words of its own, and with lines that are all held: what a moderator may have to let pass is on the
disk before its sender is told. The rounds of all are interleaved."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "flow"))
from chat_platform import Chat  # noqa: E402
from harness import program  # noqa: E402
from machine import machine, median  # noqa: E402

LINES, ROUNDS = int(sys.argv[1]), int(sys.argv[2])
RESULTS = pathlib.Path(__file__).parent / "results" / "chat_automod.ndjson"
HELD = 1000  # lines, of each round
AT_ONCE = 50  # lines that are under way together: less than may wait of one user
OPEN = ("--cooldown", "0s", "--message-rate", "100000", "--repeat-time", "0s", "--room-rate", "0", "--history", "none", "--automod-late", "allow", "--automod-deadline", "5s")


def texts():
    source = random.Random(7)
    words = "the a lovely stream today what was that jump nice one hello from here play it again slowly please who won last time".split()
    made = [" ".join(source.choice(words) for _ in range(source.randint(3, 15))) + f" {number}" for number in range(2 * LINES)]
    asked = "".join(json.dumps({"text": text}) + "\n" for text in made)
    verdicts = subprocess.run([program("automod")], input=asked, capture_output=True, text=True, check=True).stdout.splitlines()
    return [text for text, verdict in zip(made, verdicts) if json.loads(verdict)["verdict"] == "allow"][:LINES]  # what is held costs a commit


def answered(page, count, held):
    while count:
        found = page.object()
        assert found["type"] != "error" or (held and found["code"] == "held"), found
        count -= found["type"] == ("error" if held else "confirmed")


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 10_000  # microseconds, at 100 ticks a second


def one_by_one(page, lines, mark, held):
    times = []
    for number, text in enumerate(lines):
        begin = time.perf_counter_ns()
        page.say("demo", text, f"{mark}{number}")
        answered(page, 1, held)
        times.append((time.perf_counter_ns() - begin) / 1000)
    times.sort()
    return {"p50_us": round(times[len(times) // 2], 1), "p99_us": round(times[len(times) * 99 // 100], 1)}


def many(chat, page, lines, mark, held):
    cpu, begin = cpu_of(chat.daemon.process.pid), time.monotonic()
    for first in range(0, len(lines), AT_ONCE):
        batch = lines[first:first + AT_ONCE]
        for number, text in enumerate(batch):
            page.say("demo", text, f"{mark}{first + number}")
        answered(page, len(batch), held)
    return {"lines_per_s": round(len(lines) / (time.monotonic() - begin)), "chatd_cpu_us_per_line": round((cpu_of(chat.daemon.process.pid) - cpu) / len(lines), 1)}


def main():
    rows, lines = [machine(lines=LINES)], texts()
    kinds = {"none": ("--automod", "none"), "automod": (), "automod, 200 words of the room": (), "automod with its classifier": ("--automod", "automod"), "held": ()}
    for turn in range(ROUNDS):
        for kind, options in kinds.items():
            with tempfile.TemporaryDirectory(prefix="sluice-bench-") as directory:
                chat = Chat(directory, *OPEN, *options)
                try:
                    if "words" in kind:
                        for number in range(200):
                            chat.seed("word", "demo", f"never said {number}")
                    page = chat.page(chat.bob)
                    page.join("demo")
                    held = kind == "held"
                    said = [f"{line} well fuck this" for line in lines[:HELD]] if held else lines  # the list that automod comes with holds it
                    one_by_one(page, said[:200], "warm", held)
                    rows.append({"run": kind, **one_by_one(page, said, "a", held), **many(chat, page, said, "b", held)})
                finally:
                    chat.daemon.stop()
    for kind in kinds:
        runs = [row for row in rows if row.get("run") == kind]
        rows.append({"median": kind, **{key: median(runs, key) for key in runs[0] if key != "run"}})
    with RESULTS.open("a") as results:
        for row in rows:
            print(json.dumps(row))
            results.write(json.dumps(row) + "\n")


main()
