"""The shipped agents against their cards."""

from __future__ import annotations

import importlib
import itertools
import re
import shlex
from pathlib import Path

import pytest

from arcade_dqn.config import build
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.games.find import find
from arcade_dqn.stage.evaluate import evaluate
from arcade_dqn.stage.source import SavedModel
from arcade_dqn.storage.paths import saved_models_dir

ROOT = Path(__file__).resolve().parents[1]
AGENTS = sorted(saved_models_dir().glob("*/agent.safetensors"))
EPISODES = 5
LONG_EPISODES = 2
"""Of Atari, whose episodes take thousands of steps. The bound below knows how many there were."""


def test_there_are_agents() -> None:
    assert len(AGENTS) >= 13


@pytest.mark.parametrize("path", AGENTS, ids=lambda path: path.parent.name)
def test_an_agent_scores_what_its_card_says(path: Path) -> None:
    source = SavedModel(path)
    card = source.evaluation()
    assert card is not None
    assert source.policy is not None
    assert path.parent.name == source.info.slug
    # Other episodes than the card's: their mean lies within four standard errors of it (and rounding).
    episodes = LONG_EPISODES if source.info.family == "atari" else EPISODES
    played = evaluate(source.policy, find(source.info.id), source.environment, episodes=episodes, seed=31)
    assert abs(played.mean - card.mean) <= 4 * card.std / episodes**0.5 + 0.01 * abs(card.mean)


@pytest.mark.parametrize("path", AGENTS, ids=lambda path: path.parent.name)
def test_the_card_tells_what_the_file_holds(path: Path) -> None:
    model = SavedModel(path).model
    card = (path.parent / "card.md").read_text("utf-8")
    assert model.evaluation is not None
    assert f"**{model.evaluation.mean:.1f}**" in card
    assert f"{model.training.steps:,} steps" in card
    assert f"`arcade-dqn train {model.game} --preset {model.training.preset} --seed {model.training.seed}" in card
    assert re.search(r"\| commit \| [0-9a-f]{7,} \|", card)
    assert (path.parent / "curve.png").stat().st_size > 10_000


def test_the_table_of_agents_tells_the_same() -> None:
    rows = {}
    for line in (ROOT / "saved_models" / "README.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and any(cells[0] == info.id for info in GAMES):
            rows[cells[0]] = cells
    assert len(rows) == len(AGENTS)
    for path in AGENTS:
        model = SavedModel(path).model
        assert model.evaluation is not None
        mean, steps, preset = model.evaluation.mean, model.training.steps, model.training.preset
        assert rows[model.game][1] == f"{mean:.1f}"
        assert rows[model.game][4:] == [f"{steps:,}", f"`{preset}`"]


def test_all_agents_together_are_small() -> None:
    total = sum(file.stat().st_size for file in saved_models_dir().rglob("*") if file.is_file())
    assert total < 40 * 1024 * 1024


def test_a_cards_command_says_all_that_is_not_the_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    command = importlib.import_module("ship").command
    changed = {"run.seed": 7, "run.steps": 500, "evaluation.stop_score": 18.0, "evaluation.stop_when_solved": False}
    words = shlex.split(command(build("CartPole-v1", "cartpole", changed)))
    assert words[:7] == ["arcade-dqn", "train", "CartPole-v1", "--preset", "cartpole", "--seed", "7"]
    sets = dict(word.split("=") for flag, word in itertools.pairwise(words) if flag == "--set")
    assert build("CartPole-v1", "cartpole", {"run.seed": 7, "run.steps": int(words[8]), **sets}) == build(
        "CartPole-v1", "cartpole", changed
    )
    with pytest.raises(ValueError, match="not trained with the preset cartpole as it is"):
        command(build("CartPole-v1", "cartpole", {"learning.discount": 0.5}))
