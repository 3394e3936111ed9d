from __future__ import annotations

from pathlib import Path

import pytest

from arcade_dqn.cli.main import main
from arcade_dqn.preferences import Preferences, load
from arcade_dqn.tui import keys


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config" / "preferences.toml"
    monkeypatch.setenv("ARCADE_DQN_CONFIG", str(path))
    return path


def test_it_says_where_they_are_and_what_can_be_set(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preferences"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{file}: not there yet")
    for name in ("theme", "ascii", "animations", "meters", "notice"):
        assert f"# {name} = " in said
    for id in keys.BY_ID:
        assert f'# "{id}" = ' in said
    assert not file.exists()


def test_it_writes_a_file_that_changes_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preferences", "--write"]) == 0
    assert capsys.readouterr().out == f"{file}: written\n"
    assert load(file) == (Preferences(), [])
    # One's own file is never written over.
    file.write_text('theme = "light"\n')
    assert main(["preferences", "--write"]) == 0
    assert capsys.readouterr().out.startswith(f"{file}: in use")
    assert file.read_text() == 'theme = "light"\n'


def test_every_key_of_the_template_may_be_had(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["preferences", "--write"])
    lines = [line.removeprefix("# ") if line.startswith('# "') else line for line in file.read_text().splitlines()]
    file.write_text("\n".join(lines))
    assert set(load(file)[0].keys) == set(keys.BY_ID)
    assert main(["preferences"]) == 0, capsys.readouterr().out


def test_what_is_wrong_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.parent.mkdir()
    file.write_text('theme = "pink"\n[keys]\n"home.trian" = "t"\n')
    assert main(["preferences"]) == 1
    said = capsys.readouterr().out
    assert f'{file}: theme = "pink" is not allowed' in said
    assert "did you mean home.train?" in said


def test_a_folder_that_cannot_be_made_is_one_sentence(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.parent.write_text("a file in the folder's place")
    assert main(["preferences", "--write"]) == 1
    assert str(file) in capsys.readouterr().err
