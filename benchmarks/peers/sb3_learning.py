"""Stable-Baselines3's DQN with RL Zoo's tuned settings, trained for a fixed number of steps and scored at the end.

    python -m benchmarks.peers.sb3_learning GAME SEED STEPS EPISODES

The score is that of the final policy over greedy episodes on seeds where training never comes. The settings are those
of `hyperparams/dqn.yml` in RL Zoo; CartPole's are in `sb3_cartpole`, which asks for the same.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import DQN

from benchmarks.peers import threads
from benchmarks.peers.sb3_cartpole import build as build_cartpole
from benchmarks.worker import own_standard_output

_LANDER_AND_ACROBOT: dict[str, Any] = {
    "learning_rate": 6.3e-4,
    "batch_size": 128,
    "buffer_size": 50_000,
    "learning_starts": 0,
    "gamma": 0.99,
    "target_update_interval": 250,
    "train_freq": 4,
    "gradient_steps": -1,
    "exploration_fraction": 0.12,
    "exploration_final_eps": 0.1,
}
ZOO: dict[str, dict[str, Any]] = {
    "Acrobot-v1": _LANDER_AND_ACROBOT,
    "LunarLander-v3": _LANDER_AND_ACROBOT,
    "MountainCar-v0": {
        "learning_rate": 4e-3,
        "batch_size": 128,
        "buffer_size": 10_000,
        "learning_starts": 1_000,
        "gamma": 0.98,
        "target_update_interval": 600,
        "train_freq": 16,
        "gradient_steps": 8,
        "exploration_fraction": 0.2,
        "exploration_final_eps": 0.07,
    },
}
GAMES = ("CartPole-v1", *ZOO)
"""Pendulum has continuous actions, which RL Zoo's DQN does not play."""


def build(game: str, seed: int) -> DQN:
    """RL Zoo's agent for this game."""
    if game == "CartPole-v1":
        return build_cartpole(seed)
    return DQN("MlpPolicy", game, policy_kwargs={"net_arch": [256, 256]}, seed=seed, **ZOO[game])


def scores(model: DQN, game: str, episodes: int, seed: int) -> list[float]:
    """The raw scores of greedy episodes, one after the other."""
    env = gymnasium.make(game)
    found = []
    for episode in range(episodes):
        observation, _ = env.reset(seed=1_000_000_000 + seed * 100_000 + episode)
        total, over = 0.0, False
        while not over:
            with torch.no_grad():
                q = model.q_net(torch.as_tensor(observation[None], device=model.device))
            observation, reward, terminated, truncated, _ = env.step(int(q.argmax()))
            total += float(reward)
            over = terminated or truncated
        found.append(total)
    env.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("game", choices=GAMES)
    parser.add_argument("seed", type=int)
    parser.add_argument("steps", type=int)
    parser.add_argument("episodes", type=int)
    options = parser.parse_args()
    write = own_standard_output()
    trial = build(options.game, options.seed)
    trial.learning_starts = 128
    trial.learn(256)
    number = threads.choose(lambda: trial.train(gradient_steps=16, batch_size=trial.batch_size))
    model = build(options.game, options.seed)
    begun = time.perf_counter()
    model.learn(options.steps)
    seconds = time.perf_counter() - begun
    found = np.array(scores(model, options.game, options.episodes, options.seed))
    write(
        {
            "game": options.game,
            "seed": options.seed,
            "steps": options.steps,
            "seconds": seconds,
            "episodes": options.episodes,
            "mean": float(found.mean()),
            "std": float(found.std()),
            "min": float(found.min()),
            "max": float(found.max()),
            "threads": number,
        }
    )


if __name__ == "__main__":
    main()
