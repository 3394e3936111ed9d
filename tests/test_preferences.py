from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from arcade_dqn.preferences import (
    DEFINITIONS,
    Preferences,
    PreferencesError,
    default_path,
    load,
    save,
    template,
    use_ascii,
)
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.tui.keymap import checked


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "preferences.toml"


def test_without_a_file_there_are_the_defaults(file: Path) -> None:
    assert load(file) == (Preferences(), [])
    assert Preferences().theme == "dark"
    assert Preferences().animations is True
    assert Preferences().notice == "none"


def test_what_is_said_is_taken(file: Path) -> None:
    file.write_text(
        'theme = "light"\nascii = true\nanimations = false\nmeters = false\nnotice = "both"\n'
        '[keys]\n"home.train" = ["g", "f2"]\nhome.demo = "ctrl+d"\n'
    )
    found, problems = load(file)
    assert problems == []
    assert found == Preferences("light", True, False, False, "both", {"home.train": "g,f2", "home.demo": "ctrl+d"})


def test_a_value_that_is_not_allowed_is_told_and_the_rest_is_taken(file: Path) -> None:
    file.write_text('theme = "solarized"\nanimations = 0\nnotice = "bell"\n')
    found, problems = load(file)
    assert found == Preferences(notice="bell")
    assert problems == [
        f'{file}: theme = "solarized" is not allowed; it must be "dark", "light", "ansi" or "colour-blind"',
        f"{file}: animations = 0 is not allowed; it must be true or false",
    ]


def test_an_unknown_name_gets_the_nearest_one(file: Path) -> None:
    file.write_text('them = "light"\nwindow_size = 3\n')
    found, (near, far) = load(file)
    assert found == Preferences()
    assert near == f"{file}: there is no preference them; did you mean theme?"
    assert far.startswith(f"{file}: there is no preference window_size; there are theme, ascii,")


@pytest.mark.parametrize("content", [b'theme = "dark', b"theme = \xff", b"= 3"])
def test_a_broken_file_is_told_in_one_sentence(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    found, (problem,) = load(file)
    assert found == Preferences()
    assert problem.startswith(f"{file} is not valid TOML (")
    assert "\n" not in problem


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert load(tmp_path)[1] == [f"{tmp_path} cannot be read (it is a folder); using the defaults"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(file: Path) -> None:
    os.mkfifo(file)
    assert "it is not a regular file" in load(file)[1][0]


@pytest.mark.parametrize("line", ["keys = 3", '[keys]\n"home.train" = 3', '[keys]\n"home.train" = []'])
def test_keys_must_be_keys(file: Path, line: str) -> None:
    file.write_text(line)
    found, (problem,) = load(file)
    assert found == Preferences()
    assert str(file) in problem
    assert "must be" in problem


def test_modules_are_names_and_files_whose_paths_begin_at_the_preferences(file: Path) -> None:
    file.write_text('imports = ["minigrid", "games/my_game.py", "~/other.py", "/abs/third.py"]\n')
    found, problems = load(file)
    assert problems == []
    home = os.path.expanduser("~")
    assert found.imports == ("minigrid", f"{file.parent}/games/my_game.py", f"{home}/other.py", "/abs/third.py")


@pytest.mark.parametrize("value", ["[1]", '[""]', '["a\\u001b[31m"]', "true", "{ a = 1 }"])
def test_modules_must_be_words(file: Path, value: str) -> None:
    file.write_text(f"imports = {value}\n")
    assert load(file) == (
        Preferences(),
        [f'{file}: imports must be a list of modules and files, such as ["minigrid", "~/my_game.py"]'],
    )


def test_a_list_of_modules_that_no_person_wrote_is_left_out(file: Path) -> None:
    file.write_text(f"imports = {['m'] * 17}\n")
    assert load(file) == (Preferences(), [f"{file}: imports names 17 modules, and at most 16 are imported"])


def test_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_path({"ARCADE_DQN_CONFIG": "/somewhere/mine.toml"}) == Path("/somewhere/mine.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = default_path({})
    assert path.parts[-2:] == ("arcade-dqn", "preferences.toml")
    if sys.platform == "linux":
        assert path.is_relative_to(tmp_path)


def test_the_template_says_everything_and_changes_nothing(file: Path) -> None:
    text = template([("home.train", "enter,t", "Train an agent"), ("home.demo", "d", "Watch")])
    file.write_text(text)
    assert load(file) == (Preferences(), [])
    for name, definition in DEFINITIONS.items():
        assert f"# {name} = " in text
        assert definition.help in text
    # Every line that names a preference or a key is valid once its comment sign is gone.
    lines = [line.removeprefix("# ") for line in text.splitlines() if " = " in line or line.startswith("[")]
    told = tomllib.loads("\n".join(lines))
    assert told.pop("keys") == {"home.train": ["enter", "t"], "home.demo": "d"}
    assert told.pop("imports") == []
    assert told == {name: definition.default for name, definition in DEFINITIONS.items()}


def test_save_makes_the_file_and_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "new" / "preferences.toml"
    save(file, "theme", "light")
    assert load(file) == (Preferences("light"), [])


def test_save_changes_one_line_and_leaves_the_rest(file: Path) -> None:
    file.write_text('# mine\ntheme = "dark"  # at night\nnotice = "bell"\n\n[keys]\n"home.train" = "g"\n')
    save(file, "theme", "ansi")
    save(file, "animations", False)
    text = file.read_text()
    assert '# mine\ntheme = "ansi"\nnotice = "bell"\n' in text
    assert load(file)[0] == Preferences("ansi", animations=False, notice="bell", keys={"home.train": "g"})


def test_save_takes_the_place_of_the_line_in_the_template(file: Path) -> None:
    file.write_text(template([("home.train", "t", "Train")]))
    before = len(file.read_text().splitlines())
    save(file, "theme", "colour-blind")
    assert len(file.read_text().splitlines()) == before
    assert load(file)[0].theme == "colour-blind"


def test_a_broken_file_is_never_written_over(file: Path) -> None:
    file.write_text('theme = "dark')
    with pytest.raises(PreferencesError, match="not valid TOML"):
        save(file, "theme", "light")
    assert file.read_text() == 'theme = "dark'


def test_a_file_that_an_edit_would_spoil_is_left_to_its_writer(file: Path) -> None:
    content = 'note = """\ntheme = 3\n"""\n'
    file.write_text(content)
    with pytest.raises(PreferencesError, match=r'write theme = "light" into it'):
        save(file, "theme", "light")
    assert file.read_text() == content


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError, match="taken"):
        save(tmp_path / "taken" / "preferences.toml", "theme", "light")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "dotfiles.toml", tmp_path / "preferences.toml"
    target.write_text("")
    link.symlink_to(target)
    save(link, "theme", "light")
    assert link.is_symlink()
    assert load(target)[0].theme == "light"


@pytest.mark.parametrize(
    ("wanted", "encoding", "ascii"),
    [
        ("auto", "UTF-8", False),
        ("auto", "utf8", False),
        ("auto", "ISO-8859-1", True),
        ("auto", "ANSI_X3.4-1968", True),
        (True, "utf-8", True),
        (False, "ascii", False),
    ],
)
def test_ascii_by_the_locale_or_by_choice(wanted: bool | str, encoding: str, ascii: bool) -> None:
    assert use_ascii(Preferences(ascii=wanted), encoding) is ascii  # type: ignore[arg-type]


def test_they_are_cheap_to_import() -> None:
    code = "import sys, arcade_dqn.preferences; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pydantic", "textual", "rich", "platformdirs", "difflib"} & set(loaded)


STRANGE = {
    "digits": b"theme = " + b"1" * 5_000,
    "hexadecimal": b"theme = 0x" + b"f" * 5_000,
    "brackets": b"theme = " + b"[" * 5_000,
    "closed brackets": b"theme = " + b"[" * 300 + b"]" * 300,
    "dots": b".".join([b"a"] * 3_000) + b" = 1",
    "dots in keys": b"keys." + b".".join([b"a"] * 3_000) + b" = 1",
    "tables": b"keys = " + b"{a = " * 60 + b"1" + b"}" * 60,
    "many keys": b"[keys]\n" + b"".join(b"k%d = 't'\n" % number for number in range(10_000)),
    "many names": b"".join(b"k%d = 't'\n" % number for number in range(10_000)),
    "large": b"#" * 2**20,
    "escapes": b'"\\u001b[2J\\u202e" = 1\ntheme = "\\u001b]0;title\\u0007"',
    "not UTF-8": b"\xff\xfet\x00h\x00",
    "null": b"theme = \x00",
    "surrogate": b'theme = "\xed\xa0\x80"',
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_no_file_keeps_the_arcade_from_starting(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    found, problems = load(file)
    keymap, more = checked(found.keys, str(file))
    assert found == Preferences()
    assert not keymap
    assert 1 <= len(problems) <= 11 and not more
    for problem in problems:
        assert problem.startswith(str(file))
        assert problem.isprintable()
        assert len(problem) <= 1_000
    # Nor is anything in it lost when a preference is changed in the arcade.
    with contextlib.suppress(PreferencesError):
        save(file, "theme", "light")
    assert file.read_bytes() == content or load(file)[0].theme == "light"


def test_a_byte_order_mark_is_no_mistake(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbftheme = "light"\n')
    assert load(file) == (Preferences("light"), [])
    save(file, "theme", "ansi")
    assert file.read_bytes() == b'\xef\xbb\xbftheme = "ansi"\n'
    file.write_bytes(b"\xef\xbb\xbf")
    save(file, "meters", False)
    assert file.read_bytes() == b"\xef\xbb\xbfmeters = false\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    pipe, ring = tmp_path / "pipe", tmp_path / "ring"
    os.mkfifo(pipe)
    ring.symlink_to(ring)
    for path in (pipe, ring):
        assert "cannot be read" in load(path)[1][0]
        with pytest.raises(PreferencesError, match="cannot be read"):
            save(path, "theme", "light")
