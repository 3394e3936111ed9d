"""Give one kind of reader many damaged and hostile inputs; a program of its own, so that its memory can be measured.

    python strange_files.py KIND COUNT SEED FOLDER

KIND is a key of `KINDS`. Every input is a mutation of a good one; number i of a seed is always the same. The reader may
accept it or raise the one error that its documentation names. Anything else ends this program with a traceback that
begins with the input's number, and so does a module that was imported because a file names it. The last line on
standard output is one JSON object with the counts and the peak memory.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import random
import resource
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from arcade_dqn.acting.layers import initial_weights, parameter_shapes
from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import EnvironmentSettings, NetworkSettings, Settings, SettingsError
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.link import board
from arcade_dqn.link.board import Board, BoardError, BoardReader, Status, is_alive
from arcade_dqn.link.commands import CommandError, parse_command, parse_event
from arcade_dqn.replay.records import cut
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.checkpoint import CheckpointError, load_checkpoint
from arcade_dqn.storage.checkpoint_writer import CheckpointWriter
from arcade_dqn.storage.demonstrations import Demonstration, DemonstrationError, load_demonstration, save_demonstration
from arcade_dqn.storage.interventions import Intervention, to_json
from arcade_dqn.storage.model_file import MAX_FILE, ModelFileError, ModelInfo, load_model, save_model
from arcade_dqn.storage.model_info import write_info
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.run_names import RunError
from arcade_dqn.storage.summary import Summary
from arcade_dqn.window.messages import parse_press

MODULE = "never_imported"
"""What good files say that their game came from: a module that is there to be found, and must not be imported."""
NASTY_BYTES = [
    b"", b'"', b"{", b"}", b"[", b",", b":", b"\\", b"\0", b"\xff", b"\n", b"NaN", b"-Infinity", b"1e999", b"-0",
    b"9" * 50, b"9" * 5000, b"[" * 2000, b'{"a":' * 500, b"\\ud800", b"\x1b[31m", b"../", b"module:", b"\xe2\x80\xae",
]  # fmt: skip
NASTY_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 7, 255, 2**31, 2**53, 2**63 - 1, 2**64, 10**39, 0.5, -0.0, 1e-300, 1e308, "", "x",
    "x" * 500, "\x1b]0;title\x07", "\x9b31m", "[red]x[/]", "../../etc/passwd", "module:Env", "CartPole-v1", "Ünïcode",
    "\ud800", f"{MODULE}:Env", MODULE, [MODULE], f"./{MODULE}.py", "$array",
    [], {}, [[]], [0], [-1, 2], [2**62] * 8, {"a": 1}, {"$array": "a"}, {"$records": "a"},
]  # fmt: skip
NASTY_LENGTHS = [0, 1, 7, 8, 64 * 1024, 64 * 1024 + 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]


def mutated_bytes(data: bytes, rng: random.Random, head: int) -> bytes:
    """`data` with one to four changes, most of them in its first `head` bytes."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        end = min(len(changed), head) if rng.random() < 0.8 else len(changed)
        at = rng.randrange(max(end, 1))
        match rng.randrange(6):
            case 0:
                del changed[at:]
            case 1 if changed:
                changed[at % len(changed)] ^= 1 << rng.randrange(8)
            case 2:
                changed[at : at + rng.randrange(4)] = rng.randbytes(rng.randrange(4))
            case 3:
                changed[at:at] = rng.choice(NASTY_BYTES)
            case 4:
                changed[at:at] = changed[at : at + rng.randrange(64)]
            case _:
                changed[0:8] = rng.choice(NASTY_LENGTHS).to_bytes(8, "little")
    return bytes(changed)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield value, key
        yield from places(item)


def mutated_json(value: Any, rng: random.Random) -> Any:
    """A copy with one to three values replaced, removed, doubled or renamed."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        found = list(places(value))
        if not found:
            break
        container, key = rng.choice(found)
        match rng.randrange(5):
            case 0:
                del container[key]
            case 1 if isinstance(container, dict):
                container[str(rng.choice(NASTY_VALUES))[:80]] = container.pop(key)
            case 2 if isinstance(container, list):
                container.extend(container[:64] * rng.choice([1, 3]))
            case _:
                container[key] = copy.deepcopy(rng.choice(NASTY_VALUES))
    return value


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def either(data: bytes, value: Any, rng: random.Random) -> bytes:
    """A JSON text, damaged as bytes or as a value."""
    return mutated_bytes(data, rng, len(data)) if rng.random() < 0.5 else dumped(mutated_json(value, rng))


def check_sentence(error: Exception) -> None:
    assert str(error).isprintable(), f"not fit for a terminal: {str(error)!r}"


Try = Callable[[random.Random], None]
"""Makes one mutated input and reads it; returns if it is accepted and right, raises the one error if it is refused."""


RECORDS = EnvironmentSettings(imports=(MODULE, f"./{MODULE}.py"))


def a_model(folder: Path) -> tuple[Path, bytes]:
    network = NetworkSettings(hidden=(3,))
    info = ModelInfo(
        game="CartPole-v1", observation_shape=(4,), n_actions=2, action_names=("left", "right"), network=network,
        environment=RECORDS, evaluation=Evaluation.from_returns([1.0, 2.0, 6.0], 5), title="a little one",
    )  # fmt: skip
    path = folder / "agent.safetensors"
    save_model(path, info, initial_weights(network, (4,), 2, seed=1))
    return path, path.read_bytes()


def load(path: Path) -> None:
    info, weights = load_model(path)
    assert all(np.isfinite(array).all() and array.dtype == np.float32 for array in weights.values())
    texts = (info.title, info.training.preset, info.training.run, *info.action_names, info.game)
    assert all(text.isprintable() for text in texts), "text that could move a cursor"


def model(folder: Path) -> Try:
    path, good = a_model(folder)
    length = 8 + int.from_bytes(good[:8], "little")
    header = json.loads(good[8:length])
    info = json.loads(header["__metadata__"]["arcade_dqn"])

    def attempt(rng: random.Random) -> None:
        kind = rng.random()
        if kind < 0.4:
            data = mutated_bytes(good, rng, length)
        else:
            table = copy.deepcopy(header)
            if kind < 0.8:
                text = dumped(mutated_json(info, rng))
                table["__metadata__"]["arcade_dqn"] = text.decode("utf-8", "surrogatepass")
            else:
                table = mutated_json(table, rng)
            text = dumped(table)
            data = len(text).to_bytes(8, "little") + text + good[length:]
        path.write_bytes(data)
        load(path)

    return attempt


def each_model(variants: Callable[[bytes], Iterator[bytes]]) -> Callable[[Path], Try]:
    """Not by chance: one variant of a good model after the other, as often as they last."""

    def prepare(folder: Path) -> Try:
        path, good = a_model(folder)
        remaining = variants(good)

        def attempt(rng: random.Random) -> None:
            path.write_bytes(next(remaining))
            load(path)

        return attempt

    return prepare


def truncations(good: bytes) -> Iterator[bytes]:
    return (good[:length] for length in range(len(good)))


def flips(good: bytes) -> Iterator[bytes]:
    """Every bit of the header, flipped alone; one bit of every byte first."""
    for turn in range(8):
        for at in range(8 + int.from_bytes(good[:8], "little")):
            changed = bytearray(good)
            changed[at] ^= 1 << (at + turn) % 8
            yield bytes(changed)


def largest_model(folder: Path) -> Try:
    """A good file of almost 64 MiB, which is also acted with."""
    network, path = NetworkSettings(hidden=(4000, 4090)), folder / "large.safetensors"
    info = ModelInfo(
        game="CartPole-v1", observation_shape=(4,), n_actions=2, action_names=("left", "right"), network=network,
        environment=EnvironmentSettings(),
    )  # fmt: skip
    table: dict[str, Any] = {"__metadata__": {"arcade_dqn": write_info(info)}}
    position = 0
    for name, shape in parameter_shapes(network, (4,), 2).items():
        size = 4 * math.prod(shape)
        table[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [position, position + size]}
        position += size
    text = dumped(table)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + position)  # zeros, which take no place on the disk
    assert 60 * 2**20 < path.stat().st_size <= MAX_FILE

    def attempt(rng: random.Random) -> None:
        found, weights = load_model(path)
        policy = Policy(found.network, tuple(found.observation_shape), found.n_actions, weights)
        assert policy.greedy(np.zeros(4, np.float32)) == 0

    return attempt


def a_run(folder: Path) -> RunDir:
    return RunDir.create(folder, Settings(game="CartPole-v1", preset="cartpole", environment=RECORDS), "run")


def config(folder: Path) -> Try:
    run = a_run(folder)
    good = run.config.read_bytes()

    def attempt(rng: random.Random) -> None:
        run.config.write_bytes(either(good, json.loads(good), rng))
        settings = RunDir.open(run.path).settings()
        assert settings.game.isprintable() and settings.preset.isprintable()

    return attempt


def summary(folder: Path) -> Try:
    run = a_run(folder)
    run.write_summary(Summary(state="training", step=5, message="going on", best_evaluation=1.5))
    good = run.summary_path.read_bytes()

    def attempt(rng: random.Random) -> None:
        run.summary_path.write_bytes(either(good, json.loads(good), rng))
        found = run.read_summary()
        assert found is not None and found.state.isprintable() and found.message.isprintable()

    return attempt


def interventions(folder: Path) -> Try:
    run = a_run(folder)
    path = run.path / "interventions.json"
    good = to_json([Intervention(3, "epsilon", 0.5), Intervention(9, "learning_rate", 1e-3)]).encode()

    def attempt(rng: random.Random) -> None:
        path.write_bytes(either(good, json.loads(good), rng))
        run.planned_interventions()

    return attempt


def metrics(folder: Path) -> Try:
    run = a_run(folder)
    lines = [
        {"kind": "episode", "step": 3, "episode": 1, "return": 3.0, "length": 3},
        {"kind": "train", "step": 100, "loss": 0.5, "mean_q": None, "epsilon": 0.5, "replay": 100, "seconds": 1.5},
        {"kind": "set", "step": 100, "name": "epsilon", "value": 0.5},
        {"kind": "evaluation", "step": 100, "mean": 9.0, "std": 0.5, "episodes": 10},
    ]

    def attempt(rng: random.Random) -> None:
        text = b"\n".join(either(dumped(line), line, rng) if rng.random() < 0.7 else dumped(line) for line in lines)
        run.metrics.write_bytes(mutated_bytes(text, rng, len(text)) if rng.random() < 0.2 else text)
        for record in run.read_metrics():
            for value in record.values():
                assert value is None or isinstance(value, int | float | str)
                assert not isinstance(value, str) or value.isprintable()
        try:
            run.made_interventions()
        except RunError as error:
            check_sentence(error)

    return attempt


def a_board(folder: Path) -> Try:
    path = folder / "board"
    with Board.create(path, 64) as made:
        made.publish(Status(state="training", step=5, pid=1, updated_at=1.0))
        made.publish_weights(np.arange(16, dtype=np.float32), 3)
    good = path.read_bytes()
    board._ATTEMPTS = 2  # it need not be waited for a writer that is none

    def attempt(rng: random.Random) -> None:
        data = bytearray(mutated_bytes(good, rng, 2048)) if rng.random() < 0.5 else bytearray(good)
        for _ in range(rng.randrange(1, 6)):
            if len(data) > 1:
                at = rng.choice([8, 16, 64, 128, 1024, 1032, 1536, 1544, 4096, 8192, rng.randrange(len(data))])
                data[at : at + 8] = rng.randbytes(8)[: max(0, len(data) - at)]
        path.write_bytes(data)
        with BoardReader(path) as reader:
            status = reader.status()
            is_alive(status)
            reader.weights()

    return attempt


def checkpoint(folder: Path) -> Try:
    records = cut("frames", 0, 5, 5, None, lambda first, end: lambda: {"frame": np.arange(first, end)})
    loop = {"weights": np.arange(6.0), "rng": {"a": 2**127}, "list": [1, None, "x"], "frames": records}
    writer = CheckpointWriter(folder / "checkpoints", 1)
    writer.begin(10, {"loop": loop, "seconds": 1.5})
    path = writer.result(wait=True)
    assert path is not None
    good = {file.name: file.read_bytes() for file in path.iterdir()}

    def attempt(rng: random.Random) -> None:
        files = dict(good)
        name = rng.choice(sorted(files))
        if name.endswith(".json"):
            files[name] = either(files[name], json.loads(files[name]), rng)
        else:
            files[name] = mutated_bytes(files[name], rng, len(files[name]))
        if name != "manifest.json" and rng.random() < 0.8:
            # The manifest of somebody who means it.
            manifest = json.loads(files["manifest.json"])
            line = {"size": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
            manifest["files"][name] = line
            files["manifest.json"] = dumped(manifest)
        for each, data in files.items():
            (path / each).write_bytes(data)
        load_checkpoint(path)

    return attempt


def command(folder: Path) -> Try:
    lines = [
        {"id": 1, "name": "pause"},
        {"id": "a", "name": "set", "arguments": {"name": "epsilon", "value": 0.2}},
        {"id": 3, "name": "step", "arguments": {"count": 4}},
        {"id": 4, "name": "open", "arguments": {"run": "runs/x"}},
    ]

    def attempt(rng: random.Random) -> None:
        line = rng.choice(lines)
        text = either(dumped(line), line, rng)
        event = parse_event(text)
        assert isinstance(event["event"], str)
        parse_command(text)

    return attempt


def press(folder: Path) -> Try:
    line = {"press": "space"}

    def attempt(rng: random.Random) -> None:
        key = parse_press(either(dumped(line), line, rng))
        assert key.isprintable() and len(key) <= 20

    return attempt


def demonstration(folder: Path) -> Try:
    game = {"frame_shape": (2,), "frame_dtype": np.dtype(np.float32), "n_actions": 2, "stack": 2}
    play = Demonstration(
        np.arange(10, dtype=np.float32).reshape(5, 2), np.array([0, 1, 0], np.int32), np.ones(3, np.float32),
        np.zeros(3, bool), True,
    )  # fmt: skip
    path = save_demonstration(folder, play)
    good = path.read_bytes()
    length = 8 + int.from_bytes(good[:8], "little")
    header = json.loads(good[8:length])

    def attempt(rng: random.Random) -> None:
        data = mutated_bytes(good, rng, length)
        if rng.random() < 0.6:
            text = dumped(mutated_json(header, rng))
            data = len(text).to_bytes(8, "little") + text + good[length:]
        path.write_bytes(data)
        found = load_demonstration(path, **game)
        assert (found.frames.shape, found.frames.dtype) == ((len(found) + 2, 2), np.float32)
        assert np.isfinite(found.frames).all() and np.isfinite(found.reward).all()
        assert ((found.a_tm1 >= 0) & (found.a_tm1 < 2)).all()

    return attempt


KINDS: dict[str, tuple[Callable[[Path], Try], tuple[type[Exception], ...]]] = {
    "model": (model, (ModelFileError,)),
    "model-truncated": (each_model(truncations), (ModelFileError,)),
    "model-flipped": (each_model(flips), (ModelFileError,)),
    "model-largest": (largest_model, ()),
    "config": (config, (RunError, SettingsError)),
    "summary": (summary, (StorageError,)),
    "interventions": (interventions, (RunError,)),
    "metrics": (metrics, ()),
    "board": (a_board, (BoardError,)),
    "checkpoint": (checkpoint, (CheckpointError,)),
    "command": (command, (CommandError,)),
    "press": (press, (ValueError,)),
    "demonstration": (demonstration, (DemonstrationError,)),
}


def main() -> None:
    kind, count, seed, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    prepare, errors = KINDS[kind]
    (folder / f"{MODULE}.py").write_text("raise SystemExit('imported')")
    sys.path.insert(0, str(folder))
    attempt = prepare(folder)
    accepted = refused = 0
    for number in range(count):
        try:
            attempt(random.Random(f"{seed} {number}"))
            accepted += 1
        except errors as error:
            check_sentence(error)
            refused += 1
        except StopIteration:
            break  # there are no more variants
        except BaseException:
            print(f"{kind} input {number} of seed {seed}:", file=sys.stderr)
            raise
    assert MODULE not in sys.modules
    assert find_spec(MODULE) is not None, "it could have been imported"
    print(json.dumps({"kind": kind, "accepted": accepted, "refused": refused, "peak_mib": round(peak_mib(), 1)}))


def peak_mib() -> float:
    """The most memory that this program ever had, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would count what the parent had, before this program took its place.
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
