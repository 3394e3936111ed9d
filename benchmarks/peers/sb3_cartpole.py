"""Stable-Baselines3's DQN on CartPole-v1 with RL Zoo's tuned settings, until it is solved.

    python -m benchmarks.peers.sb3_cartpole SEED --every 1024 --episodes 10 --final-episodes 100 --stop-score 475

Judged as this project's own runs are: every so many steps a greedy evaluation; if it reaches the score, a longer one on
other episodes must confirm it; a third one, on episodes that decided nothing, is the result. The clock stands still
meanwhile, and runs from the first step to the last gradient step.
"""

from __future__ import annotations

import argparse
import time

import gymnasium
import numpy as np
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import BaseCallback

from benchmarks.peers import threads
from benchmarks.worker import own_standard_output

STEPS = 50_000
LEARNING_STARTS = 1_000
_QUICK, _CONFIRMING, _FINAL = range(3)


def build(seed: int, *, learning_starts: int = LEARNING_STARTS) -> DQN:
    """RL Zoo's tuned settings for CartPole-v1."""
    return DQN(
        "MlpPolicy",
        "CartPole-v1",
        learning_rate=2.3e-3,
        batch_size=64,
        buffer_size=100_000,
        learning_starts=learning_starts,
        gamma=0.99,
        target_update_interval=10,
        train_freq=256,
        gradient_steps=128,
        exploration_fraction=0.16,
        exploration_final_eps=0.04,
        policy_kwargs={"net_arch": [256, 256]},
        seed=seed,
    )


def evaluate(model: DQN, episodes: int, seed: int, stream: int) -> float:
    """Mean score of greedy play, all episodes at once; the seeds lie where training never comes."""
    games = [gymnasium.make("CartPole-v1") for _ in range(episodes)]
    first = 1_000_000_000 + seed * 100_000 + stream * 10_000
    observations = np.stack([game.reset(seed=first + i)[0] for i, game in enumerate(games)])
    scores = np.zeros(episodes)
    alive = np.arange(episodes)
    while len(alive):
        with torch.no_grad():
            q = model.q_net(torch.as_tensor(observations[alive], device=model.device))
        over = []
        for i, action in zip(alive, q.argmax(dim=1).cpu().numpy(), strict=True):
            observations[i], reward, terminated, truncated, _ = games[i].step(action)
            scores[i] += reward
            if terminated or truncated:
                over.append(i)
        alive = np.setdiff1d(alive, over)
    return float(scores.mean())


class Judge(BaseCallback):
    """Evaluates between two rollouts and stops the training when the game is solved. Keeps the time of training."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__()
        self._options = options
        self._next = options.every
        self._since: float | None = None
        self.solved = False
        self.seconds = 0.0

    def _on_rollout_start(self) -> None:
        # Every rollout is followed by its gradient steps: here the ones of the rollout before are done.
        self._pause()
        if self.num_timesteps >= self._next:
            self._next += self._options.every
            self.solved = self._judge(self._options.episodes, _QUICK) and self._judge(
                self._options.final_episodes, _CONFIRMING
            )
        self._since = time.perf_counter()

    def _on_step(self) -> bool:
        return not self.solved

    def _on_training_end(self) -> None:
        self._pause()

    def _pause(self) -> None:
        if self._since is not None:
            self.seconds += time.perf_counter() - self._since
            self._since = None

    def _judge(self, episodes: int, stream: int) -> bool:
        assert isinstance(self.model, DQN)
        return evaluate(self.model, episodes, self._options.seed, stream) >= self._options.stop_score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("--every", type=int, required=True)
    parser.add_argument("--episodes", type=int, required=True)
    parser.add_argument("--final-episodes", type=int, required=True)
    parser.add_argument("--stop-score", type=float, required=True)
    options = parser.parse_args()
    write = own_standard_output()
    trial = build(options.seed, learning_starts=128)
    trial.learn(256)
    number = threads.choose(lambda: trial.train(gradient_steps=16, batch_size=64))
    model, judge = build(options.seed), Judge(options)
    model.learn(STEPS, callback=judge)
    mean = evaluate(model, options.final_episodes, options.seed, _FINAL)
    write(
        {
            "seed": options.seed,
            "solved": mean >= options.stop_score,
            "stopped": judge.solved,
            "mean": mean,
            "steps": model.num_timesteps,
            "seconds": judge.seconds,
            "threads": number,
            "device": str(model.device),
        }
    )


if __name__ == "__main__":
    main()
