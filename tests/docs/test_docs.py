"""Prose is tested: manual pages are clean, links lead somewhere, paths that are named exist, options that are shown are there."""
import functools
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import textwrap

import pytest

from harness import BUILD, program

TREE = pathlib.Path(__file__).parents[2]
PAGES = sorted((TREE / "man").glob("*.*"))
MARKDOWN = sorted(path for folder in (TREE, TREE / "examples", TREE / "tests" / "bench") for path in folder.glob("*.md"))
SCRIPTS = sorted((TREE / "examples").glob("*.sh"))
PROGRAMS = re.findall(r"^sluice_(?:program|pages)\((\w+) ", (TREE / "cmd" / "programs.cmake").read_text(), re.M)


def relative(path):
    return str(path.relative_to(TREE))


def name_and_section(page):
    stem = page.name.removesuffix(".in")
    return stem.rsplit(".", 1)


@functools.cache
def table(name):
    """A program's option table."""
    if not pathlib.Path(program(name)).exists():
        pytest.skip(f"{name} is not built")
    return json.loads(subprocess.run([program(name), "--options-json"], capture_output=True, check=True).stdout)


def option_names(name, command=None):
    """--name of each option of a program, or of one of its commands, and -x of its letters."""
    rows = list(table(name)["common"])
    for entry in table(name)["commands"]:
        if command is None or entry["path"] in ("", command):
            rows += entry["options"]
    return {"--" + row["name"] for row in rows} | {"-" + row["letter"] for row in rows if row.get("letter")}


# ---- manual pages

def made(page):
    """(mandoc, the page as it is installed)"""
    mandoc = shutil.which("mandoc")
    if not mandoc:
        pytest.skip("mandoc is not installed")
    if page.suffix == ".in":
        page = BUILD / "generated" / "man" / page.name.removesuffix(".in")
        if not page.exists():
            pytest.skip(f"{page.name} is not made")
    return mandoc, page


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_a_manual_page_fits_a_terminal(page):
    """Indented by a width that was meant as a text, a list began beyond the right edge."""
    mandoc, page = made(page)
    shown = subprocess.run([mandoc, "-T", "utf8", "-O", "width=80", str(page)], capture_output=True, text=True, check=True).stdout
    lines = re.sub(".\b", "", shown).splitlines()[1:-1]  # but the header and the footer
    assert [line for line in lines if len(line) - len(line.lstrip()) > 60] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_a_manual_page_is_clean(page):
    mandoc, page = made(page)
    done = subprocess.run([mandoc, "-T", "lint", "-W", "warning", str(page)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_a_manual_page_names_itself_as_its_file_does(page):
    name, section = name_and_section(page)
    text = page.read_text()
    assert f"\n.Dt {name.upper()} {section}\n" in text
    assert f"\n.Nm {name}\n" in text


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_our_pages_refer_to_our_pages_by_their_sections(page):
    sections = dict(name_and_section(other) for other in PAGES)
    for name, section in re.findall(r"^\.Xr (\S+) (\d)", page.read_text(), re.M):
        if name in sections or name.startswith("sluice"):
            assert sections.get(name) == section, f"{name}({section})"


@pytest.mark.parametrize("page", [page for page in PAGES if page.suffix == ".in"], ids=relative)
def test_a_manual_page_of_a_program_is_whole(page):
    name, _ = name_and_section(page)
    text = page.read_text()
    assert name in PROGRAMS
    assert "\n@OPTIONS@\n" in text
    headings = [heading.strip('"') for heading in re.findall(r"^\.Sh (.*)", text, re.M)]
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"):
        assert heading in headings


@pytest.mark.parametrize("page", [page for page in PAGES if page.suffix == ".in"], ids=relative)
def test_options_in_the_prose_exist(page):
    name, _ = name_and_section(page)
    named = re.findall(r"\bFl \\-([a-z][a-z0-9-]*)", page.read_text().replace("\\-", "-").replace("Fl -", "Fl \\-"))
    of_others = {"modctl": {"diff", "words", "model"}}  # in a pipeline's prose
    assert {"--" + option for option in set(named) - of_others.get(name, set())} <= option_names(name)


EXITS = {"0", "1", "2", "75", "130"}  # lib/app/run.hpp


@pytest.mark.parametrize("page", [page for page in PAGES if page.suffix == ".in"], ids=relative)
def test_exit_codes_are_those_of_the_one_table(page):
    section = re.search(r"^\.Sh EXIT STATUS\n(.*?)^\.Sh ", page.read_text(), re.M | re.S)[1]
    codes = re.findall(r"^\.It (\S+)$", section, re.M)
    assert set(codes) <= EXITS and {"0", "1", "2"} <= set(codes)
    assert codes == sorted(codes, key=int)
    if name_and_section(page)[1] == "8":
        assert set(codes) == EXITS
        assert "a port is taken" in section


def test_every_slash_command_is_described():
    """And no other: the table is what chatd reads."""
    table = (TREE / "lib/chat/command_rules.cpp").read_text()
    words = set(re.findall(r'CommandRule\{"(\w+)"', table))
    section = (TREE / "man/chatd.8.in").read_text().split(".Sh MODERATION")[1].split(".Sh ")[0]
    assert len(words) > 20 and set(re.findall(r"^\.It Li /(\w+)", section, re.M)) == words


def test_every_error_code_of_the_chat_protocol_is_described():
    """And no other: pages are told no code that is not in the enumeration."""
    header = (TREE / "lib/chat/error_code.hpp").read_text()
    codes = re.findall(r"^  (\w+),$", re.search(r"enum class ErrorCode[^{]*\{(.*?)^\};", header, re.M | re.S)[1], re.M)
    names = (TREE / "lib/chat/error_code.cpp").read_text()
    assert re.findall(r'"(\w+)"', names.split("names{")[1].split("};")[0]) == codes
    section = (TREE / "man/sluice-chat.5").read_text().split(".Sh ERROR CODES")[1].split(".Sh ")[0]
    described = [code for item in re.findall(r"^\.It Cm (.*)$", section, re.M) for code in item.split(" , ")]
    assert len(codes) > 25 and sorted(described) == sorted(codes)


def test_absent_slash_commands_are_described():
    table = (TREE / "lib/chat/absent_commands.cpp").read_text()
    words = re.findall(r'AbsentCommand\{"(\w+)"', table)
    section = (TREE / "man/chatd.8.in").read_text().split(".Sh MODERATION")[1].split(".Sh ")[0]
    described = re.search(r"^Of Twitch's\n(.*?)^are answered", section, re.M | re.S)[1]
    assert words and re.findall(r"/(\w+)", described) == words


def test_every_event_is_described():
    sources = "".join(path.read_text() for folder in ("lib", "cmd") for path in sorted((TREE / folder).rglob("*.cpp")))
    emitted = set(re.findall(r'\bemit\("([a-z_.]+)"', sources)) | set(re.findall(r'\btell\([^;]*"(channel\.[a-z_.]+)"', sources))
    emitted |= {"channel.raid"}  # read by chatd; what emits it is not there yet
    described = set(re.findall(r"^\.It Li ([a-z_.]+)$", (TREE / "man" / "sluice-events.5").read_text(), re.M))
    assert "stream.online" in emitted
    assert emitted == described


# ---- command lines in examples

def shell_text(path):
    """What a shell reads: a script, the literal lines and blocks of a page, the code of a Markdown file."""
    text = path.read_text()
    if path.suffix == ".md":
        fenced = re.findall(r"^```(?:sh|bash|console)?\n(.*?)^```", text, re.M | re.S)
        indented = re.findall(r"(?:(?<=\n\n)|\A)((?: {4}[^\n]*\n)+)", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
        code = fenced + [textwrap.dedent(block) for block in indented]
        return "\n".join(block for block in code if "─" not in block)  # that is a drawing
    if path in PAGES:
        literal = re.findall(r"^\.Dl (.*)", text, re.M)
        literal += re.findall(r"^\.Bd[^\n]*\n(.*?)^\.Ed", text.partition("\n.Sh EXAMPLES\n")[2], re.M | re.S)
        return "\n".join(literal).replace("\\-", "-").replace("\\e", "\\").replace("\\&", "")
    return text


def invocations(text):
    """(program, words after it) of each simple command that runs one of our programs."""
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(?<!\S)\d(?=[<>])", "", line)  # the descriptor of 2>
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;()<>")
        lexer.whitespace_split = True
        lexer.commenters = "#"
        try:
            words = list(lexer)
        except ValueError:  # a quotation that goes over several lines
            words = line.split()
        name, arguments, redirected = None, [], False
        for word in [*words, "|"]:
            base = word.rsplit("/", 1)[-1]
            if redirected:
                redirected = False
            elif word in ("<", ">", ">>", ">&", "<>"):
                redirected = True
            elif set(word) <= set("|&;()<>") or word in ("do", "then", "--") or (name is None and base not in PROGRAMS):
                if name:
                    yield name, arguments
                name, arguments = None, []
            elif name is None:
                name = base
            else:
                arguments.append(word)


@pytest.mark.parametrize("path", PAGES + MARKDOWN + SCRIPTS, ids=relative)
def test_options_in_examples_exist(path):
    wrong = []
    for name, arguments in invocations(shell_text(path)):
        commands = sorted((entry["path"] for entry in table(name)["commands"] if entry["path"]), key=len, reverse=True)
        words = " ".join(word for word in arguments if not word.startswith("-")) + " "
        command = next((path for path in commands if words.startswith(path + " ")), None)
        known = option_names(name, command)
        for word in arguments:
            option = word.split("=", 1)[0]
            if re.fullmatch(r"--[a-z][a-z-]*|-[a-z]", option) and option not in known:
                wrong.append(f"{name} {command or ''}: {option}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", PAGES + MARKDOWN + SCRIPTS, ids=relative)
def test_commands_in_examples_are_taken_by_their_programs(path, tmp_path):
    """Each program's own parser reads the command: it prints the configuration that would hold instead of running."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
    wrong = []
    for name, arguments in invocations(shell_text(path)):
        if not pathlib.Path(program(name)).exists():
            pytest.skip(f"{name} is not built")
        # What the shell would put in place of a variable; the numbers are ports and descriptors.
        words = [re.sub(r"\$\{?\w+\}?|\$\(\(?.*", "4000", word) for word in arguments]
        done = subprocess.run([program(name), *words, "--print-config"], capture_output=True, text=True, timeout=30,
                              cwd=tmp_path, env={**surroundings, "SLUICE_DIR": str(tmp_path)})
        if done.returncode != 0 or done.stderr:
            wrong.append(f"{name} {' '.join(arguments)}: {done.returncode}, {done.stderr}")
    assert not wrong, "\n".join(wrong)


def test_command_lines_are_recognised():
    text = "a=1 chanctl --dir D user add x --display 'A B' | chanctl token revoke\nbuild/bin/sluice up --demo # --not\nhlslint out 2>x --json >y | cat\n"
    assert list(invocations(text)) == [("chanctl", ["--dir", "D", "user", "add", "x", "--display", "A B"]),
                                       ("chanctl", ["token", "revoke"]), ("sluice", ["up", "--demo"]), ("hlslint", ["out", "--json"])]


# ---- Markdown

def anchors(path):
    """The anchors that GitHub gives to a file's headings."""
    headings = re.findall(r"^#+ +(.*)", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", MARKDOWN, ids=relative)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), target


@pytest.mark.parametrize("path", MARKDOWN, ids=relative)
def test_paths_that_are_named_exist(path):
    named = re.findall(r"`((?:lib|cmd|man|tests|examples|completions)/[\w./-]*)`", path.read_text())
    missing = [name for name in named if not (TREE / name).exists() and not (path.parent / name).exists()]
    assert not missing
