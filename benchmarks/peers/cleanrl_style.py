"""DQN on MinAtar Breakout, as plain as CleanRL's and with the settings that CleanRL publishes for pixel games.

    python -m benchmarks.peers.cleanrl_style SEED --learning-starts 5000 --epsilon 0.01

Written here, after those settings: Adam 1e-4, discount 0.99, replay of 1,000,000 observations with the next one in the
next place, batch 32, an update every 4 steps, a copy to the target network every 1,000 steps, squared error, one
vectorised environment of a single copy. The network is MinAtar's (16 filters of 3 x 3, 128 units), as on the other
side. Writing to TensorBoard is left out, which only makes it faster. The steps before learning starts are not measured,
and epsilon stays at its last value, where a run spends most of its time.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator

import gymnasium
import minatar.gym
import numpy as np
import torch
import torch.nn.functional as f
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from benchmarks.peers import threads
from benchmarks.peers.torch_updates import QNetwork
from benchmarks.worker import own_standard_output, serve

GAME = "MinAtar/Breakout-v1"
LEARNING_RATE = 1e-4
DISCOUNT = 0.99
CAPACITY = 1_000_000
BATCH_SIZE = 32
TRAIN_EVERY = 4
TARGET_EVERY = 1_000
HIDDEN = [128]


def make_game() -> gymnasium.Env:
    return gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make(GAME))


class Replay:
    """One array of observations; the one that follows lies in the next place."""

    def __init__(self, shape: tuple[int, ...], device: torch.device) -> None:
        self.observations = np.zeros((CAPACITY, *shape), bool)
        self.actions = np.zeros(CAPACITY, np.int64)
        self.rewards = np.zeros(CAPACITY, np.float32)
        self.dones = np.zeros(CAPACITY, np.float32)
        self.place, self.size = 0, 0
        self._device = device

    def add(self, before: np.ndarray, action: int, reward: float, done: bool, after: np.ndarray) -> None:
        place = self.place
        self.observations[place] = before
        self.observations[(place + 1) % CAPACITY] = after
        self.actions[place], self.rewards[place], self.dones[place] = action, reward, done
        self.place = (place + 1) % CAPACITY
        self.size = min(self.size + 1, CAPACITY)

    def sample(self) -> list[torch.Tensor]:
        # The newest place has no next one yet when the ring is full.
        back = np.random.randint(0, self.size - 1, BATCH_SIZE) + 1
        rows = (self.place - 1 - back) % CAPACITY
        after = self.observations[(rows + 1) % CAPACITY]
        columns = (self.observations[rows], self.actions[rows], self.rewards[rows], self.dones[rows], after)
        return [torch.as_tensor(column).to(self._device) for column in columns]


class Training:
    """The whole program, in a form that can stop and go on."""

    def __init__(self, seed: int, learning_starts: int, epsilon: float) -> None:
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.games = SyncVectorEnv([make_game], autoreset_mode=AutoresetMode.SAME_STEP)
        self._seed, self._learning_starts, self._epsilon = seed, learning_starts, epsilon
        shape = self.games.single_observation_space.shape
        space = self.games.single_action_space
        assert shape is not None and isinstance(space, gymnasium.spaces.Discrete)
        self._n_actions = int(space.n)
        self._online = QNetwork("minatar", HIDDEN, shape, self._n_actions).to(self.device)
        self._target = QNetwork("minatar", HIDDEN, shape, self._n_actions).to(self.device)
        self._target.load_state_dict(self._online.state_dict())
        self._optimizer = torch.optim.Adam(self._online.parameters(), lr=LEARNING_RATE)
        self.replay = Replay(shape, self.device)
        self.step = 0
        self.updates = 0

    def steps(self) -> Iterator[bool]:
        """One step of the game after the other; true where it brought a gradient step."""
        observations, _ = self.games.reset(seed=self._seed)
        while True:
            if self.step < self._learning_starts or random.random() < self._epsilon:
                actions = np.array([random.randrange(self._n_actions)])
            else:
                with torch.no_grad():
                    q = self._online(torch.as_tensor(observations).to(self.device))
                actions = q.argmax(dim=1).cpu().numpy()
            after, rewards, terminations, truncations, infos = self.games.step(actions)
            last = after
            if terminations[0] or truncations[0]:
                last = np.stack(list(infos["final_obs"]))
            self.replay.add(observations[0], actions[0], rewards[0], terminations[0], last[0])
            observations = after
            self.step += 1
            learns = self.step > self._learning_starts and self.step % TRAIN_EVERY == 0
            if learns:
                self.learn()
            if self.step % TARGET_EVERY == 0:
                self._target.load_state_dict(self._online.state_dict())
            yield learns

    def learn(self) -> None:
        """One gradient step."""
        before, actions, rewards, dones, after = self.replay.sample()
        with torch.no_grad():
            target = rewards + DISCOUNT * self._target(after).max(dim=1).values * (1 - dones)
        q = self._online(before).gather(1, actions[:, None]).squeeze(1)
        loss = f.mse_loss(q, target)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self.updates += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("--learning-starts", type=int, required=True)
    parser.add_argument("--epsilon", type=float, required=True)
    options = parser.parse_args()
    write = own_standard_output()
    minatar.gym.register_envs()
    training = Training(options.seed, options.learning_starts, options.epsilon)
    steps = training.steps()
    while not next(steps):
        pass

    def run(question: dict[str, float]) -> dict[str, float]:
        threads.use(int(question["threads"]), lambda: _until_update(steps))
        step, updates, begun = training.step, training.updates, time.perf_counter()
        while time.perf_counter() - begun < question["seconds"]:
            _until_update(steps)
        elapsed = time.perf_counter() - begun
        return {"steps": training.step - step, "updates": training.updates - updates, "seconds": elapsed}

    write({"ready": "cleanrl_style", "threads": threads.NUMBERS, "device": str(training.device), "seed": options.seed})
    serve(write, run)


def _until_update(steps: Iterator[bool]) -> None:
    while not next(steps):
        pass


if __name__ == "__main__":
    main()
