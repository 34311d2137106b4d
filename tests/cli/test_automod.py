"""automod: lines in and out, word lists, another classifier behind it, and what its own reaches on templates that were held out."""
import collections
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time
import unicodedata

import pytest
from harness import program

TREE = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(TREE / "tests" / "bench"))
import automod_quality  # noqa: E402

DATA = TREE / "cmd" / "automod" / "data"
KEPT = TREE / "tests" / "bench" / "results" / "automod_quality.ndjson"


def judged(lines, *arguments, status=0):
    """(answers, standard error) for lines that are objects or bytes."""
    fed = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    done = subprocess.run([program("automod"), *map(str, arguments)], input=fed, capture_output=True, timeout=60)
    assert done.returncode == status, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()


def texts(*lines):
    return [{"id": number, "text": text} for number, text in enumerate(lines)]


class Running:
    """An automod that is asked line by line."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([program("automod"), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, bufsize=0)

    def ask(self, text, **more):
        self.process.stdin.write(json.dumps({"text": text, **more}).encode() + b"\n")
        self.process.stdin.flush()
        assert select.select([self.process.stdout], [], [], 20)[0], "no answer"
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.errors = self.process.stderr.read().decode()
        self.process.wait(timeout=20)


# ---- a room's words

def test_words_are_defined_once_and_named_by_messages():
    answers, _ = judged([{"id": 1, "define": "alice", "words": ["spoiler", "..."], "more": True},
                         {"id": 2, "define": "alice", "words": [{"pattern": "end(ing|s)", "action": "hold"}]},
                         {"id": 3, "text": "a spoiler", "words": "alice"}, {"id": 4, "text": "how it ends", "words": "alice"},
                         {"id": 5, "text": "a spoiler"}, {"id": 6, "text": "a spoiler", "words": "bob"},
                         {"id": 7, "define": "alice", "words": []}, {"id": 8, "text": "a spoiler", "words": "alice"}], status=1)
    assert [answer["id"] for answer in answers] == list(range(1, 9))
    assert answers[0] == {"id": 1, "defined": "alice", "entries": 1, "refused": 1, "why": answers[0]["why"]} and "..." in answers[0]["why"]
    assert answers[1]["entries"] == 2
    assert [answer.get("verdict") for answer in answers[2:6]] == ["block", "hold", "allow", None]
    assert answers[5]["error"] == answers[7]["error"].replace("alice", "bob") == "no words are defined as 'bob'"


# ---- lines

def test_each_line_has_its_answer_in_order():
    answers, errors = judged([*texts("hello", "you f.u.c.k", "lovely stream"), b"nonsense\n", b"\n", {"id": "x", "text": 7},
                              b'{"id":9,"text":"' + b"a" * 20000 + b'"}\n', b'{"id":"last","text":"\xff and no newline"}'], status=1)
    assert [answer.get("id") for answer in answers] == [0, 1, 2, None, None, "x", None, "last"]
    assert [answer.get("verdict", answer.get("error")) for answer in answers] == [
        "allow", "hold", "allow", "not a JSON object", "an empty line", "text must be a string", "longer than 16384 bytes", "allow"]
    assert [answer.get("line") for answer in answers] == [None, None, None, 4, 5, 6, 7, None]
    assert errors == ""
    assert judged([]) == ([], "")


def test_a_line_is_answered_before_more_is_waited_for():
    with Running() as automod:
        for number in range(20):
            assert automod.ask("hello", id=number)["id"] == number


def test_output_that_cannot_be_written_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program("automod")], input=b'{"text":"a"}\n', stdout=full, stderr=subprocess.PIPE, timeout=20)
    assert done.returncode == 1 and b"No space" in done.stderr


@pytest.mark.parametrize("level, verdict", [(0, "hold"), (2, "hold"), (3, "block"), (4, "block")])
def test_the_level_is_an_option_and_a_member(level, verdict):
    shout = {"text": "WHY IS EVERYBODY SHOUTING"}
    assert judged([shout], "--level", level)[0][0]["verdict"] == verdict
    assert judged([{**shout, "level": level}], "--level", 1)[0][0]["verdict"] == verdict


def test_links_but_to_permitted_domains_are_spam_and_moderators_are_exempt():
    lines = [{"text": "see http://example.com/x"}, {"text": "see clips.example.org"}, {"text": "see example.com", "roles": ["moderator"]}]
    answers, _ = judged(lines, "--permit-domain", "Example.ORG")
    assert [answer["reason"] for answer in answers] == ["links", "none", "exempt"]
    assert [answer["reason"] for answer in judged(lines, "--exempt", "vip", "--permit-domain", "*")[0]] == ["none"] * 3


def test_explain_tells_everything_that_was_found():
    [answer], _ = judged(texts("Sh!t THIS IS ALL SO LOUD HTTP://X.COM"), "--explain", "--model", "none")
    assert [finding["reason"] for finding in answer["findings"]] == ["phrase", "capitals", "links"]
    assert answer["findings"][0]["detail"] == "shit" and answer["where"] == [[0, 4]]
    assert answer["folded"].startswith("sh!t this is")


# ---- lists

def test_lists_replace_the_one_that_comes_along_or_add_to_it(tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("# of ours\nblock spoiler the butler did it\nallow spoiler did the butler do it\n")
    lines = texts("The Butler did it!", "fuck")
    assert [answer["category"] for answer in judged(lines, "--words", mine, "--model", "none")[0]] == ["spoiler", ""]
    assert [answer["category"] for answer in judged(lines, "--words", mine, "--words", "default", "--model", "none")[0]] == ["spoiler", "swearing"]


@pytest.mark.parametrize("content, told", [("ok\nblock X y\n", "line 2"), ("/(/\n", "RE2"), ("...\n", "nothing is left")])
def test_a_list_that_is_wrong_is_told_before_anything_is_judged(tmp_path, content, told):
    (tmp_path / "list").write_text(content)
    answers, errors = judged(texts("a"), "--words", tmp_path / "list", status=2)
    assert answers == [] and told in errors and "list" in errors
    assert "No such file" in judged([], "--words", tmp_path / "none", status=2)[1]
    assert "no model" in judged([], "--model", tmp_path / "list", status=2)[1]


def test_lists_are_read_again_at_sighup_and_stay_when_they_are_wrong(tmp_path):
    (tmp_path / "list").write_text("one\n")

    def until(automod, text, verdict):
        for _ in range(1000):
            if automod.ask(text)["verdict"] == verdict:
                return True

    with Running("--words", tmp_path / "list", "--model", "none") as automod:
        assert automod.ask("one")["verdict"] == "block"
        (tmp_path / "list").write_text("two\n")
        automod.process.send_signal(signal.SIGHUP)
        assert until(automod, "two", "block")
        assert automod.ask("one")["verdict"] == "allow"
        (tmp_path / "list").write_text("block Y z\n")
        automod.process.send_signal(signal.SIGHUP)
        for _ in range(2):  # what was read well before, and what was not
            assert select.select([automod.process.stderr], [], [], 20)[0]
            told = automod.process.stderr.readline()
        assert automod.ask("two")["verdict"] == "block"
    assert automod.process.returncode == 0
    assert b"stay as they were" in told


def test_the_list_that_comes_along_is_sound():
    entries = [line for line in (DATA / "words").read_text().splitlines() if line and not line.startswith("#")]
    assert 100 <= len(entries) <= 300 and len(set(entries)) == len(entries)
    assert {line.split()[0] for line in entries} == {"block", "hold", "allow"}
    for line in entries:
        action, _, phrase = line.split(" ", 2)
        if not phrase.startswith("/"):
            assert judged(texts(phrase), "--model", "none")[0][0]["verdict"] == action, line


@pytest.mark.parametrize("innocent", ["Scunthorpe United", "the assassin class passes grass", "cockpit and peacock", "my Galaxy A55", "Dickens wrote it",
                                      "a shiitake mushroom", "therapist", "Essex and Sussex", "button mashing", "analysis of the canal", "Moby Dick",
                                      "pen.is on the table", "as soon as it hits", "bad ass play", "the Maine Coon is asleep", "raccoon", "3 of 5 as 455"])
def test_innocent_lines_are_not_in_the_list(innocent):
    assert judged(texts(innocent), "--model", "none")[0][0]["verdict"] == "allow"


@pytest.mark.parametrize("disguised, plain", [("FUCК", "fuck"), ("fucк", "fuck"), ("SHIТ", "shit"), ("ВITCH", "bitch"), ("ΒITCΗ", "bitch"), ("SΗIΤ", "shit")])
def test_letters_of_other_scripts_hide_nothing(disguised, plain):  # FUC and a Cyrillic Ka
    answers = judged(texts(f"well {disguised} this", f"well {plain} this"), "--model", "none")[0]
    assert answers[0]["verdict"] == answers[1]["verdict"] != "allow"


@pytest.mark.parametrize("foreign", ["нет, вот так не надо", "кот спит на скамье, мост и ток", "нате вам компот", "рот, нос, сок и томат", "Хорошо сыграно, молодец",
                                     "ти мій кумир", "Μην το χάσεις", "το ΒΗΜΑ και η ΕΡΤ", "τι ώρα είναι, Ζήση;"])
def test_everyday_lines_of_other_scripts_pass(foreign):
    assert judged(texts(foreign))[0][0]["verdict"] == "allow"


# ---- replay

def test_diff_prints_what_would_be_another_verdict_now():
    lines = [{"id": 1, "text": "hello", "verdict": "allow"}, {"id": 2, "text": "ALL OF THIS IS SHOUTED", "verdict": "hold"},
             {"id": 3, "text": "hello", "verdict": {"verdict": "block"}}, {"id": 4, "text": "fuck"}]
    answers, errors = judged(lines, "--diff", "--level", 3, "--summary")
    assert [(answer["id"], answer["was"], answer["verdict"]) for answer in answers] == [(2, "hold", "block"), (3, "block", "allow"), (4, "allow", "block")]
    assert errors.startswith("4 messages, 2 allow, 2 block; 3 differ, 0 bad lines; p50 ")
    counted = json.loads(judged(lines, "--summary", "--json")[1])
    assert counted["messages"] == 4 and counted["verdicts"] == {"allow": 2, "hold": 2} and counted["different"] == 2


# ---- another classifier

def command(tmp_path, body):
    """A classifier whose `answer(message)` is that body."""
    script = tmp_path / "classify.py"
    script.write_text("import json, os, sys, time\n"
                      "for line in sys.stdin:\n"
                      "    message = json.loads(line)\n"
                      "    text = message['text']\n"
                      "    answer = {'id': message.get('id')}\n"
                      + "".join(f"    {line}\n" for line in body.splitlines())
                      + "    print(json.dumps(answer), flush=True)\n")
    return f"exec {sys.executable} {script}"


def test_a_command_gives_scores_or_verdicts_in_place_of_the_model(tmp_path):
    runs = command(tmp_path, "answer['category'] = 'sex'\n"
                             "if text == 'score': answer['score'] = 0.75\n"
                             "elif text == 'verdict': answer.update(verdict='block', where=[[0, 3]])\n"
                             "else: answer['verdict'] = 'allow'")
    answers, errors = judged(texts("score", "verdict", "kill yourself", "fine", "score"), "--exec", runs, "--deadline", "20s")
    assert [answer["reason"] for answer in answers] == ["toxicity", "command", "phrase", "none", "toxicity"]
    assert [answer["verdict"] for answer in answers] == ["hold", "block", "block", "allow", "hold"]
    assert answers[0]["score"] == 0.75 and answers[1]["where"] == [[0, 3]] and errors == ""
    assert judged(texts("score"), "--exec", runs, "--deadline", "20s", "--level", 0)[0][0]["verdict"] == "allow"


@pytest.mark.parametrize("nothing", ["", " ", "\t\n"])
def test_a_command_that_says_nothing_is_wrong_usage(nothing):
    answers, errors = judged(texts("hello"), "--exec", nothing, status=2)
    assert answers == [] and "--exec: it is blank" in errors


def test_automod_may_stand_behind_automod():
    answers, _ = judged(texts("hello", "you are so pathetic, nobody wants you here"), "--exec", f"exec {program('automod')}", "--deadline", "20s")
    assert [answer["verdict"] for answer in answers] == ["allow", "hold"]


@pytest.mark.parametrize("at_deadline", ["hold", "allow"])
def test_at_the_deadline_the_verdict_is_a_setting_and_a_late_answer_is_nobody_elses(tmp_path, at_deadline):
    fifo = tmp_path / "go"
    os.mkfifo(fifo)
    runs = command(tmp_path, f"if text == 'slow': open('{fifo}').read()\n"
                             "answer['score'] = 1 if text == 'bad' or text == 'slow' else 0")
    with Running("--exec", runs, "--deadline", "300ms", "--at-deadline", at_deadline) as automod:
        while automod.ask("warm up")["reason"] == "deadline":
            pass
        late = automod.ask("slow", id=1)
        assert (late["verdict"], late["reason"]) == (at_deadline, "deadline")
        fifo.write_text("")
        answer = automod.ask("fine", id=2)
        while answer["reason"] == "deadline":
            answer = automod.ask("fine", id=2)
        assert answer["verdict"] == "allow" and answer["score"] == 0
        answer = automod.ask("bad", id=3)
        while answer["reason"] == "deadline":  # a busy machine's
            answer = automod.ask("bad", id=3)
        assert answer["reason"] == "toxicity"
    assert "replaced" not in automod.errors


@pytest.mark.parametrize("body, why", [("if text == 'die': os._exit(3)\nanswer['score'] = 0", "it has ended"),
                                       ("answer['score'] = 0\nif text == 'die': answer = [1]", "no JSON object"),
                                       ("answer['score'] = 0\nif text == 'die': answer['id'] = 'another'", "out of turn")])
def test_a_command_that_dies_or_lies_is_replaced(tmp_path, body, why):
    with Running("--exec", command(tmp_path, body), "--deadline", "20s") as automod:
        assert automod.ask("fine", id=0)["reason"] == "none"
        assert automod.ask("die", id=1)["reason"] == "deadline"
        answer, asked = automod.ask("fine", id=2), 0
        while answer["reason"] == "deadline":  # until a second is over
            answer, asked = automod.ask("fine", id=2), asked + 1
        assert answer["reason"] == "none"
    assert why in automod.errors and automod.errors.count("replaced") == 1


@pytest.mark.parametrize("size, lines, why", [(16000, 8, "it takes no more lines"), (10, 80, "it is too far behind")])
def test_a_command_that_hangs_is_replaced(tmp_path, size, lines, why):
    runs = command(tmp_path, "if text != 'warm': time.sleep(1000)\nanswer['score'] = 0")
    answers, errors = judged(texts("warm", *["lovely "[number % 7] + " a" * (size // 2) for number in range(lines)]), "--exec", runs, "--deadline", "20ms",
                             "--exec-wait", "20s", "--at-deadline", "allow", "--words", "/dev/null")
    assert answers[0]["reason"] == "none"
    assert len(answers) == 1 + lines and {answer["reason"] for answer in answers[1:]} <= {"deadline", "repetition"}
    assert why in errors


class Loading:
    """A command that loads until load() is called, which waits until it has been started."""

    def __init__(self, directory, says=""):
        self.fifo, self.log = directory / "go", directory / "starts"
        os.mkfifo(self.fifo)
        self.log.touch()
        runs = command(directory, "answer['score'] = 1 if text == 'bad' else 0")
        self.runs = f"echo s >>{self.log}; cat {self.fifo} >/dev/null; {says}{runs}"

    def load(self):
        self.fifo.write_text("")

    def starts(self):
        return self.log.read_text().count("s")


def until(automod, done, what):
    end = time.monotonic() + 20
    while not done(automod.ask("fine")):
        assert time.monotonic() < end, what


def test_a_command_that_loads_is_left_to_load_and_is_asked_nothing_meanwhile(tmp_path):
    loading = Loading(tmp_path)
    with Running("--exec", loading.runs, "--deadline", "10ms", "--exec-wait", "0s", "--explain") as automod:
        for number in range(300):
            answer = automod.ask("bad", id=number)
            assert (answer["id"], answer["verdict"], answer["reason"], answer["findings"][0]["detail"]) == (number, "hold", "deadline", "loading")
        loading.load()
        until(automod, lambda answer: answer["reason"] == "none", "it is never asked again")
        until(automod, lambda _: automod.ask("bad")["reason"] == "toxicity", "it is not judged")
        assert loading.starts() == 1
    assert "is loading" in automod.errors and "has loaded" in automod.errors and "replaced" not in automod.errors


def test_the_first_message_waits_for_a_command_that_loads(tmp_path):
    loading = Loading(tmp_path)
    with Running("--exec", loading.runs, "--deadline", "1ms", "--exec-wait", "20s") as automod:
        automod.process.stdin.write(b'{"id":1,"text":"bad"}\n')
        loading.load()
        assert json.loads(automod.process.stdout.readline())["reason"] == "toxicity"


def test_a_command_that_never_loads_is_replaced_in_the_end(tmp_path):
    loading = Loading(tmp_path)
    with Running("--exec", loading.runs, "--deadline", "1ms", "--exec-wait", "0s", "--exec-start", "50ms") as automod:
        until(automod, lambda _: loading.starts() >= 2, "it is not replaced")
    assert "it has not loaded in time" in automod.errors


def test_what_a_loading_command_says_beside_its_answers_is_no_answer(tmp_path):
    loading = Loading(tmp_path, says="echo Loading weights; ")
    with Running("--exec", loading.runs, "--deadline", "1ms", "--exec-wait", "0s") as automod:
        assert automod.ask("fine")["reason"] == "deadline"
        loading.load()
        until(automod, lambda _: loading.starts() >= 2, "it is not replaced")
    assert "no JSON object: Loading weights" in automod.errors


def test_a_command_ends_with_automod(tmp_path):
    with Running("--exec", command(tmp_path, f"open('{tmp_path}/pid', 'w').write(str(os.getpid()))\nanswer['score'] = 0"), "--deadline", "20s") as automod:
        automod.ask("hello")
    pid = (tmp_path / "pid").read_text()
    assert not pathlib.Path(f"/proc/{pid}").exists()


# ---- the classifier

def train(*arguments):
    done = subprocess.run([program("automod"), "train", "--words", DATA / "words", "--kinds", DATA / "kinds", *map(str, arguments), *sorted(map(str, DATA.glob("*.templates")))],
                          capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [json.loads(row) for row in done.stdout.splitlines()]


def rows(found, of="own"):
    return {(row["by"], row["level"], row.get("category")): row for row in found if row.get("set") == of}


@pytest.mark.parametrize("of, categories, precision", [("own", 8, 0.9), ("others", 7, 0.8)])
def test_the_weights_that_come_along_reach_the_kept_figures(of, categories, precision):
    kept = rows(map(json.loads, KEPT.read_text().splitlines()), of)
    measured = rows(automod_quality.measured(program("automod"), of), of)
    assert measured.keys() == kept.keys() and len(kept) == 3 * (5 + categories)
    for key, row in kept.items():
        assert abs(measured[key]["recall"] - row["recall"]) < 0.03, key
        if "false_hold_share" in row:
            assert abs(measured[key]["false_hold_share"] - row["false_hold_share"]) < 0.002, key
            assert measured[key]["precision"] > precision, key


def test_the_manual_tells_the_kept_figures():
    """Of both sets: the lines by other hands are the ones to go by."""
    manual = (TREE / "man" / "automod.1.in").read_text()
    kept = [rows(map(json.loads, KEPT.read_text().splitlines()), of) for of in ("own", "others")]
    for level in range(5):
        figures = [f"{100 * row['false_hold_share']:.1f} % Ta {row['recall']:.2f} Ta {row['precision']:.2f}" for row in (found["both", level, None] for found in kept)]
        assert f".It {level} Ta {threshold(level)} Ta {' Ta '.join(figures)}\n" in manual, figures


def threshold(level):
    return (0.9, 0.8, 0.7, 0.6, 0.5)[level]


def test_training_prints_what_it_reaches_on_what_was_held_out_and_is_the_same_for_the_same_seed(tmp_path):
    told = train("--examples", 2, "--out", tmp_path / "one", "--measure", DATA / "held_out" / "dev.lines")
    assert {row["on"] for row in told if "on" in row} == {"held out in turn", "dev.lines"}
    for on, false_share, recall in (("held out in turn", 0.06, 0.3), ("dev.lines", 0.03, 0.45)):
        [row] = [row for row in told if row.get("on") == on and row["of"] == "toxic or not" and row["threshold"] == 0.7]
        assert row["false_share"] < false_share and row["recall"] > recall, row
    train("--examples", 2, "--out", tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    train("--examples", 2, "--seed", 2, "--out", tmp_path / "three")
    assert (tmp_path / "one").read_bytes() != (tmp_path / "three").read_bytes()
    assert judged(texts("you are so pathetic, nobody wants you here"), "--model", tmp_path / "one")[0][0]["verdict"] == "hold"
    assert (tmp_path / "one").stat().st_size < 1_500_000


def test_kinds_that_are_none_are_told(tmp_path):
    (tmp_path / "kinds").write_text("fine: word\nNo kind\n")
    done = subprocess.run([program("automod"), "train", "--kinds", tmp_path / "kinds", DATA / "talk.templates"], capture_output=True, text=True)
    assert done.returncode == 2 and "kinds: line 2" in done.stderr


def same(text):
    """What two lines have in common that differ in nothing that matters: case, marks, blanks, letters drawn out."""
    kept = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum() or c == " ")
    return re.sub(r"(.)\1+", r"\1", " ".join(kept.split())) or text.strip()


def pieces(text):
    return {f" {text} "[at:at + 3] for at in range(len(text))}


def near(text, by_piece):
    """The lines of which `text` has most of the pieces, and they of its. They lack three tenths of its pieces at most, so one of the rarest they have."""
    own = pieces(text)
    rarest = sorted(own, key=lambda piece: len(by_piece.get(piece, ())))[:len(own) * 3 // 10 + 1]
    candidates = {line for piece in rarest for line in by_piece.get(piece, ())}
    return [line for line in candidates if len(own & pieces(line)) >= 0.7 * len(own | pieces(line))]


def index(lines):
    by_piece = collections.defaultdict(list)
    for line in lines:
        for piece in pieces(line):
            by_piece[piece].append(line)
    return by_piece


def test_nothing_that_is_measured_on_was_learnt(tmp_path):
    held_out = {same(line.split(" ", 1)[1]) for path in (DATA / "held_out").glob("*.lines") for line in path.read_text().splitlines() if line and line[0] != "#"}
    assert len(held_out) > 1900
    assert near("you are so ugly", index(["you are so ugly lol", "she is so pretty"])) == ["you are so ugly lol"]
    by_piece = index(held_out)
    train("--examples", 4, "--list", tmp_path / "learnt", *(f"--measure={path}" for path in (DATA / "held_out").glob("*.lines")))
    learnt = {same(line.split(" ", 1)[1]) for line in (tmp_path / "learnt").read_text().splitlines()}
    assert len(learnt) > 10_000 and not learnt & held_out
    for path in DATA.glob("*.templates"):
        for line in path.read_text().splitlines():
            if not line or line[0] in "#@" or "{" in line:
                continue
            found = near(same(line.split(" ", 1)[1]), by_piece)
            assert not found, (path.name, line, found)
