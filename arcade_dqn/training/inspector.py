"""A look into the replay buffer while it trains: its contents in numbers, and single transitions.

Looking changes nothing: no random number is drawn from the run's generators, no priority moves. It costs the training
the time it takes, about 5 ms for a buffer of 50,000 and 50 ms for a million Atari transitions.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from arcade_dqn.acting.policy import Policy
from arcade_dqn.replay.buffer import Batch, ReplayBuffer, Scalars
from arcade_dqn.replay.contents import contents

SAMPLE, PICTURE_SAMPLE = 256, 64
"""Transitions whose errors are worked out: of vectors and MinAtar's cells, and of pictures, which take longer."""


class Inspector:
    """Looks into one replay buffer, with the Q-values of a policy."""

    def __init__(
        self,
        replay: ReplayBuffer,
        policy: Policy,
        *,
        game: str,
        actions: Sequence[str],
        n_step: int,
        inputs: Sequence[str] = (),
    ) -> None:
        """`game` is its id, `actions` and `inputs` are the names of its actions and of what an observation holds."""
        self._replay = replay
        self._played = policy
        self._about = {"game": game, "action_names": list(actions), "input_names": list(inputs), "n_step": n_step}
        self._policy: Policy | None = None

    def look(self, step: int, number: int | None, jump: str) -> dict[str, Any]:
        """What the buffer holds at the run's `step`, and one transition, for an event.

        The transition is the one with this `number` (None: the newest), or the nearest one that is still there. `jump`
        "end" or "reward" goes on from it to the next older one whose n steps end in a terminal state (an episode that
        is cut off has none) or that has a reward that is not zero, beginning again at the newest after the oldest;
        `found` says whether there is one. "surprise" goes to the largest error of a sample. The buffer must not be
        empty.
        """
        replay = self._replay
        scalars = replay.scalars()
        policy = self._silent_policy()
        # Of transitions evenly spread over all ages, so that two looks at the same buffer tell the same.
        size = PICTURE_SAMPLE if replay.frame_dtype == np.uint8 else SAMPLE
        sample = np.unique(np.linspace(replay.oldest, replay.added - 1, min(size, len(replay))).astype(np.int64))
        errors = _errors(policy, replay.get(sample))
        here, found = self._find(scalars, number, jump, int(sample[errors.argmax()]))
        return {
            "step": step,
            **self._about,
            "contents": asdict(contents(scalars, policy.n_actions, errors)),
            "errors_of": len(sample),
            "found": found,
            "transition": self._transition(policy, scalars, here),
        }

    def _silent_policy(self) -> Policy:
        """The newest weights, without noise: a copy, because the loop's own may be in the middle of an episode."""
        mine, played = self._policy, self._played
        if mine is None:
            mine = Policy(played.network, played.observation_shape, played.n_actions, played.weights)
            self._policy = mine
        mine.set_weights(played.weights)
        return mine

    def _find(self, scalars: Scalars, number: int | None, jump: str, surprise: int) -> tuple[int, bool]:
        replay = self._replay
        newest = replay.added - 1
        here = newest if number is None else min(max(number, replay.oldest), newest)
        if jump == "surprise":
            return surprise, True
        if jump in ("end", "reward"):
            wanted = np.flatnonzero(scalars.discount_t == 0 if jump == "end" else scalars.r_t != 0)
            if not len(wanted):
                return here, False
            older = wanted[wanted < here - replay.oldest]
            here = replay.oldest + int(older[-1] if len(older) else wanted[-1])
        return here, True

    def _transition(self, policy: Policy, scalars: Scalars, number: int) -> dict[str, Any]:
        replay = self._replay
        batch = replay.get(np.array([number]))
        row = number - replay.oldest
        error = None if scalars.error is None else float(scalars.error[row])
        return {
            "number": number,
            "age": replay.added - 1 - number,
            "oldest": replay.oldest,
            "newest": replay.added - 1,
            "a_tm1": int(batch.a_tm1[0]),
            "r_t": float(batch.r_t[0]),
            "discount_t": float(batch.discount_t[0]),
            "s_tm1": _packed(batch.s_tm1[0]),
            "s_t": _packed(batch.s_t[0]),
            "q_tm1": policy.q_values(batch.s_tm1)[0].tolist(),
            "q_t": policy.q_values(batch.s_t)[0].tolist(),
            "td_error": float(_errors(policy, batch, signed=True)[0]),
            "last_error": error if error is not None and np.isfinite(error) else None,
        }


def _errors(policy: Policy, batch: Batch, *, signed: bool = False) -> np.ndarray:
    """Temporal-difference errors [n] of transitions [n], or their sizes, with the newest weights on both sides."""
    q_tm1 = policy.q_values(batch.s_tm1)[np.arange(len(batch.a_tm1)), batch.a_tm1]
    target = batch.r_t + batch.discount_t * policy.q_values(batch.s_t).max(axis=1)
    error: np.ndarray = target - q_tm1
    return error if signed else np.abs(error)


def _packed(observation: np.ndarray) -> dict[str, Any]:
    """An observation as text: dtype, shape, and the bytes in base64."""
    data = np.ascontiguousarray(observation)
    return {
        "dtype": str(data.dtype),
        "shape": list(data.shape),
        "data": base64.b64encode(data.tobytes()).decode("ascii"),
    }
