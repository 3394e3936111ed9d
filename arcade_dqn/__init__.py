"""arcade_dqn: a terminal arcade in which a deep Q-network learns to play in front of you.

Importing the package imports nothing heavy: each room (`games`, `replay`, `learning`) is imported where it is used.
"""

from __future__ import annotations

__version__ = "0.1.0"
