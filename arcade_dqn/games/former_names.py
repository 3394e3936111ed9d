"""Names of games in older books, papers and versions of Gymnasium, and what they are called today. Pure data."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Former(NamedTuple):
    """Today's id of a game, and what differs from what the old name meant."""

    id: str
    differs: str


_NAMES: Final = {
    "CartPole-v0": Former("CartPole-v1", "an episode lasts up to 500 steps instead of 200, so scores are higher"),
    "Acrobot-v0": Former(
        "Acrobot-v1",
        "an episode lasts up to 500 steps instead of 200, and an observation is sines and cosines, not angles",
    ),
    "Pendulum-v0": Former("Pendulum-v1", "the game is the same"),
    "LunarLander-v2": Former("LunarLander-v3", "nothing is left of the episode before, the wind included"),
    "Taxi-v3": Former("Taxi-v4", "its rain and its fickle passenger work as described; without them it is the same"),
    "Taxi-v2": Former("Taxi-v4", "its map was corrected, so scores do not compare"),
    "CliffWalking-v0": Former("CliffWalking-v1", "it has a slippery form, too; without that it is the same"),
    "Blackjack-v0": Former("Blackjack-v1", "naturals are handled as they should be"),
    "FrozenLake-v0": Former("FrozenLake-v1", "its rewards were corrected"),
    "CarRacing-v2": Former("CarRacing-v3", "a finished lap ends the episode instead of cutting it off"),
    "CarRacing-v1": Former("CarRacing-v3", "a finished lap ends the episode instead of cutting it off"),
}
_ATARI: Final = re.compile(r"([A-Z][A-Za-z]+?)(NoFrameskip|Deterministic)-v([04])")
_BARE_ATARI: Final = re.compile(
    r"(Pong|Breakout|Freeway|Seaquest|SpaceInvaders|Qbert|BeamRider|Enduro|MsPacman)-v([04])"
)


def former(text: str) -> Former | None:
    """What is played today under an old name; None for a text that is none."""
    if text in _NAMES:
        return _NAMES[text]
    if found := _ATARI.fullmatch(text):
        name, kind, version = found[1], found[2], found[3]
        held = "one frame, and wrappers held it for 4" if kind == "NoFrameskip" else "4 frames"
    elif found := _BARE_ATARI.fullmatch(text):
        name, version, held = found[1], found[2], "2 to 4 frames by chance"
    else:
        return None
    sticky = (
        "the console repeats the previous action with a probability of 0.25, which it did there, too"
        if version == "0"
        else "the console repeats the previous action with a probability of 0.25, which it did not there: "
        "--set environment.sticky_actions=0 compares"
    )
    return Former(f"ALE/{name}-v5", f"an action is held for 4 frames (there: {held}), and {sticky}")
