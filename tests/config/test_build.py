"""How settings are put together, and what is said of a mistake."""

from __future__ import annotations

import pytest

from arcade_dqn.config import SettingsError, build


def test_layers_of_settings() -> None:
    settings = build("CartPole-v1", "cartpole", ["learning.learning_rate=0.5", "network.hidden=8,4"])
    assert settings.preset == "cartpole"
    assert settings.learning.learning_rate == 0.5  # the override
    assert settings.network.hidden == (8, 4)
    assert settings.evaluation.stop_score == 500  # the preset
    assert settings.learning.double is True  # the preset that it extends
    assert settings.learning.discount == 0.99  # the field's default


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "learning.learning_rate=5",
            "learning.learning_rate = 5 is not allowed; it must be a number from 1e-07 to 1",
        ),
        ("run.seed=1.5", "run.seed = 1.5 is not allowed; it must be a whole number from 0 to 2,147,483,647"),
        ("learning.loss=l1", "learning.loss = 'l1' is not allowed; it must be huber or mse"),
        ("learning.double=perhaps", "it must be true or false"),
        ("network.hidden=64,many", "it must be whole numbers from 1 to 4096 separated by commas, such as 120,84"),
        ("network.hidden=64,0", "it must be whole numbers from 1 to 4096"),
        ("evaluation.stop_score=high", "it must be a number from -1,000,000,000 to 1,000,000,000, or none"),
        ("learning.discount=nan", "learning.discount = "),
        ("batch_size=32", "there is no setting named 'batch_size'; did you mean learning.batch_size?"),
        ("learning.gamma=0.99", "did you mean learning.discount?"),
        ("buffer_size=1000", "did you mean replay.capacity?"),
        ("learning.learnin_rate=1", "did you mean learning.learning_rate"),
        ("learning.learning_rate", "has no value; write it as section.name=value"),
        ("replay.capacity=10", "replay.learning_start = 1000 is more than replay.capacity = 10"),
    ],
)
def test_every_mistake_is_one_clear_sentence(override: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        build("CartPole-v1", "cartpole", [override])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_text_becomes_what_it_means() -> None:
    settings = build(
        "x",
        {},
        {
            "run.steps": "2_000_000",
            "replay.capacity": "1e5",
            "learning.double": "Yes",
            "evaluation.stop_score": "none",
            "network.hidden": "[16, 8]",
        },
    )
    assert settings.run.steps == 2_000_000
    assert settings.replay.capacity == 100_000
    assert settings.learning.double is True
    assert settings.evaluation.stop_score is None
    assert settings.network.hidden == (16, 8)
