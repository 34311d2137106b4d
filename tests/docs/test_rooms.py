"""Arrows point down only: every #include under lib/ and cmd/ against the tables of lib/rooms.cmake and cmd/programs.cmake."""
import pathlib
import re

import pytest

TREE = pathlib.Path(__file__).parents[2]

# A C or C++ library that is wrapped: its headers appear in these rooms only.
WRAPPED = {
    "sqlite3.h": {"sqlite"},
    "boost/asio": {"net"},
    "boost/beast": {"http"},
    "boost/process": {"os"},
    "openssl/": {"crypto", "net"},
    "libav": {"ffmpeg"},
    "libsw": {"ffmpeg"},
    "prometheus/": {"metrics"},
    "spdlog/": {"log"},
    "CLI/": {"app"},
    "zlib.h": {"http"},
    "curl/curl.h": {"curl"},
    "srt/": {"srt"},
    "hiredis": {"redis"},
    "libpq": {"pg"},
    "unicode/": {"automod", "icu"},
    "re2/": {"automod"},
}


def calls(file, function):
    """The arguments of each call of a CMake function at the start of a line."""
    text = re.sub(r"#.*", "", (TREE / file).read_text())
    return [call.split() for call in re.findall(rf"^{function}\(([^)]*)\)", text, re.M)]


def after(words, keyword, keywords):
    """The words between a keyword and the next one."""
    if keyword not in words:
        return []
    rest = words[words.index(keyword) + 1:]
    return rest[:next((i for i, word in enumerate(rest) if word in keywords), len(rest))]


ROOMS = {words[0]: after(words, "USES", {"LIBS"}) for words in calls("lib/rooms.cmake", "sluice_room")}
PROGRAMS = {words[0]: after(words, "ROOMS", {"LIBS"})
            for function in ("sluice_program", "sluice_other_half", "sluice_helper") for words in calls("cmd/programs.cmake", function)}


def below(rooms):
    """The rooms, and all that they stand on."""
    reached = set(rooms)
    for room in rooms:
        reached |= below(ROOMS[room])
    return reached


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".cpp", ".hpp", ".h"))


def includes(path):
    """(line, header, quoted) of each #include."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if match := re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line):
            yield f"{path.relative_to(TREE)}:{number}", match[1] or match[2], match[1] is not None


def test_the_tables_were_read():
    assert "base" in ROOMS and "chanctl" in PROGRAMS


def test_every_room_stands_on_rooms_above_it_in_the_table():
    seen = []
    for room, uses in ROOMS.items():
        assert set(uses) <= set(seen), f"{room} uses {set(uses) - set(seen)}, which the table names later or not at all"
        seen.append(room)


def test_every_folder_is_in_its_table():
    assert {path.name for path in (TREE / "lib").iterdir() if path.is_dir()} == set(ROOMS)
    programs = {path.name for path in (TREE / "cmd").iterdir() if path.is_dir() and any(path.glob("*.cpp"))}
    assert programs <= set(PROGRAMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_includes_only_what_it_may(room):
    wrong = []
    for path in sources(TREE / "lib" / room):
        for where, header, quoted in includes(path):
            if not quoted:
                continue
            if not (TREE / "lib" / header).exists():
                wrong.append(f"{where}: there is no lib/{header}")
            elif (other := header.split("/")[0]) != room and other not in ROOMS[room]:
                wrong.append(f"{where}: {room} may not include from {other}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_includes_only_what_it_links(name):
    allowed = below(["app", *PROGRAMS[name]])
    wrong = []
    for path in sources(TREE / "cmd" / name):
        for where, header, quoted in includes(path):
            if not quoted or (path.parent / header).exists():
                continue
            if not (TREE / "lib" / header).exists():
                wrong.append(f"{where}: there is neither cmd/{name}/{header} nor lib/{header}")
            elif header.split("/")[0] not in allowed:
                wrong.append(f"{where}: {name} does not link {header.split('/')[0]}")
    assert not wrong, "\n".join(wrong)


def test_a_wrapped_library_is_seen_in_its_room_only():
    wrong = []
    for path in sources(TREE / "lib") + sources(TREE / "cmd"):
        place = path.relative_to(TREE).parts
        for where, header, quoted in includes(path):
            for prefix, rooms in WRAPPED.items():
                if not quoted and header.startswith(prefix) and (place[0] != "lib" or place[1] not in rooms):
                    wrong.append(f"{where}: <{header}> belongs to {', '.join(sorted(rooms))}")
    assert not wrong, "\n".join(wrong)


SANS_IO = ("media", "rtmp", "mpegts", "irc", "chat", "platform", "nut", "automod")


def test_parsers_ask_no_clock_and_no_chance():
    """Time and randomness are passed in."""
    asked = re.compile(r"_clock::now\(|\bsystem_(?:clock|random)\(|\bgetrandom\(|\btime\((?:nullptr|NULL|0)\)|std::random_device")
    wrong = [f"{path.relative_to(TREE)}:{number}: {line.strip()}"
             for room in SANS_IO for path in sources(TREE / "lib" / room)
             for number, line in enumerate(path.read_text().splitlines(), 1) if asked.search(line.split("//")[0])]
    assert not wrong, "\n".join(wrong)


def test_parsers_see_no_socket_file_or_clock():
    """The protocol rooms are sans-IO: bytes in, events out."""
    outside = re.compile(r"sys/(socket|un|epoll|stat|file|uio)\.h|fcntl\.h|unistd\.h|netinet/.*|fstream|filesystem|thread|boost/.*")
    wrong = [f"{where}: <{header}>"
             for room in SANS_IO
             for path in sources(TREE / "lib" / room)
             for where, header, quoted in includes(path) if not quoted and outside.fullmatch(header)]
    assert not wrong, "\n".join(wrong)
