"""What tests/bench/automod.sh runs: automod on made-up chat, all at once (messages a second) and asked line by line (what a caller waits)."""
import json
import pathlib
import random
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


def at_once(command, messages):
    begin = time.monotonic()
    done = subprocess.run([*command, "--summary", "--json"], input="\n".join(messages) + "\n", capture_output=True, text=True, check=True)
    seconds = time.monotonic() - begin
    told = json.loads(done.stderr)
    assert told["messages"] == len(messages) == done.stdout.count("\n")
    assert sum(told["verdicts"].get(verdict, 0) for verdict in ("hold", "block")) >= len(messages) // 20
    return {"messages_per_s": round(len(messages) / seconds), "inside_p50_us": told["p50_us"], "inside_p99_us": told["p99_us"]}


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
        for name, more in (("model", ["--words", "default"]), ("no model", ["--words", "default", "--model", "none"])):
            command = [str(BUILD / "bin" / "automod"), "--words", words_file.name, *more]
            runs = [{"run": name, **at_once(command, messages), **asked(command, messages)} for _ in range(ROUNDS)]
            rows += runs
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
