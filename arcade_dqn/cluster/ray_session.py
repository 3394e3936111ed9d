"""The Ray that a run's actors live on: a cluster that is there already, or a local one that ends with the run."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# Read when Ray is imported: nothing is reported to its makers, and a worker prints only what we print.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("RAY_DISABLE_IMPORT_WARNING", "1")

import ray
from ray._private import ray_constants
from ray._private import worker as ray_worker

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.signals import NUMBERS
from arcade_dqn.link.text import plain
from arcade_dqn.storage.scratch import Scratch

OBJECT_STORE = 256 * 1024 * 1024
"""Bytes of shared memory for what travels between a local Ray's processes: weights, segments and minibatches."""
WORKER_OPTIONS: dict[str, Any] = {"num_cpus": 1, "max_restarts": -1, "max_task_retries": 0}
"""How actors and shards are started: again for ever, but Ray asks none anew for what was lost with it.

An actor would play that with old weights; what it is worth is asked for anew by the learner."""
_PREFIX = "adq-"
_CONTENTS = r"session_.*"
"""What Ray puts into its temporary folder."""
_LONGEST, _SHORT = 16, Path("/tmp")
"""The longest path of a temporary folder that leaves room for Ray's sockets, and what serves where it is longer."""
_ANSWERS_WITHIN = 10.0
"""Seconds in which a cluster must let somebody in."""
_GONE_WITHIN = 5.0
"""Seconds for which Ray's own programs may still write into the folder that is removed."""


_log = logging.getLogger(__name__)


class RaySessionError(ArcadeError):
    """Ray could not be started or reached."""


def short_temporary_folder() -> Path:
    """Where a local Ray keeps its files: among the system's temporary ones, if their path is not too long.

    Ray's sockets lie below, and the path of a socket may have little more than a hundred characters (103 on macOS,
    whose own folder for temporary files takes half of them).
    """
    usual = Path(tempfile.gettempdir())
    return usual if len(str(usual)) <= _LONGEST or not _SHORT.is_dir() else _SHORT


class RaySession:
    """Connects to the Ray at `address`, or starts one for `processes` workers where that is empty."""

    def __init__(self, address: str, processes: int) -> None:
        """Raises RaySessionError, or StorageError where there is no place for its files."""
        self._folder: Scratch | None = None
        # Ray prints what its programs report, in colours and whatever its own switches say, to the standard output on
        # which a trainer tells its events. What a lost actor or shard means, the loop tells.
        ray_worker.print_to_stdstream = _to_log
        with _own_signals():
            try:
                if address:
                    if address != "auto":
                        _knock(address)
                    ray.init(address=address, configure_logging=False, log_to_driver=False)
                else:
                    self._folder = Scratch(_PREFIX, short_temporary_folder(), _CONTENTS)
                    with _this_machine_alone():
                        ray.init(
                            address="local",
                            num_cpus=processes,
                            num_gpus=0,
                            object_store_memory=OBJECT_STORE,
                            include_dashboard=False,
                            configure_logging=False,
                            logging_level=logging.ERROR,
                            log_to_driver=False,
                            _node_ip_address="127.0.0.1",
                            _temp_dir=str(self._folder.path),
                        )
            except (OSError, RuntimeError, ValueError) as error:
                self.close()
                where = f"reach the Ray cluster at {address}" if address else "start Ray on this machine"
                raise RaySessionError(f"cannot {where}: {plain(str(error), 300)}") from error

    def close(self) -> None:
        """Leave the cluster; a local one ends, with all its processes and files."""
        with _own_signals():
            ray.shutdown()
        if self._folder is not None:
            deadline = time.monotonic() + _GONE_WITHIN
            while self._folder.path.exists() and time.monotonic() < deadline:
                self._folder.close()
                time.sleep(0.05)
            self._folder = None

    @property
    def elsewhere(self) -> bool:
        """Whether the cluster can be reached from other machines."""
        return not all(_only_here(str(node["NodeManagerAddress"])) for node in ray.nodes())  # type: ignore[no-untyped-call]


def _to_log(data: Mapping[str, Any], ignore_prefix: bool) -> None:
    """In place of Ray's function of the same signature, which prints."""
    for line in data.get("lines", ()):
        _log.info("Ray: %s", plain(str(line), 2_000))


def _knock(address: str) -> None:
    """Raise OSError if nothing answers at HOST:PORT. Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), _ANSWERS_WITHIN).close()


def _only_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


@contextlib.contextmanager
def _this_machine_alone() -> Iterator[None]:
    """Let a Ray that is started in the block listen on the loopback address.

    On Linux Ray takes the machine's address in the network even where `_node_ip_address` says 127.0.0.1, and listens on
    every interface. Only this switch, which Ray turns off itself on macOS and Windows, has it listen to this machine
    alone; tests/cluster/test_training.py looks at the sockets. It is read when Ray is imported, so it is set twice: for
    this process, and in the environment for those that it starts. A cluster with an address needs it on.
    """
    name = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
    before = os.environ.get(name), ray_constants.ENABLE_RAY_CLUSTER
    os.environ[name], ray_constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before[1]
        if before[0] is None:
            del os.environ[name]
        else:
            os.environ[name] = before[0]


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep our own handlers: Ray replaces that of SIGTERM by one that ends the program without saving."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
