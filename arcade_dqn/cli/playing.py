"""The commands that open the arcade, show an agent at play, score it, film it or hand it on."""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from arcade_dqn.cli.quiet import quiet_libraries
from arcade_dqn.cli.tables import print_json, runs_dir
from arcade_dqn.errors import ArcadeError, UsageError

if TYPE_CHECKING:
    from arcade_dqn.evaluation import Evaluation
    from arcade_dqn.stage.source import SavedModel


def arcade(arguments: argparse.Namespace) -> int:
    """`arcade-dqn` alone: the TUI."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the arcade needs a terminal; `arcade-dqn --help` lists the commands that do without one")
    from arcade_dqn.tui.run import run_app

    return run_app(runs_dir(arguments), ascii=arguments.ascii)


def watch(arguments: argparse.Namespace) -> int:
    """`arcade-dqn watch MODEL|RUN`: in the window, or in this terminal."""
    if not 0 <= arguments.speed <= 1000:
        raise UsageError(f"--speed {arguments.speed:g} is not allowed; it must be a number from 0 (no limit) to 1000")
    _at_least_one("--episodes", arguments.episodes)
    if arguments.terminal:
        for option, given in (("--beside", arguments.beside is not None), ("--sounds", arguments.sounds)):
            if given:
                raise UsageError(f"{option} is for the window; leave it or --terminal out")
        from arcade_dqn.cli.terminal import watch_in_terminal
        from arcade_dqn.stage.source import open_source

        _no_display()
        return watch_in_terminal(
            open_source(arguments.target, runs_dir(arguments)),
            speed=arguments.speed,
            episodes=arguments.episodes,
            greedy=arguments.greedy,
        )
    from arcade_dqn.window.main import open_window
    from arcade_dqn.window.options import Options

    open_window(
        Options(
            target=arguments.target,
            beside=arguments.beside,
            runs_dir=runs_dir(arguments),
            speed=arguments.speed or math.inf,
            episodes=arguments.episodes or 0,
            greedy=arguments.greedy,
            sounds=arguments.sounds,
        )
    )
    return 0


def play(arguments: argparse.Namespace) -> int:
    """`arcade-dqn play GAME`: a person at the controls, beside the game's saved agent."""
    from arcade_dqn.window.main import open_window
    from arcade_dqn.window.options import Options

    open_window(Options(play=arguments.game, runs_dir=runs_dir(arguments), sounds=arguments.sounds))
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    """`arcade-dqn eval MODEL`: raw scores, played as the model's own score was: greedily, or with its epsilon."""
    from arcade_dqn.cli.progress import counter
    from arcade_dqn.stage import evaluate as scoring

    _at_least_one("--episodes", arguments.episodes)
    _seed(arguments.seed)
    source = saved_model(arguments.target, runs_dir(arguments))
    assert source.policy is not None
    epsilon = _epsilon(arguments.epsilon, source.evaluation())
    with counter(arguments.episodes) as count:
        result = scoring.evaluate(
            source.policy,
            source.info,
            source.environment,
            episodes=arguments.episodes,
            seed=arguments.seed,
            epsilon=epsilon,
            on_episode=lambda index, score: count(),
        )
    played = f", {epsilon:g} of the actions by chance" if epsilon else ""
    print(
        f"{source.info.id}: mean {result.mean:.2f} ± {result.std:.2f} over {result.episodes} episodes{result.caveat}, "
        f"{result.min:g} to {result.max:g} (seed {result.seed}{played}, {source.path})"
    )
    if arguments.json:
        print_json(
            {
                "game": source.info.id,
                "model": str(source.path),
                "seed": arguments.seed,
                "evaluation": result.to_dict(),
            }
        )
    return 0


def _epsilon(asked: float | None, scored: Evaluation | None) -> float:
    """What is asked for, else what the model's own score was measured with."""
    if asked is None:
        return scored.epsilon if scored is not None else 0.0
    if not 0 <= asked <= 1:
        raise UsageError(f"--epsilon {asked:g} is not allowed; it must be from 0 to 1")
    return asked


def record(arguments: argparse.Namespace) -> int:
    """`arcade-dqn record MODEL OUT`: a film with the window's panel."""
    os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
    from arcade_dqn.cli.progress import ticker
    from arcade_dqn.link.signals import as_interrupt
    from arcade_dqn.stage.source import open_source
    from arcade_dqn.window.film.formats import film_suffix
    from arcade_dqn.window.film.record import record

    film_suffix(arguments.out)  # a wrong name is told before anything is loaded
    _at_least_one("--episodes", arguments.episodes)
    _seed(arguments.seed)
    _no_display()
    source = open_source(arguments.target, runs_dir(arguments))
    try:
        # A film that is given up leaves nothing, by whatever signal.
        with as_interrupt(), ticker("seconds of film") as tick:
            out = record(
                source,
                arguments.out,
                episodes=arguments.episodes,
                seconds=arguments.seconds,
                seed=arguments.seed,
                on_frame=tick,
            )
    finally:
        source.close()
    print(out)
    return 0


def export(arguments: argparse.Namespace) -> int:
    """`arcade-dqn export MODEL OUT.keras`: for Keras users; arcade_dqn itself never loads such a file."""
    out: Path = arguments.out
    if out.suffix != ".keras":
        raise UsageError(f"{out}: the name of an exported model must end in .keras")
    source = saved_model(arguments.target, runs_dir(arguments))
    assert source.policy is not None
    # The file names no dtype: the game says what its observations are.
    game = source.make_game(render=False)
    game.close()

    with quiet_libraries(os.devnull, arguments.debug):
        from arcade_dqn.learning.networks import export_keras

        weights = source.policy.weights
        export_keras(source.network, game.observation_shape, game.frame_dtype, weights, game.n_actions, out)
    print(f"{out}: {source.info.id}, observations {game.frame_dtype.name} {list(game.observation_shape)}")
    return 0


def saved_model(target: str, runs: Path) -> SavedModel:
    """The saved model that `target` names; of a run, its best one, else its final one."""
    from arcade_dqn.stage.source import SavedModel, open_source

    source = open_source(target, runs)
    if isinstance(source, SavedModel):
        return source
    source.close()
    for path in (source.run.best, source.run.final):
        if path.is_file():
            return SavedModel(path)
    raise ArcadeError(f"the run {source.run.path} has saved no model yet; wait for its first evaluation, or save it")


def _at_least_one(option: str, value: int | None) -> None:
    if value is not None and value < 1:
        raise UsageError(f"{option} {value} is not allowed; it must be 1 or more")


def _seed(value: int) -> None:
    if not 0 <= value < 2**31:
        raise UsageError(f"--seed {value} is not allowed; it must be a whole number from 0 to {2**31 - 1}")


def _no_display() -> None:
    """Some of Gymnasium's games draw with pygame even into an array: SDL must not need a display for that."""
    os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"
