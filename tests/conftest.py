"""What several rooms share: whether two states are the same, what was compiled, and programs that obey a test."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arcade_dqn.config import Settings
from arcade_dqn.games import arguments, imports
from arcade_dqn.link.board import Board, Status
from arcade_dqn.replay.records import Records


@pytest.fixture(scope="session", autouse=True)
def temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What tests and the programs that they start make among the temporary files goes away with pytest's own."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def no_modules_are_asked_for() -> Iterator[None]:
    """What a test lets in (`games.imports`), the next one does not have; nor what is set where the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(imports.VARIABLE, "")
        patch.setenv(arguments.VARIABLE, "")
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_calls(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[None]:
    """What one trainer has compiled the next one that a test starts loads, if its settings are the same.

    It is the same machine code without the second of work that making it takes, and more than fifty are started.
    `make faults` compiles anew each time, as everyone else does.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "compiled"  # the workers share it
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("FAULTS") != "long":
            patch.setenv("TF_XLA_FLAGS", f"--tf_xla_persistent_cache_directory={folder}")
        yield


class UsedLearners:
    """Gives a new learner the compiled call, and the networks that it works on, of one that is done with.

    To trace and compile that call takes most of a short training's time, and for the same settings it is the same call.
    What is handed on is put back to how it was made. Tests of what gradient steps do, and of whether all that matters
    to them is saved, mark themselves `own_learners`.
    """

    _HANDED_ON = ("_online", "_target", "_optimizer", "_target_period", "_count", "_fused", "_loss", "_apply")
    _NOT_COMPILED = ("learning_rate", "target_period", "discount", "n_step", "overlap", "anneal_to", "train_every")

    def __init__(self) -> None:
        self._left: dict[str, list[dict[str, Any]]] = {}
        self._made: list[list[tuple[str, Any, dict[str, Any]]]] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Learners that are made meanwhile are such ones, and no two share anything; afterwards they are left."""
        from arcade_dqn.learning.learner import Learner

        make = Learner.__init__

        def init(learner: Learner, settings: Settings, *what: Any) -> None:
            make(learner, settings, *what)
            learning = settings.learning.model_dump(exclude=set(self._NOT_COMPILED))
            seed = settings.run.seed if settings.network.noisy else None
            key = repr((learner._per_call, settings.network, learning, seed, *what[:-1]))
            if self._left.get(key):
                state = learner.get_state()
                vars(learner).update(self._left[key].pop())
                learner.set_state(state)
                learner._set_rate()
            # As they are now: a test may put something in their place.
            self._made[-1].append((key, learner, {name: vars(learner)[name] for name in self._HANDED_ON}))

        self._made.append([])
        try:
            with pytest.MonkeyPatch.context() as patch:
                if len(self._made) == 1:
                    patch.setattr(Learner, "__init__", init)
                yield
        finally:
            for key, learner, parts in self._made.pop():
                learner._thread.shutdown()  # whatever it does yet, it has done then
                self._left.setdefault(key, []).append(parts)


@pytest.fixture(scope="session")
def used_learners() -> UsedLearners:
    return UsedLearners()


@pytest.fixture
def may_use_learners(request: pytest.FixtureRequest, used_learners: UsedLearners) -> Iterator[bool]:
    """The learners of a test in this process are used ones, if it is not marked `own_learners`; whether they are."""
    if request.node.get_closest_marker("own_learners"):
        yield False
    else:
        with used_learners.at_work():
            yield True


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes the first half of whatever `storage.atomic` writes."""
    write = os.write
    halves: set[int] = set()

    def write_half(file: int, data: memoryview) -> int:
        if file in halves:
            halves.discard(file)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        halves.add(file)
        return write(file, data[: len(data) // 2])

    monkeypatch.setattr("arcade_dqn.storage.atomic.os.write", write_half)


class FakeChild:
    """A program that does what the test tells it."""

    def __init__(
        self, module: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str], title: str
    ) -> None:
        self.title = title
        self.module, self.arguments, self.log, self.environment = module, list(arguments), log, dict(environment)
        self.sent: list[dict[str, Any]] = []
        self.coming: list[dict[str, Any]] = []
        self.exit_code: int | None = None
        self.pid = os.getpid()
        self.input_closed = False
        self.board: Board | None = None
        self.status = Status(
            state="training",
            step=1_000,
            steps_total=10_000,
            episode=12,
            epsilon=0.5,
            replay_size=250,
            replay_capacity=1_000,
            learning_start=100,
            steps_per_second=500.0,
            mean_return=42.5,
            eta_seconds=18.0,
        )

    # What the services call

    @property
    def alive(self) -> bool:
        return self.exit_code is None

    @property
    def finished(self) -> bool:
        return not self.alive and not self.coming

    def send(self, message: dict[str, Any]) -> None:
        assert self.alive
        self.sent.append(message)

    def events(self, timeout: float = 0.0) -> list[dict[str, Any]]:
        found, self.coming = self.coming, []
        return found

    def close_input(self) -> None:
        self.input_closed = True

    def stop(self, timeout: float = 10.0) -> int:
        self.input_closed = True
        if self.exit_code is None:
            self.exit_code = 0
        return self.exit_code

    def explain_exit(self) -> str:
        return f"the {self.title} failed with exit code {self.exit_code}: out of memory"

    # What the test calls

    def says(self, event: str, **fields: Any) -> None:
        self.coming.append({"event": event, **fields})

    def begins(self) -> None:
        """Open the run that it was told to open."""
        self.says("started")
        self.publish()

    def publish(self, **changes: Any) -> None:
        """Show another status on the board of the run."""
        if self.board is None:
            run = next(message["arguments"]["run"] for message in self.sent if message["name"] == "open")
            self.board = Board.create(Path(run) / "board", 0)
        self.status = replace(self.status, **changes)
        self.board.publish(self.status)

    @property
    def commands(self) -> list[tuple[str, dict[str, Any]]]:
        return [(message["name"], message["arguments"]) for message in self.sent]


class Programs:
    """Starts fake programs and remembers them."""

    def __init__(self) -> None:
        self.started: list[FakeChild] = []

    def __call__(
        self, module: str, arguments: Sequence[str], log: Path, *, environment: Mapping[str, str], title: str
    ) -> FakeChild:
        self.started.append(FakeChild(module, arguments, log, environment, title))
        return self.started[-1]

    def newest(self, module: str) -> FakeChild:
        return next(child for child in reversed(self.started) if child.module == module)

    @property
    def trainer(self) -> FakeChild:
        return self.newest("arcade_dqn.cluster")

    @property
    def window(self) -> FakeChild:
        return self.newest("arcade_dqn.window")


@pytest.fixture
def programs() -> Programs:
    return Programs()


@pytest.fixture(scope="session")
def same() -> Callable[[Any, Any], bool]:
    """Whether two states hold the same, to the last bit; `Records` may be cut into different pieces."""
    return _same


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, Records):
        ends = (left.name, left.start, left.end) == (right.name, right.start, right.end)
        return ends and _same(_one_by_one(left), _one_by_one(right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
    return bool(left == right)


def _one_by_one(records: Records) -> list[dict[str, np.ndarray]]:
    found: list[dict[str, np.ndarray]] = []
    for _, dropped, columns in records.filled():
        if "packed" in columns:
            ends = np.cumsum(columns["lengths"])
            found += [{"packed": part} for part in np.split(columns["packed"], ends[:-1])[dropped:]]
        else:
            count = len(next(iter(columns.values())))
            found += [{name: column[row] for name, column in columns.items()} for row in range(dropped, count)]
    return found
