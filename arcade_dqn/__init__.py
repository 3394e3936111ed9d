"""arcade_dqn: a terminal arcade in which a deep Q-network learns to play in front of you.

Importing the package imports nothing heavy: each room (`games`, `replay`, `learning`) is imported where it is used.
"""

from __future__ import annotations

import os

# Before NumPy and pygame are first imported anywhere. One observation is too little work to share among threads, and
# OpenBLAS's threads spin against TensorFlow's: measured beside a trainer, a small Atari forward pass took 14 to 55 ms
# with two threads and 0.24 ms with one. Gymnasium imports pygame, whose greeting would mix with JSON lines.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

__version__ = "0.1.0"
