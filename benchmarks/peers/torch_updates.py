"""Gradient steps in PyTorch, one after the other: sample, target, loss, backward, clip, Adam, target network.

    python -m benchmarks.peers.torch_updates WORK.json DATA.npz SEED

This is how CleanRL, Stable-Baselines3 and most tutorials do it. The replay is the usual one, arrays of whole
observations before and after each step. What to learn is told by `rows/updates.py`, the same to both sides.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.peers import threads
from benchmarks.worker import own_standard_output, serve

_CONVOLUTIONS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "mlp": (),
    "minatar": ((16, 3, 1),),
    "nature": ((32, 8, 4), (64, 4, 2), (64, 3, 1)),
}
"""(filters, size, stride) of each convolution."""


class QNetwork(nn.Module):
    """The same layers as this project's: convolutions, dense hidden layers, one output for each action."""

    def __init__(self, kind: str, hidden: list[int], observation_shape: tuple[int, ...], n_actions: int) -> None:
        super().__init__()
        # MinAtar shows [height, width, channels], a stack of frames is [stack, height, width].
        self._channels_last = kind == "minatar"
        self._scale = 1 / 255 if kind == "nature" else 1.0
        layers: list[nn.Module] = []
        channels = observation_shape[-1] if self._channels_last else observation_shape[0]
        for filters, size, stride in _CONVOLUTIONS[kind]:
            layers += [nn.Conv2d(channels, filters, size, stride), nn.ReLU()]
            channels = filters
        layers.append(nn.Flatten())
        with torch.no_grad():
            inputs = nn.Sequential(*layers)(self._prepared(torch.zeros(1, *observation_shape))).shape[1]
        for units in hidden:
            layers += [nn.Linear(inputs, units), nn.ReLU()]
            inputs = units
        self.layers = nn.Sequential(*layers, nn.Linear(inputs, n_actions))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        q: torch.Tensor = self.layers(self._prepared(observations))
        return q

    def _prepared(self, observations: torch.Tensor) -> torch.Tensor:
        x = observations.float()
        if self._scale != 1.0:
            x = x * self._scale
        return x.permute(0, 3, 1, 2) if self._channels_last else x


class Replay:
    """Whole observations before and after each step, sampled uniformly."""

    def __init__(self, data: Any, stack: int, discount: float, seed: int, device: torch.device) -> None:
        frames, begins = data["frames"], data["begins"]
        steps = np.flatnonzero(~begins)
        # The frames of the stack that ends at each frame; before an episode's first frame stands that frame.
        first = np.maximum.accumulate(np.where(begins, np.arange(len(frames)), 0))
        newest = np.arange(len(frames))
        stacks = np.stack([np.maximum(newest - back, first) for back in reversed(range(stack))], axis=1)
        shape = frames.shape[1:] if stack == 1 else (stack, *frames.shape[1:])
        self.before = frames[stacks[steps - 1]].reshape(len(steps), *shape)
        self.after = frames[stacks[steps]].reshape(len(steps), *shape)
        self.actions = data["actions"][steps].astype(np.int64)
        self.rewards = data["rewards"][steps].astype(np.float32)
        self.discounts = np.where(data["terminated"][steps], 0.0, discount).astype(np.float32)
        self._rng = np.random.default_rng(seed)
        self._device = device

    def sample(self, batch_size: int) -> list[torch.Tensor]:
        rows = self._rng.integers(0, len(self.actions), batch_size)
        columns = (self.before, self.actions, self.rewards, self.discounts, self.after)
        return [torch.as_tensor(column[rows]).to(self._device) for column in columns]


class Peer:
    """A network that learns."""

    def __init__(self, work: dict[str, Any], data: Any, seed: int) -> None:
        torch.manual_seed(seed)
        self._work = work
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._replay = Replay(data, work["stack"], work["discount"], seed, self.device)
        network = (work["kind"], work["hidden"], self._replay.before.shape[1:], work["n_actions"])
        self._online = QNetwork(*network).to(self.device)
        self._target = QNetwork(*network).to(self.device)
        self._target.load_state_dict(self._online.state_dict())
        self._optimizer = torch.optim.Adam(
            self._online.parameters(), lr=work["learning_rate"], eps=work["adam_epsilon"]
        )
        self._loss = nn.SmoothL1Loss()  # Huber's, with delta 1
        self._updates = 0

    def update(self) -> None:
        """One gradient step on a fresh minibatch."""
        before, actions, rewards, discounts, after = self._replay.sample(self._work["batch_size"])
        with torch.no_grad():
            target = rewards + discounts * self._target(after).max(dim=1).values
        q = self._online(before).gather(1, actions[:, None]).squeeze(1)
        loss = self._loss(q, target)
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._online.parameters(), self._work["gradient_clip"])
        self._optimizer.step()
        self._updates += 1
        if self._updates % self._work["target_period"] == 0:
            self._target.load_state_dict(self._online.state_dict())

    def run(self, seconds: float, number: int) -> dict[str, float]:
        """Learn for so long on so many threads."""
        threads.use(number, self.update)
        count, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            self.update()
            count += 1
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return {"updates": count, "seconds": time.perf_counter() - begun}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=json.loads)
    parser.add_argument("data", type=Path)
    parser.add_argument("seed", type=int)
    options = parser.parse_args()
    write = own_standard_output()
    with np.load(options.data) as data:
        peer = Peer(options.work, data, options.seed)
    write({"ready": "torch", "threads": threads.NUMBERS, "device": str(peer.device), "seed": options.seed})
    serve(write, lambda question: peer.run(question["seconds"], question["threads"]))


if __name__ == "__main__":
    main()
