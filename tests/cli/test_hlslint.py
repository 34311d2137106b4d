"""hlslint: every rule's fixture gives exactly that finding, and the table of rules holds together."""
import json
import os
import pathlib
import re
import subprocess

import pytest
from harness import program

FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures" / "hlslint"
FOLDERS = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


def hlslint(*arguments):
    done = subprocess.run([program("hlslint"), *arguments], capture_output=True, text=True, timeout=60)
    assert done.stderr == "", done.stderr
    return done.returncode, done.stdout


def rules():
    status, out = hlslint("--rules", "--json")
    assert status == 0
    return [json.loads(line) for line in out.splitlines()]


APPLE_ONLY = {"several-bit-rates", "cellular-variant", "i-frame-variant"}  # rules that hold with --apple


def findings(name, *options):
    status, out = hlslint("--json", *options, str(FIXTURES / name))
    found = [json.loads(line)["rule"] for line in out.splitlines()]
    assert status == (1 if found else 0)
    return found


@pytest.mark.parametrize("name", FOLDERS)
def test_a_fixture_gives_its_finding_and_no_other(name):
    assert findings(name) == ([] if name.startswith("clean-") or name in APPLE_ONLY else [name.partition(".")[0]])


@pytest.mark.parametrize("name", sorted(APPLE_ONLY | {"clean-apple"}))
def test_what_apple_demands_of_variants_is_judged_when_asked_for(name):
    assert findings(name, "--apple") == ([] if name == "clean-apple" else [name])
    assert {rule["rule"] for rule in rules() if rule.get("option") == "--apple"} == APPLE_ONLY


def test_every_checked_rule_has_its_fixture_and_every_other_its_reason():
    for rule in rules():
        if rule.get("fixture", "").startswith("tests/flow/"):
            assert rule["rule"] not in FOLDERS  # flow/test_hlslint_broken.py has them
        elif rule["checked"]:
            assert rule["rule"] in FOLDERS
            assert rule["fixture"] == f"tests/fixtures/hlslint/{rule['rule']}"
        else:
            assert len(rule["reason"]) > 10
            assert rule["rule"] not in FOLDERS


def test_rules_are_named_once_and_say_where_they_are_written():
    names = [rule["rule"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["severity"] in ("MUST", "SHOULD")
        assert rule["document"] in ("8216bis", "apple", "house")
        assert rule["edition"].startswith({"8216bis": "draft-pantos-hls-rfc8216bis-", "apple": "HLS Authoring Specification", "house": "what Sluice"}[rule["document"]])
        assert rule["document"] == "house" or re.fullmatch(r"B?[\d.]+", rule["paragraph"]), rule
        assert rule["paragraph"] and rule["text"]


def manual_section():
    """RULES of the manual page, as the table has it."""
    lines = [".Sh RULES", "Those that are checked:", ".Bl -tag -width 3n -compact"]
    table = rules()
    for rule in (rule for rule in table if rule["checked"]):
        of_url = " (--apple)" if "option" in rule else " (URL)" if rule["fixture"].startswith("tests/flow/") else ""
        lines += [f".It {rule['rule']}", f"{rule['severity']}, {rule['document']} {rule['paragraph']}{of_url}: {rule['text']}"]
    lines += [".El", ".Pp", "Those that are not, and why:", ".Bl -tag -width 3n -compact"]
    for rule in (rule for rule in table if not rule["checked"]):
        lines += [f".It {rule['rule']}", f"{rule['severity']}, {rule['document']} {rule['paragraph']}: {rule['text']}.", f"Not checked: {rule['reason']}"]
    return "\n".join([*lines, ".El", ""])


def test_the_manual_page_lists_the_rules_of_the_table():
    # to bring the page up to date, put manual_section() in the place of its section
    page = (pathlib.Path(__file__).parents[2] / "man" / "hlslint.1.in").read_text()
    assert manual_section() in page


def test_rules_and_findings_name_the_draft_that_paragraphs_are_of():
    status, out = hlslint("--rules")
    assert status == 0 and out.startswith("# 8216bis: draft-pantos-hls-rfc8216bis-22\n# apple: ")
    _, out = hlslint("--json", str(FIXTURES / "part-short"))
    assert json.loads(out)["edition"] == "draft-pantos-hls-rfc8216bis-22"
    page = (pathlib.Path(__file__).parents[2] / "man" / "hlslint.1.in").read_text()
    assert "draft-pantos-hls-rfc8216bis-22" in page


def test_a_playlist_file_is_judged_with_what_it_names():
    status, out = hlslint(str(FIXTURES / "part-short" / "video" / "playlist.m3u8"))
    assert status == 1 and out.startswith(f"{FIXTURES}/part-short/video/playlist.m3u8:43: MUST part-short: ") and out.count("\n") == 1
    master = str(FIXTURES / "media-missing" / "master.m3u8")
    _, out = hlslint("--json", master)
    assert [(row["rule"], row["where"], row["directory"]) for row in map(json.loads, out.splitlines())] == [("media-missing", "video/1.2.m4s", str(FIXTURES / "media-missing"))]
    assert hlslint("--json", str(FIXTURES / "update-target-changed" / "whole.m3u8"))[1].count('"rule":"update-target-changed"') == 1  # by the version before
    assert hlslint(str(FIXTURES / "clean-media" / "master.m3u8")) == (0, "")
    assert hlslint(str(FIXTURES / "media-playlist-named" / "master.m3u8"))[1].count("\n") == 1  # what the other one names is there
    assert subprocess.run([program("hlslint"), "master.m3u8"], cwd=FIXTURES / "clean-media", capture_output=True, timeout=60).returncode == 0


@pytest.mark.parametrize("arguments, told", [
    (["ftp://127.0.0.1/a.m3u8"], "ftp is not spoken: ftp://127.0.0.1/a.m3u8"),
    (["--rules", "EXTRA"], "--rules lists rules, and checks nothing: EXTRA"),
])
def test_wrong_usage_is_told(arguments, told):
    done = subprocess.run([program("hlslint"), *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and told in done.stderr and not done.stdout


@pytest.mark.parametrize("url", ["http:///x.m3u8", "https://", "http://:80/x.m3u8", "http://user@/x.m3u8", "http://?x"])
def test_a_url_without_a_host_is_wrong_usage(url):
    done = subprocess.run([program("hlslint"), url], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and f"there is no host in {url}\n" in done.stderr and not done.stdout


def test_certificates_that_are_none_are_wrong_configuration(tmp_path):
    (tmp_path / "words.pem").write_text("no certificate\n")
    for name, told in (("nothing.pem", "No such file"), ("words.pem", "holds no certificate")):
        done = subprocess.run([program("hlslint"), "--ca-file", str(tmp_path / name), "https://127.0.0.1:1/x.m3u8"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and told in done.stderr and str(tmp_path / name) in done.stderr and not done.stdout, name


def test_a_finding_in_text_names_the_place_the_rule_and_its_source():
    _, out = hlslint(str(FIXTURES / "part-short"))
    assert out == (f"{FIXTURES}/part-short/video/playlist.m3u8:43: MUST part-short: it lasts 0.4 s, "
                   "85 % of the part target is 0.453334 s (8216bis 4.4.4.9)\n")


def test_what_cannot_be_read_is_an_error_with_a_hint(tmp_path):
    for arguments, status in (((), 2), ((str(tmp_path),), 1), ((str(tmp_path / "nothing"),), 1), (("http://127.0.0.1:1/x.m3u8",), 75)):
        done = subprocess.run([program("hlslint"), *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == status
        assert done.stderr and not done.stdout


@pytest.mark.parametrize("command", [["hlslint"], ["segmenter", "--finish"]])
def test_a_folder_that_cannot_even_be_asked_for_is_an_error_like_others(tmp_path, command):
    done = subprocess.run([program(command[0]), *command[1:], str(tmp_path / ("x" * 300))], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "File name too long" in done.stderr and "report it" not in done.stderr, done


def test_files_cannot_be_watched(tmp_path):
    folder = str(FIXTURES / "clean-apple")
    done = subprocess.run([program("hlslint"), "--watch", "3s", folder], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "") and f"--watch follows URLs, and none is given: {folder}" in done.stderr
    (tmp_path / "hlslint.conf").write_text("watch = 3s\n")  # for the URLs that come
    assert hlslint("--config", str(tmp_path), folder) == (0, "")


def test_a_stream_torn_in_its_first_segment_has_parts_to_look_at_and_no_recording(tmp_path):
    ledger = tmp_path / "ledger"
    made = subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=30:duration=1.3", "-f", "lavfi", "-i",
                           "sine=sample_rate=48000:duration=1.3", "-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-bf", "0", "-c:a", "aac",
                           "-f", "flv", "-"], capture_output=True, check=True)
    # Fed by somebody who never says that the stream has ended, as a kill leaves it.
    subprocess.run([program("segmenter"), str(ledger)], input=made.stdout, env={**os.environ, "SLUICE_FED": "1"}, check=True, capture_output=True)
    assert "\nE " not in (ledger / "index").read_text() and (ledger / "index").read_text().count("\nP ") >= 4
    assert hlslint(str(ledger)) == (0, "")
