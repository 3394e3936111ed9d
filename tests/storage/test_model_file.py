from __future__ import annotations

import json
import math
import os
import pickle
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save, save_file

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import EnvironmentSettings, NetworkSettings
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.games.arguments import type_in
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.model_file import (
    MAX_FILE,
    ModelFileError,
    ModelInfo,
    TrainingSummary,
    load_model,
    read_info,
    save_model,
)
from arcade_dqn.storage.model_info import MAX_HEADER, MAX_RETURNS

NETWORK = NetworkSettings(hidden=(3,))
INFO = ModelInfo(
    game="CartPole-v1",
    observation_shape=(4,),
    n_actions=2,
    action_names=("push left", "push right"),
    network=NETWORK,
    environment=EnvironmentSettings(max_episode_steps=77),
    training=TrainingSummary(preset="cartpole", steps=1000, episodes=20, updates=250, seconds=1.5, seed=3, run="first"),
    evaluation=Evaluation.from_returns([1.0, 2.0, 6.0], 5),
    title="a little one",
)
WEIGHTS = initial_weights(NETWORK, (4,), 2, seed=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "agent.safetensors"
    save_model(path, INFO, WEIGHTS)
    return path


def rewritten(path: Path, change: Callable[[dict[str, Any]], Any], weights: dict[str, np.ndarray] = WEIGHTS) -> Path:
    """The file with a changed description."""
    table = json.loads(json.loads(header_of(path))["__metadata__"]["arcade_dqn"])
    change(table)
    path.write_bytes(save(weights, {"arcade_dqn": json.dumps(table)}))
    return path


def header_of(path: Path) -> bytes:
    data = path.read_bytes()
    return data[8 : 8 + int.from_bytes(data[:8], "little")]


# --- good files ------------------------------------------------------------------------------------------------------


def test_a_score_says_how_it_was_played(tmp_path: Path) -> None:
    evaluation = Evaluation.from_returns([1.0, 2.0, 6.0], 5, epsilon=0.25, cut=1)
    save_model(tmp_path / "m.safetensors", replace(INFO, evaluation=evaluation), WEIGHTS)
    assert read_info(tmp_path / "m.safetensors").evaluation == evaluation


def test_a_file_of_the_first_format_is_read_as_ever(path: Path) -> None:
    def to_the_first(table: dict[str, Any]) -> None:
        table["format"] = 1
        del table["evaluation"]["epsilon"], table["evaluation"]["cut"]

    info = read_info(rewritten(path, to_the_first))
    assert info == replace(INFO, format=1)
    # Saved again, it is of the newest.
    save_model(path, info, WEIGHTS)
    assert read_info(path) == INFO


def test_a_model_whose_game_is_unknown_names_the_module_and_does_not_import_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "never_imported.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for word in ("never_imported", "./never_imported.py"):
        info = replace(INFO, game="Nowhere-v0", environment=EnvironmentSettings(imports=(word,)))
        save_model(path, info, WEIGHTS)
        assert read_info(path) == info, "the list of models shows it"
        with pytest.raises(ModelFileError) as caught:
            load_model(path)
        assert f"trained with the module {word}" in str(caught.value)
        assert str(caught.value).endswith(f"if you trust it, add --import {word}")
        assert "never_imported" not in sys.modules


@pytest.mark.parametrize("imports", [["a\x1b[31m"], [""], ["a" * 501], ["a"] * 17, "minigrid", [1], None])
def test_a_record_of_modules_is_bounded_and_can_be_shown(path: Path, imports: object) -> None:
    with pytest.raises(ModelFileError, match=r"has a description with a mistake at environment\.imports"):
        read_info(rewritten(path, lambda table: table["environment"].update(imports=imports)))


def test_arguments_of_a_strangers_model_are_harmless_or_typed_again(path: Path) -> None:
    def with_arguments(game: str, arguments: dict[str, Any]) -> None:
        environment = EnvironmentSettings(arguments=arguments)
        save_model(path, replace(INFO, game=game, environment=environment), WEIGHTS)

    with_arguments("CartPole-v1", {"sutton_barto_reward": True})
    assert load_model(path)[0].environment.arguments == {"sutton_barto_reward": True}
    with_arguments("CartPole-v1", {"sutton_barto_reward": "../x"})
    with pytest.raises(ModelFileError, match=r"if you trust them, add --env 'sutton_barto_reward=\"\.\./x\"'$"):
        load_model(path)
    type_in({"sutton_barto_reward": False})
    assert load_model(path)[0].environment.arguments == {"sutton_barto_reward": False}


def test_without_a_record_the_description_is_what_it_was(path: Path) -> None:
    table = json.loads(json.loads(header_of(path))["__metadata__"]["arcade_dqn"])
    assert not {"imports", "arguments"} & set(table["environment"])


def test_save_and_load(path: Path) -> None:
    info, weights = load_model(path)
    assert info == read_info(path) == INFO
    assert list(weights) == ["dense1/kernel", "dense1/bias", "q/kernel", "q/bias"], "canonical order"
    for name, array in WEIGHTS.items():
        assert weights[name].dtype == np.float32
        assert weights[name].flags.writeable
        np.testing.assert_array_equal(weights[name], array)
    assert os.listdir(path.parent) == ["agent.safetensors"]


def test_the_safetensors_library_reads_it(path: Path) -> None:
    found = load_file(path)
    assert found.keys() == WEIGHTS.keys()
    np.testing.assert_array_equal(found["q/kernel"], WEIGHTS["q/kernel"])


@pytest.mark.parametrize(
    ("network", "shape", "n_actions", "game"),
    [
        (NetworkSettings(hidden=()), (2,), 3, "MountainCar-v0"),
        (NetworkSettings(kind="minatar", hidden=(128,)), (10, 10, 4), 6, "MinAtar/Breakout-v1"),
        (NetworkSettings(kind="nature", hidden=(64,)), (4, 84, 84), 6, "ALE/Pong-v5"),
    ],
)
def test_other_networks(
    tmp_path: Path, network: NetworkSettings, shape: tuple[int, ...], n_actions: int, game: str
) -> None:
    names = tuple(f"action {number}" for number in range(n_actions))
    info = replace(
        INFO,
        game=game,
        network=network,
        observation_shape=shape,
        n_actions=n_actions,
        action_names=names,
        evaluation=None,
    )
    weights = initial_weights(network, shape, n_actions, seed=2)
    save_model(tmp_path / "new folder" / "m.safetensors", info, weights)
    found, loaded = load_model(tmp_path / "new folder" / "m.safetensors")
    assert found == info
    for name in weights:
        np.testing.assert_array_equal(loaded[name], weights[name])


def test_a_long_evaluation_is_kept_without_its_returns(tmp_path: Path) -> None:
    long = Evaluation.from_returns([0.1 * number for number in range(MAX_RETURNS + 1)], 5)
    longest = Evaluation.from_returns([-1234.5678901234567] * MAX_RETURNS, 5)
    for evaluation in (long, longest):
        save_model(tmp_path / "m", replace(INFO, evaluation=evaluation), WEIGHTS)
        found = read_info(tmp_path / "m").evaluation
        assert found is not None
        assert (found.episodes, found.mean, found.std) == (evaluation.episodes, evaluation.mean, evaluation.std)
        assert len(found.returns) == (0 if evaluation is long else MAX_RETURNS)


def test_texts_are_stripped_of_control_codes(path: Path) -> None:
    def change(table: dict[str, Any]) -> None:
        table["title"] = "\x1b]0;owned\x07\x1b[31mred\r\n[b]x\u202e"
        table["action_names"] = ["le\x00ft", "\x9b1mright"]
        table["training"]["run"] = "../../\x1b[2Jrun"

    info = read_info(rewritten(path, change))
    assert info.title == "red [b]x"
    assert info.action_names == ("left", "right")
    assert info.training.run == "../../run"


def test_the_numbers_of_an_evaluation_are_those_of_its_returns(path: Path) -> None:
    def change(table: dict[str, Any]) -> None:
        table["evaluation"]["mean"] = 500.0

    found = read_info(rewritten(path, change)).evaluation
    assert found is not None
    assert found.mean == 3.0


def test_an_older_file_without_newer_settings_gets_their_defaults(path: Path) -> None:
    def change(table: dict[str, Any]) -> None:
        del table["environment"]["action_bins"], table["evaluation"], table["title"]

    info = read_info(rewritten(path, change))
    assert info.environment.action_bins == EnvironmentSettings().action_bins
    assert (info.evaluation, info.title) == (None, "")


# --- files that are refused ------------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    """The sentence with which both ways of reading refuse the file."""
    with pytest.raises(ModelFileError) as info_error:
        read_info(path)
    with pytest.raises(ModelFileError) as load_error:
        load_model(path)
    assert str(info_error.value) == str(load_error.value)
    assert str(path) in str(load_error.value)
    assert str(load_error.value).isprintable()
    return str(load_error.value)


def test_missing_or_no_file(tmp_path: Path) -> None:
    assert "there is no model file" in refusal(tmp_path / "nowhere")
    assert "it is a folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(tmp_path / "pipe")
    assert "not a regular file" in refusal(Path("/dev/zero"))


def test_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"", b"\0" * 7, b"GIF89a" + bytes(100), b"\xff" * 1000, (MAX_HEADER + 1).to_bytes(8, "little")):
        path.write_bytes(content)
        assert "is not a model file of arcade-dqn" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", b"")
    assert "is a zip archive, as Keras writes" in refusal(path)
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert "is an HDF5 file" in refusal(path)
    path.write_bytes(pickle.dumps({"weights": list(range(100))}))
    assert "is a pickle" in refusal(path)
    path.write_bytes(bytes(8) + b"{}")
    assert "has a header that is not JSON" in refusal(path)
    save_file(WEIGHTS, path)
    assert "is a safetensors file, but not a model of arcade-dqn" in refusal(path)
    save_file(WEIGHTS, path, {"arcade_dqn": "{}", "format": "pt"})
    assert "has metadata of another program" in refusal(path)


def test_truncation_at_every_length(path: Path) -> None:
    data = path.read_bytes()
    cut = path.with_name("cut")
    for length in [*range(24), *range(24, len(data), 7), len(data) - 1]:
        cut.write_bytes(data[:length])
        sentence = refusal(cut)
        assert "truncated" in sentence if length >= 8 else "not a model file" in sentence
    cut.write_bytes(data + b"\0")
    assert "has 1 bytes too many" in refusal(cut)


def test_too_large(path: Path) -> None:
    os.truncate(path, MAX_FILE + 1)
    assert "is too large: 67,108,865 bytes; a model file has at most 67,108,864" in refusal(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.update(format=3), "has format 3, newer than the 2 that this version reads; update arcade-dqn"),
        (lambda t: t["evaluation"].update(epsilon=1.5), "a mistake at evaluation"),
        (lambda t: t["evaluation"].update(cut=4), "more episodes were cut than played"),
        (lambda t: t.update(format=99, surprise={"a": 1}), "has format 99, newer"),
        (lambda t: t.update(format=0), "without a format number"),
        (lambda t: t.update(format=True), "without a format number"),
        (lambda t: t.pop("format"), "without a format number"),
        (lambda t: t.pop("game"), "a mistake at game"),
        (lambda t: t.update(game="module:Env"), "a mistake at game"),
        (lambda t: t.update(game="../../etc"), "a mistake at game"),
        (lambda t: t.update(game="a/../b"), "a mistake at game"),
        (lambda t: t.update(game="CärtPole-v1"), "a mistake at game"),
        (lambda t: t.update(game="CartPole-v1\n"), "a mistake at game"),
        (lambda t: t.update(game=5), "a mistake at game"),
        (lambda t: t.update(kwargs={"render_mode": "human"}), "a mistake at kwargs"),
        (lambda t: t["environment"].update(path="/etc/passwd"), "a mistake at environment.path"),
        (lambda t: t["environment"].update(stack=1000), "a mistake at environment.stack"),
        (lambda t: t["network"].update(kind="lambda"), "a mistake at network.kind"),
        (lambda t: t["network"].update(hidden=[3] * 9), "a mistake at network.hidden"),
        (lambda t: t["network"].update(hidden=[10**6]), "a mistake at network.hidden"),
        (lambda t: t["network"].update(hidden=["3"]), "a mistake at network.hidden"),
        (lambda t: t.update(observation_shape=[]), "a mistake at observation_shape"),
        (lambda t: t.update(observation_shape=[0]), "a mistake at observation_shape"),
        (lambda t: t.update(observation_shape=[4.0]), "a mistake at observation_shape"),
        (lambda t: t.update(observation_shape=[1, 1, 1, 4]), "a mistake at observation_shape"),
        (lambda t: t.update(n_actions=10**9), "a mistake at n_actions"),
        (lambda t: t.update(action_names=["one"]), "names 1 actions, but has 2"),
        (lambda t: t.update(action_names=["x" * 401, "y"]), "a mistake at action_names"),
        (lambda t: t["training"].update(steps=-1), "a mistake at training.steps"),
        (lambda t: t["training"].update(seconds="1"), "a mistake at training.seconds"),
        (lambda t: t["evaluation"].update(returns=[1.0]), "number of returns is not the number of episodes"),
        (lambda t: t["evaluation"].update(returns=["1"]), "a mistake at evaluation"),
        (lambda t: t["evaluation"].update(more=1), "a mistake at evaluation"),
        (lambda t: t.update(evaluation=[]), "a mistake at evaluation"),
        (lambda t: t.update(created="yesterday"), "a mistake at created"),
        (lambda t: t["network"].update(hidden=[]), "does not hold the arrays of its network"),
        (lambda t: t["network"].update(hidden=[3, 3]), "'dense2/bias' is missing"),
        (lambda t: t["network"].update(hidden=[4]), r"dense1/kernel is float32 [4, 3] instead of float32 [4, 4]"),
        (lambda t: t["network"].update(kind="nature"), "describes a network that cannot be built"),
        (lambda t: t["network"].update(hidden=[4096] * 8), "larger than a model file can be"),
        (
            # 698 x 698 places x 9 x 4 x 16, then 7.8 million inputs x 2: few weights, but much work.
            lambda t: (t["network"].update(kind="minatar", hidden=[]), t.update(observation_shape=[700, 700, 4])),
            "needs 296,220,032 multiplications for one action; at most 268,435,456 are allowed",
        ),
    ],
)
def test_descriptions_that_are_refused(path: Path, change: Callable[[dict[str, Any]], Any], sentence: str) -> None:
    assert sentence in refusal(rewritten(path, change))


def test_a_description_that_is_no_json(path: Path) -> None:
    for text, words in [
        ("", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"format": NaN}', "holds NaN"),
        ("[" * 30_000, "nested too deeply"),
        ('{"format": 1, "format": 1}', "the same key twice"),
        ('{"format": 1, "title": "\\ud800"}', "a mistake at"),
    ]:
        path.write_bytes(save(WEIGHTS, {"arcade_dqn": text}))
        assert words in refusal(path)


def test_arrays_that_are_not_those_of_the_network(path: Path) -> None:
    for wrong in (
        {name: array for name, array in WEIGHTS.items() if name != "q/bias"},
        {**WEIGHTS, "extra": np.zeros(1, np.float32)},
        {**WEIGHTS, "q/bias": np.zeros(2, np.float64)},
        {**WEIGHTS, "q/bias": np.zeros((2, 1), np.float32)},
        {**WEIGHTS, "q/kernel": WEIGHTS["q/kernel"].T.copy()},
    ):
        assert "does not hold the arrays of its network" in refusal(rewritten(path, lambda table: None, wrong))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite(path: Path, value: float) -> None:
    weights = {**WEIGHTS, "q/bias": np.array([0, value], np.float32)}
    rewritten(path, lambda table: None, weights)
    assert read_info(path) == INFO
    with pytest.raises(ModelFileError, match="holds weights that are not finite"):
        load_model(path)


def test_games_that_cannot_be_played_here(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for game in ("NoSuchGame-v7", "cartpole", "ALE/NoSuchGame-v5"):
        rewritten(path, lambda table, game=game: table.update(game=game))  # type: ignore[misc]
        assert read_info(path).game == game
        with pytest.raises(ModelFileError, match=f"is a model for {game}, which"):
            load_model(path)
    rewritten(path, lambda table: table.update(game="ALE/Pong-v5"))
    load_model(path)
    monkeypatch.setattr("arcade_dqn.games.info.GameInfo.installed", lambda self: False)
    with pytest.raises(ModelFileError, match=r"ALE/Pong-v5, which is not installed; pip install .*atari.* installs it"):
        load_model(path)


def test_a_header_that_claims_much_allocates_nothing(path: Path) -> None:
    data = path.read_bytes()
    claims = [
        (2**63 - 1).to_bytes(8, "little") + data[8:],
        (10**9).to_bytes(8, "little") + data[8:],
        data.replace(b'"data_offsets":[0,', b'"data_offsets":[9,'),
    ]
    table = json.loads(header_of(path))
    table["q/bias"] = {"dtype": "F32", "shape": [2**30], "data_offsets": [0, 2**32]}
    text = json.dumps(table).encode()
    claims.append(len(text).to_bytes(8, "little") + text + data[-100:])
    tracemalloc.start()
    for claim in claims:
        path.write_bytes(claim)
        refusal(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 2**20


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_files_give_the_model_or_the_one_error(path: Path, data: st.DataObject) -> None:
    content = (
        bytearray(path.read_bytes())
        if not path.with_name("original").exists()
        else bytearray(path.with_name("original").read_bytes())
    )
    path.with_name("original").write_bytes(content)
    for _ in range(data.draw(st.integers(1, 4))):
        # Mostly in the header, where there is something to understand.
        position = data.draw(st.integers(0, len(content) - 1))
        content[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path.write_bytes(content)
    try:
        info, weights = load_model(path)
    except ModelFileError as error:
        sentence = str(error)
        assert sentence.isprintable()
        return
    assert info.n_actions == 2
    assert all(np.isfinite(array).all() for array in weights.values())


def test_every_header_byte_flipped(path: Path) -> None:
    data = path.read_bytes()
    flipped = path.with_name("flipped")
    for position in range(8 + len(header_of(path))):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        flipped.write_bytes(changed)
        try:
            read_info(flipped)
        except ModelFileError as error:
            sentence = str(error)
            assert sentence.isprintable()


# --- saving ----------------------------------------------------------------------------------------------------------


def test_weights_that_are_not_finite_never_replace_a_good_model(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ModelFileError, match="not saved to .*: the weights q/bias are not finite"):
        save_model(path, INFO, {**WEIGHTS, "q/bias": np.array([0, np.nan], np.float32)})
    assert path.read_bytes() == before


def test_what_could_not_be_read_back_is_not_saved(path: Path) -> None:
    before = path.read_bytes()
    for info, weights in [
        (replace(INFO, game="module:Env"), WEIGHTS),
        (replace(INFO, n_actions=3), WEIGHTS),
        (replace(INFO, title="x" * 500), WEIGHTS),
        (INFO, {**WEIGHTS, "q/bias": np.zeros(3, np.float32)}),
        (INFO, {**WEIGHTS, "q/bias": np.zeros(2)}),
        (INFO, {"q/bias": WEIGHTS["q/bias"]}),
        (replace(INFO, evaluation=replace(Evaluation.from_returns([1.0], 1), std=math.nan, episodes=2000)), WEIGHTS),
    ]:
        with pytest.raises(ModelFileError):
            save_model(path, info, weights)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_full_disk_keeps_the_old_model(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full"):
        save_model(path, replace(INFO, title="new"), WEIGHTS)
    assert path.read_bytes() == before


def test_weights_in_another_memory_order_are_saved_right(tmp_path: Path) -> None:
    weights = {name: np.asarray(array, order="F") for name, array in WEIGHTS.items()}
    save_model(tmp_path / "m", INFO, weights)
    np.testing.assert_array_equal(load_model(tmp_path / "m")[1]["dense1/kernel"], WEIGHTS["dense1/kernel"])
