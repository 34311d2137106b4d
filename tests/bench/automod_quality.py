"""What tests/bench/automod_quality.sh runs: how many everyday lines automod holds, and how many of the hostile ones it finds, on lines that nothing was trained on:
our own (cmd/automod/data/held_out) and somebody else's (cmd/automod/data/others); by the list alone, by the classifier alone, and by both, as chatd asks them; at each level,
and for each category."""
import json
import pathlib
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]
DATA = TREE / "cmd" / "automod" / "data"
SETS = {"own": ("held_out/everyday.lines", "held_out/hostile.lines"), "others": ("others/harmless.lines", "others/hostile.lines")}
RESULTS = TREE / "tests" / "bench" / "results" / "automod_quality.ndjson"
KINDS = {"list": ["--model", "none"], "classifier": ["--words", "/dev/null"], "both": []}
LEVELS, DEFAULT = range(5), 2


def lines_of(name):
    """(category, text) of each line; "ok" is what nobody minds."""
    found = (line.split(" ", 1) for line in (DATA / name).read_text().splitlines() if line and not line.startswith("#"))
    return [(category, text) for category, text in found]


def verdicts(automod, lines, arguments, level):
    asked = "".join(json.dumps({"text": text}) + "\n" for _, text in lines)
    done = subprocess.run([str(automod), "--level", str(level), *arguments], input=asked, capture_output=True, text=True, check=True)
    return [json.loads(answer) for answer in done.stdout.splitlines()]


def share(part, whole):
    return round(part / whole, 4) if whole else 0.0


def measured(automod, of="own"):
    everyday, hostile = map(lines_of, SETS[of])
    rows = []
    for kind, arguments in KINDS.items():
        for level in LEVELS:
            wrong = sum(answer["verdict"] != "allow" for answer in verdicts(automod, everyday, arguments, level))
            answers = verdicts(automod, hostile, arguments, level)
            found = [answer["verdict"] != "allow" for answer in answers]
            rows.append({"set": of, "by": kind, "level": level, "everyday": len(everyday), "held": wrong, "false_hold_share": share(wrong, len(everyday)),
                         "hostile": len(hostile), "found": sum(found), "recall": share(sum(found), len(hostile)), "precision": share(sum(found), sum(found) + wrong)})
            if level != DEFAULT:
                continue
            for category in sorted({category for category, _ in hostile}):
                these = [number for number, line in enumerate(hostile) if line[0] == category]
                said = [number for number, answer in enumerate(answers) if found[number] and answer["category"] == category]
                rows.append({"set": of, "by": kind, "level": level, "category": category, "lines": len(these), "found": sum(found[number] for number in these),
                             "recall": share(sum(found[number] for number in these), len(these)),
                             "named_so": share(sum(hostile[number][0] == category for number in said), len(said))})
    return rows


def main():
    from machine import machine
    automod = pathlib.Path(sys.argv[1]) / "bin" / "automod"
    rows = [machine(), *(row for of in SETS for row in measured(automod, of))]
    RESULTS.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for row in rows:
        print(json.dumps(row))


if __name__ == "__main__":
    main()
