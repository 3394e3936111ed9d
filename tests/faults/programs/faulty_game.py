"""The trainer, with a game that misbehaves: `FAULTY=hang@300 python faulty_game.py RUN_DIR`.

The game is `Faulty-v0`. What it does in its 300th step is one of `Faulty.step`; without FAULTY it is well. Hanging is
told after FAULTY_PATIENCE seconds. `faulty_game.py arcade-dqn train Faulty-v0` is the command line, with that game.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Faulty(gymnasium.Env[Any, Any]):
    """Four numbers, two actions, a reward of one a step; an episode has 50 steps."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}

    def __init__(self, render_mode: str | None = None, fault: str = "", at: int = 0) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Box(-1, 1, (4,), np.float32)
        self.action_space = spaces.Discrete(2)
        self._fault, self._at = fault, at
        self._steps = self._length = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self._length = 0
        return self._numbers(), {}

    def _numbers(self) -> np.ndarray:
        return self.np_random.uniform(-1, 1, 4).astype(np.float32)

    def step(self, action: Any) -> Any:
        self._steps += 1
        self._length += 1
        numbers, reward = self._numbers(), 1.0
        if self._steps == self._at:
            match self._fault:
                case "raise":
                    raise RuntimeError("the game\nbroke")
                case "hang":
                    print("the game hangs", file=sys.stderr, flush=True)
                    while True:
                        time.sleep(0.1)
                case "nan":
                    numbers[2] = np.nan
                case "inf":
                    numbers[2] = -np.inf
                case "reward":
                    reward = float("nan")
                case "shape":
                    numbers = numbers[:3]
                case "nothing":
                    numbers = None  # type: ignore[assignment]
        return numbers, reward, self._length >= 50, False, {}

    def render(self) -> Any:
        return np.zeros((8, 8, 3), np.uint8)


def main() -> int:
    fault, _, at = os.environ.get("FAULTY", "").partition("@")
    gymnasium.register("Faulty-v0", Faulty, kwargs={"fault": fault, "at": int(at or 0)})
    from arcade_dqn.training import __main__, watchdog

    watchdog.PATIENCE = float(os.environ.get("FAULTY_PATIENCE", watchdog.PATIENCE))
    if sys.argv[1:2] == ["arcade-dqn"]:
        from arcade_dqn.cli.main import main as command_line

        return command_line(sys.argv[2:])
    return __main__.main()


if __name__ == "__main__":
    sys.exit(main())
