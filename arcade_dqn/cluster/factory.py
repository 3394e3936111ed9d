"""Which loop a run is driven by: the one in its own process, or the one with actors."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from arcade_dqn.config import Settings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.text import plain

if TYPE_CHECKING:
    from arcade_dqn.games.game import Game
    from arcade_dqn.training.loop_interface import TrainingLoop


RAY_ADDRESS = "RAY_ADDRESS"
"""The environment's variable in which Ray itself looks for a cluster."""
_ADDRESS = re.compile(r"auto|[A-Za-z0-9_.\[\]:-]{1,200}:\d{1,5}")
_LOCAL_PROCESSES = 16
"""Most actors and shards of a Ray that this machine runs by itself, if it has not many cores."""


class RayMissing(ArcadeError):
    """A run with actors, and no Ray to run them."""


def ray_address() -> str:
    """The Ray cluster to use, HOST:PORT or auto; empty for a local one. Raises RayMissing if it is neither."""
    address = os.environ.get(RAY_ADDRESS, "")
    if address in ("", "local"):
        return ""
    if not _ADDRESS.fullmatch(address):
        raise RayMissing(
            f"the Ray cluster {plain(address, 80)!r} is no address; HOST:PORT and auto are (--ray, ${RAY_ADDRESS})"
        )
    return address


def require_ray(settings: Settings) -> None:
    """Raise RayMissing if these settings ask for actors and there is no Ray for so many."""
    cluster = settings.cluster
    if not cluster.actors:
        return
    if find_spec("ray") is None:
        raise RayMissing(
            'actors need Ray, which is not installed; install it with: pip install "arcade-dqn[cluster]" '
            "(or train without them: cluster.actors=0)"
        )
    processes, most = cluster.actors + cluster.shards, max(_LOCAL_PROCESSES, 4 * (os.cpu_count() or 1))
    if not ray_address() and processes > most:
        raise RayMissing(
            f"{cluster.actors:,} actors and {cluster.shards:,} shards are more than this machine runs by itself, "
            f"{most} in all; name a Ray cluster (--ray ADDRESS), or choose fewer (--actors N)"
        )


def make_loop(settings: Settings, games: Sequence[Game]) -> TrainingLoop:
    """The loop that the settings ask for. Loads TensorFlow, and Ray only for actors."""
    if not settings.cluster.actors:
        from arcade_dqn.training.loop import Loop

        return Loop(settings, games)
    require_ray(settings)
    from arcade_dqn.cluster.loop import ClusterLoop

    return ClusterLoop(settings, games, ray_address())
