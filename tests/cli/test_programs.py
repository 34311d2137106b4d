"""What all programs share: --help, --version, man page, completions; none disagree. And what `make install` installs."""
import json
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
BUILD = pathlib.Path(os.environ["SLUICE_BUILD"])
GENERATED = BUILD / "generated"


def programs():
    """(name, section) of every program in the one list."""
    listed = re.findall(r"^sluice_(?:program|pages)\((\w+) (\d)", (ROOT / "cmd/programs.cmake").read_text(), re.M)
    assert listed
    return listed


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def table(name):
    return json.loads(run(BUILD / "bin" / name, "--options-json").stdout)


def all_options(options):
    rows = list(options["common"])
    for command in options["commands"]:
        rows += command["options"]
    return {row["name"]: row for row in rows}


@pytest.mark.parametrize("name,section", programs())
def test_help_and_version(name, section):
    said = run(BUILD / "bin" / name, "--help")
    assert said.returncode == 0 and said.stderr == ""
    assert said.stdout.startswith(f"usage: {name}")
    version = run(BUILD / "bin" / name, "--version")
    assert re.fullmatch(rf"{name} \d+\.\d+\.\d+\n", version.stdout) and version.stderr == ""
    wrong = run(BUILD / "bin" / name, "--no-such-option")
    assert wrong.returncode == 2 and wrong.stdout == "" and "--no-such-option" in wrong.stderr and "hint:" in wrong.stderr


@pytest.mark.parametrize("name,section", programs())
def test_help_man_page_and_completions_know_the_same_options(name, section):
    options = table(name)
    commands = [command["path"] for command in options["commands"]]
    helps = "".join(run(BUILD / "bin" / name, *path.split(), "--help").stdout for path in commands)
    man = (GENERATED / f"man/{name}.{section}").read_text()
    bash = (GENERATED / f"bash/{name}").read_text()
    zsh = (GENERATED / f"zsh/_{name}").read_text()
    fish = (GENERATED / f"fish/{name}.fish").read_text()
    for option, row in all_options(options).items():
        assert f"--{option}" in helps, f"--help lacks --{option}"
        assert f"Fl \\-{option}" in man, f"the man page lacks --{option}"
        assert re.search(rf"--{option}\b", bash), f"bash completion lacks --{option}"
        assert re.search(rf"--{option}[=\[]", zsh), f"zsh completion lacks --{option}"
        assert f" -l {option} " in fish, f"fish completion lacks --{option}"
        assert row["help"] and not row["help"].endswith("."), f"--{option} has a poor help text"
        described = man.split(".Sh OPTIONS", 1)[1].split(f"Fl \\-{option}", 1)[1].split("\n.It ", 1)[0]
        assert ("read again on SIGHUP" in described) == row.get("reloads", False), f"the man page on --{option} and SIGHUP"
    assert " ".join(helps.split()).count("; reloads") == sum(row.get("reloads", False) for row in all_options(options).values())
    shown = set(re.findall(r"(?<![\w-])(?<!automod )--([a-z][a-z0-9-]+)", helps)) - {"some-name"}
    assert shown <= set(all_options(options)) | {"log-level", "config"}, "--help shows options that are not in the table"


@pytest.mark.parametrize("name,section", programs())
def test_man_page_is_sound(name, section):
    page = GENERATED / f"man/{name}.{section}"
    lint = run("mandoc", "-T", "lint", "-W", "warning", page)
    complaints = [line for line in lint.stdout.splitlines() if "referenced manual not found" not in line]
    assert complaints == []
    text = page.read_text()
    for part in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"):
        assert f".Sh {part}\n" in text, f"no section {part}"


@pytest.mark.parametrize("name,section", programs())
def test_completions_load_in_their_shells(name, section):
    bash = run("bash", "-c", f"""source {GENERATED}/bash/{name}
        COMP_WORDS=({name} --hel); COMP_CWORD=1; {f'_sluice_complete_{name}'}; echo "${{COMPREPLY[@]}}" """)
    assert "--help" in bash.stdout.split() and bash.stderr == ""
    fish = run("fish", "--no-config", "-c", f"source {GENERATED}/fish/{name}.fish; complete -C '{name} --hel'")
    assert re.search(r"^--help\b", fish.stdout, re.M), fish.stderr
    assert run("zsh", "-n", f"{GENERATED}/zsh/_{name}").returncode == 0


def test_bad_output_is_an_error():
    with open("/dev/full", "w") as full:
        done = subprocess.run([BUILD / "bin/chanctl", "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "standard output" in done.stderr


def test_a_daemon_whose_folders_cannot_be_says_so_at_once(tmp_path):
    (tmp_path / "keys").write_text("a-key-of-twenty-letters alice\n")
    said = run(BUILD / "bin" / "ingestd", "--key-file", tmp_path / "keys", "--ledgers", "/proc/nowhere", "--rtmp-port", "0", "--srt-port", "0")
    assert said.returncode == 1 and "create directory /proc/nowhere" in said.stderr, said


def test_install_installs_each_program_with_its_page_and_completions_and_nothing_else(tmp_path):
    done = subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr/local"], env={**os.environ, "DESTDIR": str(tmp_path)},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    installed = {str(path.relative_to(tmp_path / "usr/local")) for path in tmp_path.rglob("*") if path.is_file()}
    expected = set()
    for name, section in programs():
        expected |= {f"bin/{name}", f"share/man/man{section}/{name}.{section}", f"share/bash-completion/completions/{name}",
                     f"share/zsh/site-functions/_{name}", f"share/fish/vendor_completions.d/{name}.fish"}
    expected |= {f"share/man/man5/{path.name}" for path in (ROOT / "man").glob("*.5")}
    expected |= {"libexec/sluice/segmenter-libav", "libexec/sluice/keep-sockets", "share/sluice/automod/words", "share/sluice/automod/model"}
    pages = {path for path in installed if path.startswith("share/sluice/pages/")}
    assert installed - pages == expected
    assert "share/sluice/pages/index.html" in pages or not pages


@pytest.mark.parametrize("script", sorted((ROOT / "cmd/sluice").glob("*.bash")), ids=lambda path: path.name)
def test_the_supervisor_is_shellcheck_clean(script):
    # Each file alone, save for names that another file of the script defines.
    done = run("shellcheck", "-e", "SC2034,SC2154", script)
    assert done.returncode == 0, done.stdout


def test_the_joined_supervisor_is_shellcheck_clean():
    done = run("shellcheck", BUILD / "bin/sluice")
    assert done.returncode == 0, done.stdout


def test_a_keeper_told_to_stop_just_before_it_rests_does_not_rest(tmp_path):
    """The word comes between the last look and read(1), which a signal before it does not end."""
    script = f"""
        . {ROOT}/cmd/sluice/keep.bash
        dir={tmp_path} stopping=
        mkdir "$dir/run" && mkfifo "$dir/run/quiet"
        eval "unhurried_$(declare -f pause)"
        pause() {{ kill -TERM $$; unhurried_pause "$@"; }}
        trap stopping=1 TERM
        rest 600
    """
    assert subprocess.run(["bash", "-c", script], timeout=60).returncode == 0


@pytest.mark.parametrize("first, told", [("exit 7", "75 died exit 7"), ("exec sleep 60", "137 died killed by signal 9")], ids=["already", "behind the other"])
def test_a_keeper_notices_the_end_of_both_processes_of_a_handover(tmp_path, first, told):
    """The one that runs has ended, and bash has forgotten it, before the end of the one that was to take over is seen; or ends just after it."""
    script = f"""
        . {ROOT}/cmd/sluice/keep.bash
        dir={tmp_path} name=ingestd restarts=0 stopping= killer= next= older=()
        mkdir "$dir/run" && mkfifo "$dir/run/go"
        gone() {{ while kill -0 "$1"; do :; done 2>"$dir/run/last"; }}
        launch() {{
          (read -r _ <"$dir/run/go"; exit 75) &
          next=$!
          ({first}) &
          launched=$!
          [[ "{first}" != exit* ]] || gone "$launched"
          echo >"$dir/run/go"
        }}
        pause() {{ kill -KILL "$pid" && gone "$pid"; }}
        run_once
        echo "$code $(cat "$dir/run/ingestd.upgrade")"
    """
    done = subprocess.run(["bash", "-c", script], timeout=60, capture_output=True, text=True)
    assert done.stdout == told + "\n", done
