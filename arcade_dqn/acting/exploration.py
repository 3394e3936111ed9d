"""Epsilon: how likely the agent is to try a random action."""

from __future__ import annotations

from arcade_dqn.config import ExplorationSettings


class EpsilonSchedule:
    """Epsilon as a pure function of the counters, so that a resumed run continues it exactly."""

    def __init__(self, settings: ExplorationSettings) -> None:
        self._settings = settings

    def value(self, step: int, episode: int) -> float:
        """Epsilon after `step` steps and `episode` finished episodes, both counted from the start of the run."""
        s = self._settings
        progress = min(1.0, step / s.decay_steps)
        match s.schedule:
            case "linear":
                return s.epsilon_start + (s.epsilon_end - s.epsilon_start) * progress
            case "exponential":
                return float(s.epsilon_start * (s.epsilon_end / s.epsilon_start) ** progress)
            case "episode":
                return max(s.epsilon_end, s.epsilon_start * s.episode_decay**episode)
