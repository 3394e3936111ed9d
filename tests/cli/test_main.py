"""The command line from the outside: exit codes, one-line errors, JSON lines."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arcade_dqn.cli.main import build_parser, main
from arcade_dqn.config import build
from arcade_dqn.errors import ArcadeError
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.storage.model_file import load_model, save_model
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.window.display import NoDisplay


def stderr_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    text = capsys.readouterr().err
    assert text.startswith("arcade-dqn: ")
    assert text.count("\n") == 1
    return text


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["train"], ["GAME", "CartPole-v1"]),
        (["train", "Cartpolle"], ["'Cartpolle'", "CartPole-v1"]),
        (["train", "cartpole", "--preset", "cartpol"], ["'cartpol'", "'cartpole'"]),
        (["train", "cartpole", "--set", "learning.learning_rat=1"], ["learning.learning_rate"]),
        (["train", "cartpole", "--set", "learning.discount=1.5"], ["learning.discount", "1.5", "from 0 to 1"]),
        (["train", "cartpole", "--set", "learning.discount"], ["section.name=value"]),
        (["train", "cartpole", "--steps", "many"], ["run.steps", "'many'", "whole number"]),
        (["train", "cartpole", "--seed", "-1"], ["run.seed", "-1"]),
        (["train", "cartpole", "--name", "../up"], ["../up", "name"]),
        (["resume", "nothing"], ["'nothing'"]),
        (["watch", "cartpole", "--speed", "-1"], ["--speed", "-1"]),
        (["watch", "cartpole", "--episodes", "0"], ["--episodes", "0"]),
        (["watch", "cartpole", "--terminal", "--beside", "pong"], ["--beside", "for the window"]),
        (["watch", "cartpole", "--terminal", "--sounds"], ["--sounds", "for the window"]),
        (["eval", "cartpole", "--episodes", "0"], ["--episodes", "0"]),
        (["eval", "cartpole", "--seed", "-5"], ["--seed", "-5"]),
        (["export", "cartpole", "out.h5"], ["out.h5", ".keras"]),
        (["record", "cartpole", "out.avi"], ["out.avi", ".mp4"]),
        (["record", "cartpole", "out.gif", "--seed", "-1"], ["--seed", "-1", "from 0"]),
        (["report", "nothing", "out.png"], ["'nothing'"]),
        (["experiment", "size"], ["'size'", "replay, target, capacity"]),
        (["experiment", "--report"], ["needs a QUESTION"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and value and value[0].islower() else "",
)
def test_a_wrong_request_is_one_sentence_and_2(
    argv: list[str], words: list[str], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*argv, "--runs-dir", str(runs)]) == 2
    line = stderr_line(capsys)
    for word in words:
        assert word in line
    assert not runs.exists(), "a refused request leaves nothing behind"


@pytest.mark.parametrize("argv", [["trian"], ["eval"], ["eval", "x", "--episodes", "ten"], ["--no-such-option"]])
def test_wrong_usage_is_one_sentence_and_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    assert "--help" in stderr_line(capsys)


def test_without_a_terminal_the_arcade_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "terminal" in stderr_line(capsys)


def test_watch_in_a_terminal_needs_one(model: Path, runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", str(model), "--terminal", "--runs-dir", str(runs)]) == 2
    assert "terminal" in stderr_line(capsys)


def test_a_file_that_is_no_model_is_one_sentence_and_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "photo.safetensors"
    path.write_bytes(b"not a model")
    assert main(["eval", str(path)]) == 1
    assert "photo.safetensors" in stderr_line(capsys)


@pytest.mark.parametrize(
    "argv",
    [
        *(["eval"], ["watch"], ["watch", "--terminal"], ["watch", "--beside=cartpole"], ["record", "out.gif"]),
        *(["export", "out.keras"], ["play"]),
    ],
    ids=" ".join,
)
def test_a_target_may_begin_with_a_dash(
    argv: list[str], runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Every command takes it the same way, and it says what it says of any other that is not there.
    monkeypatch.setenv("DISPLAY", ":77")
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    command, *more = argv
    options = [word for word in more if word.startswith("-")]
    rest = [word for word in more if not word.startswith("-")]
    said = []
    for target in ("-best.safetensors", "best.safetensors"):
        assert main([command, "--runs-dir", str(runs), *options, "--", target, *rest]) in (1, 2)
        said.append(stderr_line(capsys))
    assert said[0] == said[1].replace("best.safetensors", "-best.safetensors")


def test_a_folder_of_runs_may_begin_with_a_dash(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = RunDir.create("-runs", build("CartPole-v1", "tutorial"), "one")
    run.best.write_bytes(model.read_bytes())
    assert main(["eval", "one", "--runs-dir=-runs", "--episodes", "1", "--json"]) == 0
    # The window, the trainer and the page in the browser are started with it.
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["model"] == str(run.best.absolute())


def test_the_window_gets_what_was_typed(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from arcade_dqn.window import main as window
    from arcade_dqn.window.options import Options

    opened: list[Options] = []
    monkeypatch.setattr(window, "open_window", opened.append)
    where = ["--runs-dir", str(runs)]
    assert main(["watch", *where, "--speed", "0", "--beside=-x", "--sounds", "--", "-y"]) == 0
    assert main(["watch", *where, "z", "--episodes", "3000000000", "--greedy"]) == 0
    assert main(["play", *where, "--", "-game"]) == 0
    assert opened == [
        Options(target="-y", beside="-x", runs_dir=runs, speed=float("inf"), sounds=True),
        Options(target="z", runs_dir=runs, episodes=3_000_000_000, greedy=True),
        Options(play="-game", runs_dir=runs),
    ]


def test_an_unexpected_error_is_one_line_and_with_debug_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(arguments: object) -> int:
        raise RuntimeError("first\nsecond")

    monkeypatch.setattr("arcade_dqn.cli.tables.games", broken)
    assert main(["games"]) == 1
    assert "RuntimeError: first second" in stderr_line(capsys)
    assert main(["games", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
    # The window's errors, too, which are told there when it is a program of its own.
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    assert main(["watch", "cartpole"]) == NoDisplay.exit_code
    assert "there is no display" in stderr_line(capsys)
    assert main(["watch", "cartpole", "--debug"]) == NoDisplay.exit_code
    assert "Traceback" in capsys.readouterr().err


def test_an_error_moves_no_cursor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(arguments: object) -> int:
        raise ArcadeError("\x1b]0;title\x07the file \x1b[2Jis \u202ewrong")

    monkeypatch.setattr("arcade_dqn.cli.tables.games", broken)
    assert main(["games"]) == 1
    assert stderr_line(capsys) == "arcade-dqn: the file is wrong\n"


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("arcade_dqn.cli.tables.games", interrupted)
    assert main(["games"]) == 130
    assert capsys.readouterr().err == ""


def test_options_of_every_command_work_before_and_after_it() -> None:
    parse = build_parser().parse_args
    assert parse(["--runs-dir", "a", "runs"]).runs_dir == Path("a")
    assert parse(["runs", "--runs-dir", "a"]).runs_dir == Path("a")
    assert parse(["--debug", "runs"]).debug


def test_a_reader_that_goes_away_leaves_no_traceback() -> None:
    command = f"{sys.executable} -m arcade_dqn train --help-settings | head -n 1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("setting")
    assert result.stderr == ""


COMMANDS = (
    *("train", "resume", "watch", "play", "eval", "record"),
    *("export", "report", "experiment", "repeat", "models", "games", "runs", "doctor"),
)


def test_every_command_has_a_help_text(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as stop:
            main([name, "--help"])
        assert stop.value.code == 0
        assert f"arcade-dqn {name}" in capsys.readouterr().out


def test_help_settings_lists_every_setting_and_preset(capsys: pytest.CaptureFixture[str]) -> None:
    from arcade_dqn.config import preset_names, setting_table

    assert main(["train", "--help-settings"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in [*setting_table(), *preset_names()])


def test_eval_ends_with_one_json_line(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", str(model), "--episodes", "3", "--seed", "5", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(result) == ["game", "model", "seed", "evaluation"]
    assert (result["game"], result["model"], result["seed"]) == ("CartPole-v1", str(model), 5)
    score = result["evaluation"]
    assert score["episodes"] == len(score["returns"]) == 3
    assert score["mean"] == pytest.approx(np.mean(score["returns"]))
    assert (score["min"], score["max"]) == (min(score["returns"]), max(score["returns"]))


def test_eval_twice_gives_the_same_scores(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = []
    for _ in range(2):
        main(["eval", str(model), "--episodes", "2", "--json"])
        lines.append(capsys.readouterr().out)
    assert lines[0] == lines[1]


def test_games_lists_each_with_its_preset(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["games", "--json"]) == 0
    games = json.loads(capsys.readouterr().out.splitlines()[-1])["games"]
    assert {"CartPole-v1", "LunarLander-v3", "MinAtar/Breakout-v1", "ALE/Pong-v5"} <= {game["id"] for game in games}


def test_models_and_runs_of_an_empty_folder(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--runs-dir", str(runs), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"runs": []}
    assert main(["models", "--runs-dir", str(runs), "--json"]) == 0
    models = json.loads(capsys.readouterr().out.splitlines()[-1])["models"]
    assert all(entry["shipped"] for entry in models)


def test_models_and_runs_are_listed_broken_ones_too(
    model: Path, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunDir.create(runs, build("CartPole-v1", "tutorial"), "one")
    run.best.write_bytes(model.read_bytes())
    run.final.write_bytes(model.read_bytes()[:-8])
    assert main(["models", "--runs-dir", str(runs), "--json"]) == 0
    out = capsys.readouterr().out
    own = {Path(entry["path"]): entry for entry in json.loads(out.splitlines()[-1])["models"] if not entry["shipped"]}
    assert own[run.best]["evaluation"]["mean"] == 10.0
    assert own[run.best]["steps"] == 12
    assert own[run.final]["problem"]
    assert main(["runs", "--runs-dir", str(runs), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out.splitlines()[-1])["runs"]
    assert (found["game"], found["name"], found["steps_total"]) == ("CartPole-v1", "one", 100_000)
    (run.path / "config.json").write_bytes(b"")
    assert main(["runs", "--runs-dir", str(runs)]) == 0
    *table, problem = capsys.readouterr().out.splitlines()
    # The table keeps its width, and what is wrong stands below it.
    assert problem.startswith("CartPole-v1/one is broken: ") and "config.json is damaged" in problem
    assert any("broken" in line for line in table) and max(map(len, table)) <= 80


def test_a_run_without_a_model_cannot_be_scored(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunDir.create(runs, build("CartPole-v1", "tutorial"), "one")
    assert main(["eval", "one", "--runs-dir", str(runs)]) == 1
    assert "no model" in stderr_line(capsys)


def test_a_game_without_its_extra_names_the_command(
    monkeypatch: pytest.MonkeyPatch, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("arcade_dqn.games.info.find_spec", lambda name: None)
    assert main(["train", "MinAtar/Breakout-v1", "--runs-dir", str(runs)]) == 1
    assert 'pip install "arcade-dqn[minatar]"' in stderr_line(capsys)
    assert not runs.exists()


def test_an_unwritable_runs_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["train", "cartpole", "--runs-dir", str(tmp_path / "file")]) == 1
    assert str(tmp_path / "file") in stderr_line(capsys)


def test_a_film_of_a_model(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # In a process of its own: SDL's drivers are chosen once for a process.
    out = tmp_path / "film.gif"
    command = [sys.executable, "-m", "arcade_dqn", "record", str(model), str(out), "--seconds", "0.3"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == str(out)
    assert out.read_bytes().startswith(b"GIF89a")


def test_export_writes_a_keras_file(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "agent.keras"
    assert main(["export", str(model), str(out)]) == 0
    assert "float32 [4]" in capsys.readouterr().out
    assert out.read_bytes().startswith(b"PK")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a disk that is always full")
def test_output_on_a_full_disk_is_one_sentence() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "arcade_dqn", "games"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "arcade-dqn: No space left on device\n")


def test_eval_plays_as_the_score_in_the_file_was_played(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def scores(*options: str) -> tuple[dict[str, Any], str]:
        assert main(["eval", str(model), "--episodes", "6", "--json", *options]) == 0
        lines = capsys.readouterr().out.splitlines()
        return json.loads(lines[-1])["evaluation"], lines[-2]

    greedy, line = scores()
    assert greedy["epsilon"] == 0.0
    assert "by chance" not in line
    info, weights = load_model(model)
    score = Evaluation.from_returns([9.0, 11.0], 3, epsilon=0.5)
    save_model(model, dataclasses.replace(info, evaluation=score), weights)
    random, line = scores()
    assert random["epsilon"] == 0.5
    assert random["returns"] != greedy["returns"]
    assert "(seed 0, 0.5 of the actions by chance, " in line
    assert scores("--epsilon", "0")[0] == greedy
    assert main(["eval", str(model), "--epsilon", "1.5"]) == 2
    assert capsys.readouterr().err == "arcade-dqn: --epsilon 1.5 is not allowed; it must be from 0 to 1\n"


def test_cut_off_episodes_are_told(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("arcade_dqn.stage.evaluate.LONGEST_EPISODE", 2)
    assert main(["eval", str(model), "--episodes", "3"]) == 0
    said = capsys.readouterr().out
    assert "mean 2.00 ± 0.00 over 3 episodes (3 of them cut off, so their scores are too small), 2 to 2" in said


@pytest.mark.parametrize(
    "argv", [["watch", "x", "--speed=--"], ["train", "cartpole", "--preset=--"], ["eval", "x", "--seed=--"]]
)
def test_an_option_may_have_two_dashes_for_its_value(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(argv)
    except SystemExit as stop:
        code = int(stop.code or 0)
    assert code == 2
    assert "'--'" in stderr_line(capsys)


@pytest.mark.parametrize("size", ["", "-1", "0", "9" * 5_000, "²", "1e400", "wide"])
def test_a_terminal_of_no_size_is_one_of_the_usual_size(
    size: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", size)
    monkeypatch.setenv("LINES", size)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["games"]) == 0
    assert "CartPole-v1" in capsys.readouterr().out
