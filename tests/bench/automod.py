"""What tests/bench/automod.sh runs: automod on made-up chat, all at once (messages a second, and a CPU-second) and asked line by
line (what a caller waits). The rounds of both are interleaved."""
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

from machine import machine, median

BUILD, MESSAGES, ROUNDS = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
RESULTS = pathlib.Path(__file__).parent / "results" / "automod.ndjson"
ASKED = 20_000  # line by line
PHRASES = 10_000


def words(source, syllables):
    return "".join(source.choice("b br c d f g gr h k l m n p r s st t v".split()) + source.choice("a an e ed er i ing o ol u um y".split())
                   for _ in range(syllables))


def made():
    """10,000 phrases of long made-up words, and messages of short ones, a twentieth of which hold a phrase."""
    source = random.Random(7)
    phrases = set()
    while len(phrases) < PHRASES:
        phrases.add(" ".join(words(source, source.randint(3, 4)) for _ in range(source.choice((1, 1, 1, 2, 3)))))
    phrases = sorted(phrases)
    messages = []
    for number in range(MESSAGES):
        text = " ".join(words(source, source.randint(1, 2)) for _ in range(source.randint(3, 18)))
        if number % 20 == 0:
            text += " " + source.choice(phrases)
        messages.append(json.dumps({"id": number, "channel": "c", "user": {"id": "7", "login": "bob"}, "roles": [], "text": text}))
    return phrases, messages


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def begun(command):
    """Milliseconds of CPU until it has read its lists and its model, and has nothing to judge."""
    cpu = cpu_of_children()
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return 1000 * (cpu_of_children() - cpu)


def at_once(command, messages):
    start_ms = begun(command)
    begin, cpu = time.monotonic(), cpu_of_children()
    done = subprocess.run([*command, "--summary", "--json"], input="\n".join(messages) + "\n", capture_output=True, text=True, check=True)
    seconds, cpu = time.monotonic() - begin, cpu_of_children() - cpu - start_ms / 1000
    told = json.loads(done.stderr)
    assert told["messages"] == len(messages) == done.stdout.count("\n")
    assert sum(told["verdicts"].get(verdict, 0) for verdict in ("hold", "block")) >= len(messages) // 20
    return {"start_cpu_ms": round(start_ms, 1), "messages_per_s": round(len(messages) / seconds), "messages_per_cpu_s": round(len(messages) / cpu), "inside_p50_us": told["p50_us"], "inside_p99_us": told["p99_us"]}


def asked(command, messages):
    """Microseconds from a question's write to its answer's read, as a caller over pipes has them."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        times = []
        for message in messages[:ASKED]:
            line = message.encode() + b"\n"
            begin = time.perf_counter_ns()
            process.stdin.write(line)
            answer = process.stdout.read(65536)
            times.append((time.perf_counter_ns() - begin) / 1000)
            assert answer.endswith(b"\n")
        process.stdin.close()
    times.sort()
    return {"asked_p50_us": round(times[len(times) // 2], 1), "asked_p99_us": round(times[len(times) * 99 // 100], 1)}


def main():
    phrases, messages = made()
    rows = [machine(phrases=PHRASES, messages=MESSAGES)]
    with tempfile.NamedTemporaryFile("w") as words_file:
        words_file.write("\n".join(phrases) + "\n")
        words_file.flush()
        kinds = {"model": ["--words", "default"], "no model": ["--words", "default", "--model", "none"]}
        for _ in range(ROUNDS):
            for name, more in kinds.items():
                command = [str(BUILD / "bin" / "automod"), "--words", words_file.name, *more]
                rows.append({"run": name, **at_once(command, messages), **asked(command, messages)})
        for name in kinds:
            runs = [row for row in rows if row.get("run") == name]
            rows.append({"median": name, **{key: median(runs, key) for key in runs[0] if key != "run"}})
        command = ["cat"]
        rows.append({"run": "cat, asked in the same way", **asked(command, messages)})
    engines = subprocess.run([str(BUILD / "tests" / "automod_phrases")], capture_output=True, text=True, check=True).stdout
    rows += [json.loads(line) for line in engines.splitlines()]
    with RESULTS.open("a") as results:
        for row in rows:
            print(json.dumps(row))
            results.write(json.dumps(row) + "\n")


main()
