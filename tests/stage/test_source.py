from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from arcade_dqn.acting.layers import Weights, initial_weights, pack
from arcade_dqn.config import NetworkSettings, Settings, build
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.games.info import AmbiguousGame
from arcade_dqn.link.board import Board, Status
from arcade_dqn.stage.source import LiveRun, SavedModel, SourceError, best_model, earlier, open_source
from arcade_dqn.storage.model_file import ModelFileError, ModelInfo, TrainingSummary, save_model
from arcade_dqn.storage.run_dir import RunDir

STATE = np.array([[0.1, 0.2, 0.3, 0.4]], np.float32)


def settings() -> Settings:
    return build("CartPole-v1", "cartpole", {"network.hidden": "8", "network.layer_norm": False})


def weights(seed: int) -> Weights:
    return initial_weights(settings().network, (4,), 2, seed)


def answer(seed: int) -> list[float]:
    """Q-values of STATE, worked out without `Policy`."""
    w = weights(seed)
    hidden = np.maximum(STATE @ w["dense1/kernel"] + w["dense1/bias"], 0)
    return (hidden @ w["q/kernel"] + w["q/bias"])[0].tolist()


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def save(
    path: Path,
    seed: int,
    score: float | None = None,
    n_actions: int = 2,
    game: str = "CartPole-v1",
    steps: int = 0,
) -> Path:
    network = NetworkSettings(kind="mlp", hidden=(8,))
    info = ModelInfo(
        game=game,
        observation_shape=(4,),
        n_actions=n_actions,
        action_names=tuple("abcdef"[:n_actions]),
        network=network,
        environment=settings().environment,
        training=TrainingSummary(steps=steps),
        evaluation=None if score is None else Evaluation.from_returns([score], 0),
        title=path.stem,
    )
    save_model(path, info, initial_weights(network, (4,), n_actions, seed))
    return path


def publish(board: Board, seed: int, version: int, state: str = "training") -> None:
    board.publish_weights(pack(weights(seed)), version)
    board.publish(Status(state=state, step=version, epsilon=0.5))


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return RunDir.create(tmp_path / "runs", settings(), "first")


@pytest.fixture(autouse=True)
def nothing_shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("arcade_dqn.storage.models.saved_models_dir", lambda: tmp_path / "shipped")


def test_a_model_file_is_its_game_its_settings_and_its_policy(tmp_path: Path) -> None:
    source = open_source(str(save(tmp_path / "mine.safetensors", 3, 123.0)), tmp_path)
    assert isinstance(source, SavedModel)
    assert (source.info.id, source.title, source.live, source.poll()) == ("CartPole-v1", "mine", False, False)
    assert source.status() is None
    assert source.evaluation() == Evaluation.from_returns([123.0], 0)
    assert source.policy is not None
    assert source.policy.q_values(STATE)[0].tolist() == pytest.approx(answer(3), abs=1e-6)
    game = source.make_game(render=False)
    assert game.observation_shape == (4,)
    game.close()


def test_a_model_that_does_not_fit_the_installed_game_is_refused(tmp_path: Path) -> None:
    source = open_source(str(save(tmp_path / "odd.safetensors", 3, n_actions=3)), tmp_path)
    with pytest.raises(
        SourceError, match=r"observations \(4,\) and 3 actions, but the installed game has \(4,\) and 2"
    ):
        source.make_game(render=False)


def test_a_live_run_from_before_its_first_weights_to_after_its_end(run: RunDir) -> None:
    source = open_source("first", run.path.parents[1])
    assert isinstance(source, LiveRun)
    assert (source.policy, source.live, source.status(), source.poll()) == (None, False, None, False)

    board = Board.create(run.board, pack(weights(0)).nbytes)
    assert not source.poll()
    assert source.live
    assert source.policy is None

    publish(board, 1, 10)
    assert source.poll()
    policy = source.policy
    assert policy is not None
    assert policy.q_values(STATE)[0].tolist() == pytest.approx(answer(1), abs=1e-6)
    assert not source.poll()

    publish(board, 2, 20, "done")
    assert source.poll()
    assert source.policy is policy
    assert policy.q_values(STATE)[0].tolist() == pytest.approx(answer(2), abs=1e-6)
    assert not source.live
    status = source.status()
    assert status is not None
    assert status.step == 20

    # It is resumed: another board stands in the place of the first, and its versions may begin anew.
    board.close()
    publish(Board.create(run.board, pack(weights(0)).nbytes), 3, 5)
    assert source.poll()
    assert source.live
    assert policy.q_values(STATE)[0].tolist() == pytest.approx(answer(3), abs=1e-6)
    source.close()


def test_a_run_at_rest_plays_its_best_model_and_goes_live_when_resumed(run: RunDir) -> None:
    save(run.final, 6, 9.0)
    save(run.best, 5, 321.0)
    source = open_source(str(run.path), run.path)
    assert source.policy is not None
    assert source.policy.q_values(STATE)[0].tolist() == pytest.approx(answer(5), abs=1e-6)
    evaluation = source.evaluation()
    assert evaluation is not None
    assert evaluation.mean == 321.0

    board = Board.create(run.board, pack(weights(0)).nbytes)
    assert not source.poll(), "until the trainer publishes, the saved model stays"
    publish(board, 7, 1)
    assert source.poll()
    assert source.policy.q_values(STATE)[0].tolist() == pytest.approx(answer(7), abs=1e-6)
    assert source.evaluation() is None


def test_the_last_weights_of_a_dead_board_serve_where_no_model_was_saved(run: RunDir) -> None:
    board = Board.create(run.board, pack(weights(0)).nbytes)
    publish(board, 4, 1, "failed")
    source = open_source("first", run.path.parents[1])
    assert source.policy is None
    assert source.poll()
    assert not source.live


def test_a_munchausen_run_tells_the_temperature_of_its_soft_policy(tmp_path: Path) -> None:
    plain = LiveRun(RunDir.create(tmp_path, settings(), "plain"))
    assert plain.temperature is None
    soft = {"network.hidden": "8", "learning.munchausen": True, "learning.munchausen_temperature": 0.05}
    assert LiveRun(RunDir.create(tmp_path, build("CartPole-v1", "cartpole", soft), "soft")).temperature == 0.05


def test_a_board_that_is_no_board_is_waited_out(run: RunDir) -> None:
    run.board.write_bytes(b"nonsense")
    source = open_source("first", run.path.parents[1])
    assert (source.poll(), source.live, source.status()) == (False, False, None)


def test_weights_of_another_game_version_are_refused(run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    save(run.best, 1, n_actions=3)
    source = open_source("first", run.path.parents[1])
    with pytest.raises(SourceError, match="3 actions, but the installed CartPole-v1 has"):
        source.make_game(render=False)


def test_a_games_name_means_its_best_model(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for name, score in (("a", 20.0), ("b", 80.0), ("c", None)):
        run = RunDir.create(runs, settings(), name)
        save(run.best, 1, score)
    source = open_source("cartpole", runs)
    assert isinstance(source, SavedModel)
    assert source.path == runs / "CartPole-v1" / "b" / "best.safetensors"
    # A shipped model wins a tie.
    shipped = tmp_path / "shipped" / "CartPole-v1" / "agent.safetensors"
    shipped.parent.mkdir(parents=True)
    save(shipped, 1, 80.0)
    assert best_model(source.info, runs) == shipped


def test_the_past_of_a_run_and_of_a_shipped_agent(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "runs", settings(), "first")
    save(run.best, 9, 80.0, steps=1_000)
    agent = save(_made(tmp_path / "shipped" / "CartPole-v1" / "agent.safetensors"), 9, 80.0, steps=1_000)
    for whole, folder in ((LiveRun(run), run.path), (SavedModel(agent), agent.parent)):
        with pytest.raises(SourceError, match=r"keeps no untrained agent; .*run\.keep_stages"):
            earlier(whole, "untrained")
        for seed, step in enumerate((0, 400, 700, 1_000), 1):
            save(_made(folder / "stages" / f"step-{step}.safetensors"), seed, steps=step)
        before, half = earlier(whole, "untrained"), earlier(whole, "halfway")
        assert (before.path.name, half.path.name) == ("step-0.safetensors", "step-400.safetensors")
        assert before.policy is not None
        assert before.policy.q_values(STATE)[0].tolist() == pytest.approx(answer(1))
        # From one of the stages on, the past is the same run's.
        assert earlier(half, "untrained").path == before.path


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("gone.safetensors", "no model file gone.safetensors"),
        ("cartpole", "no saved model of CartPole-v1 yet; train one"),
        ("nothing-like-this", "no run 'nothing-like-this' in .* no model file or game"),
        ("breakout", "the name of more than one game; write MinAtar/Breakout-v1 or ALE/Breakout-v5"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(tmp_path: Path, target: str, message: str) -> None:
    with pytest.raises((SourceError, AmbiguousGame), match=message) as caught:
        open_source(target, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_foreign_file_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(ModelFileError, match="not a model file"):
        open_source(str(path), tmp_path)
