"""The command `arcade-dqn`: its parser, its exit codes, and nothing that is slow to import.

Exit codes: 0 done, 1 it failed and says why in one line, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from arcade_dqn import __version__
from arcade_dqn.cli import door, output
from arcade_dqn.errors import ArcadeError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

INTERRUPTED = 130

_DESCRIPTION = "A terminal arcade in which a deep Q-network learns to play in front of you."

_EPILOG = """\
examples:
  arcade-dqn                                        open the arcade
  arcade-dqn train CartPole-v1 --watch              train, and watch in a window
  arcade-dqn train pong --steps 1e6 --set learning.learning_rate=1e-4
  arcade-dqn watch cartpole                         the saved agent of a game, in a window
  arcade-dqn watch cartpole --terminal              the same, drawn in the terminal
  arcade-dqn eval cartpole --episodes 100 --json
  arcade-dqn record cartpole cartpole.mp4
  arcade-dqn train MyGame-v0 --import ./my_game.py  a game of your own

A MODEL is a model file, a run (its folder, GAME/NAME or NAME) or a game's name, which means its best saved agent.
`arcade-dqn COMMAND --help` tells more about a command.
"""

_TRAIN_EPILOG = """\
examples:
  arcade-dqn train CartPole-v1
  arcade-dqn train CartPole-v1 --preset tutorial --seed 3 --name first-try
  arcade-dqn train MinAtar/Breakout-v1 --steps 500000 --watch
  arcade-dqn train ALE/Pong-v5 --set replay.capacity=200000 --set learning.double=true
  arcade-dqn train LunarLander-v3 --env enable_wind=true
  arcade-dqn train CartPole-v1 --actors 2
  arcade-dqn train CartPole-v1 --json | tail -n 1
  arcade-dqn train --help-settings

ctrl+c saves and ends; `arcade-dqn resume` goes on from there.
"""


class _Parser(argparse.ArgumentParser):
    """Mistakes in one line, like every other message."""

    def error(self, message: str) -> NoReturn:
        from arcade_dqn.link.text import plain

        output.complain(f"arcade-dqn: {plain(message, 4000)} (`{self.prog} --help` shows the usage)")
        self.exit(2)

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # Before Python 3.13 argparse takes `--host=--` for an option without a value, and gives it an empty list.
        if action.option_strings and action.nargs is None and arg_strings == ["--"]:
            return self._get_value(action, "--")
        return super()._get_values(action, arg_strings)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        # argparse's own passes over what cannot be written, and `--help` into a full disk would have gone well.
        (file or sys.stdout).write(message)


def _command(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    """The function of a command, imported when it is called: `--help` must not wait for NumPy."""

    def run(arguments: argparse.Namespace) -> int:
        command: Callable[[argparse.Namespace], int] = getattr(import_module(module), function)
        return command(arguments)

    return run


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line. Each command's namespace has `run`, the function to call with it."""

    def common(imports: str) -> _Parser:
        # Modules before and after a command's name go to two places: argparse would forget the first ones.
        parser = _Parser(add_help=False)
        parser.add_argument(
            "--runs-dir",
            metavar="DIR",
            type=Path,
            default=argparse.SUPPRESS,
            help="where the runs are (default: $ARCADE_DQN_RUNS, else ./runs)",
        )
        parser.add_argument(
            "--import",
            metavar="MODULE",
            action="append",
            default=argparse.SUPPRESS,
            dest=imports,
            help="import this module or file first: it registers its games in Gymnasium; may be repeated",
        )
        parser.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
        )
        return parser

    everywhere = common("imports")
    parser = _Parser(
        prog="arcade-dqn",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        parents=[common("imports_first")],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--ascii", action="store_true", default=argparse.SUPPRESS, help="draw the arcade with ASCII characters alone"
    )
    parser.add_argument("--version", action="version", version=f"arcade-dqn {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)

    def add(name: str, module: str, help: str, epilog: str = "") -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=help,
            description=f"{help[0].upper()}{help[1:]}.",
            epilog=epilog,
            parents=[everywhere],
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.set_defaults(run=_command(f"arcade_dqn.cli.{module}", name), elsewhere=False)
        return command

    def add_json(command: argparse.ArgumentParser) -> None:
        command.add_argument("--json", action="store_true", help="end standard output with one line, a JSON object")

    def add_ray(command: argparse.ArgumentParser) -> None:
        command.add_argument(
            "--ray",
            metavar="ADDRESS",
            help="a running Ray cluster for the actors, HOST:PORT or auto (default: $RAY_ADDRESS, else a local one)",
        )

    def add_notify(command: argparse.ArgumentParser) -> None:
        command.add_argument(
            "--notify", action="store_true", help="ring the terminal's bell and show a desktop notice at the end"
        )

    def add_env(command: argparse.ArgumentParser) -> None:
        command.add_argument(
            "--env",
            metavar="NAME=VALUE",
            action="append",
            default=[],
            help="an argument of the game's environment, its value as JSON; may be repeated",
        )

    model_help = "a model file, a run, or a game's name for its best saved agent"

    train = add("train", "training", "train an agent without the TUI", _TRAIN_EPILOG)
    train.add_argument("game", metavar="GAME", nargs="?", help="a game, as `arcade-dqn games` lists it")
    train.add_argument("--preset", metavar="P", help="start from this preset instead of the game's own")
    train.add_argument("--steps", metavar="N", help="agent steps to train; the same as --set run.steps=N")
    train.add_argument("--seed", metavar="S", help="seed of every random number; the same as --set run.seed=S")
    train.add_argument(
        "--set",
        metavar="SECTION.NAME=VALUE",
        action="append",
        default=[],
        dest="overrides",
        help="override a setting; may be repeated",
    )
    add_env(train)
    train.add_argument("--actors", metavar="N", help="play in N processes, on Ray; the same as --set cluster.actors=N")
    add_ray(train)
    train.add_argument("--name", metavar="RUN", help="name of the run (default: the date and time)")
    train.add_argument("--watch", action="store_true", help="open the window on the run")
    add_notify(train)
    train.add_argument("--help-settings", action="store_true", help="list every setting and preset, and end")
    add_json(train)

    resume = add(
        "resume",
        "training",
        "go on where a run stopped",
        "examples:\n  arcade-dqn resume first-try\n  arcade-dqn resume runs/CartPole-v1/first-try --watch",
    )
    resume.add_argument("target", metavar="RUN", help="a run's folder, GAME/NAME or NAME")
    add_env(resume)
    resume.add_argument("--watch", action="store_true", help="open the window on the run")
    add_ray(resume)
    add_notify(resume)
    add_json(resume)

    repeat = add(
        "repeat",
        "training",
        "train again with the settings, the seed and the interventions of an earlier run",
        "examples:\n  arcade-dqn repeat first-try --name second-try\n\n"
        "Interventions are what a person changed while it trained, such as epsilon; each is made at its step again,\n"
        "and a run that was trained to its end ends in the same weights again, to the last bit (unless it was resumed\n"
        "in a game that cannot be saved, its record has a gap, or actors played).",
    )
    repeat.add_argument("target", metavar="RUN", help="a run's folder, GAME/NAME or NAME")
    repeat.add_argument("--name", metavar="RUN", help="name of the new run (default: the date and time)")
    add_env(repeat)
    repeat.add_argument("--watch", action="store_true", help="open the window on the run")
    add_ray(repeat)
    add_notify(repeat)
    add_json(repeat)

    watch = add(
        "watch",
        "playing",
        "watch a saved model or a live run play",
        "examples:\n  arcade-dqn watch cartpole\n  arcade-dqn watch first-try --speed 2\n"
        "  arcade-dqn watch agent.safetensors --terminal --episodes 3\n"
        "  arcade-dqn watch cartpole --beside untrained\n  arcade-dqn watch first-try --beside cartpole",
    )
    watch.add_argument("target", metavar="MODEL|RUN", help=model_help)
    watch.add_argument("--terminal", action="store_true", help="draw in this terminal instead of a window")
    watch.add_argument(
        "--speed", metavar="X", type=float, default=1.0, help="times the game's own; 0: no limit (default: 1)"
    )
    watch.add_argument("--episodes", metavar="N", type=int, help="end after N episodes (default: play on)")
    watch.add_argument("--greedy", action="store_true", help="never explore, also on a run that does")
    watch.add_argument(
        "--beside",
        metavar="MODEL|RUN",
        help="another agent of the game, side by side, on the same seeds; `untrained` and `halfway` are its own past",
    )
    add_env(watch)
    watch.add_argument("--sounds", action="store_true", help="begin with the window's sounds on")

    play = add(
        "play", "playing", "play a game yourself, against its saved agent", "example:\n  arcade-dqn play CartPole-v1"
    )
    play.add_argument("game", metavar="GAME", help="a game, as `arcade-dqn games` lists it")
    add_env(play)
    play.add_argument("--sounds", action="store_true", help="begin with the window's sounds on")

    evaluate = add(
        "eval",
        "playing",
        "score a model by greedy play on seeds that training never saw",
        "examples:\n  arcade-dqn eval cartpole\n  arcade-dqn eval first-try --episodes 30 --seed 7 --json",
    )
    evaluate.add_argument("target", metavar="MODEL", help=model_help)
    evaluate.add_argument("--episodes", metavar="N", type=int, default=100, help="episodes to play (default: 100)")
    evaluate.add_argument("--seed", metavar="S", type=int, default=0, help="seed of the episodes (default: 0)")
    evaluate.add_argument(
        "--epsilon",
        metavar="E",
        type=float,
        help="share of random actions (default: that of the model's own score, which is 0 but for Atari)",
    )
    add_env(evaluate)
    add_json(evaluate)
    evaluate.set_defaults(run=_command("arcade_dqn.cli.playing", "evaluate"))

    record = add(
        "record",
        "playing",
        "record a film of a model, with the panel that the window shows",
        "examples:\n  arcade-dqn record cartpole cartpole.mp4\n  arcade-dqn record first-try try.gif --seconds 10",
    )
    record.add_argument("target", metavar="MODEL", help=model_help)
    record.add_argument("out", metavar="OUT.mp4|OUT.gif", type=Path, help="the film to write")
    record.add_argument("--episodes", metavar="N", type=int, default=1, help="episodes to record (default: 1)")
    record.add_argument("--seconds", metavar="X", type=float, help="end after X seconds of film")
    add_env(record)
    record.add_argument("--seed", metavar="S", type=int, default=0, help="seed of the episodes (default: 0)")

    export = add(
        "export",
        "playing",
        "write a model as a .keras file for Keras users",
        "example:\n  arcade-dqn export cartpole cartpole.keras",
    )
    export.add_argument("target", metavar="MODEL", help=model_help)
    add_env(export)
    export.add_argument("out", metavar="OUT.keras", type=Path, help="the file to write")

    report = add(
        "report",
        "reports",
        "draw a run (returns, evaluations, epsilon, replay), or compare several",
        "examples:\n  arcade-dqn report first-try first-try.png\n"
        "  arcade-dqn report seed-1 seed-2 seed-3 comparison.svg --clock\n\n"
        "Runs that differ by their seed alone are one curve, with the 95% interval of its mean.",
    )
    report.add_argument("targets", metavar="RUN", nargs="+", help="a run's folder, GAME/NAME or NAME")
    report.add_argument("out", metavar="OUT.png", type=Path, help="the picture to write (.png, .svg or .pdf)")
    report.add_argument("--clock", action="store_true", help="over seconds of training instead of steps")

    experiment = add(
        "experiment",
        "reports",
        "answer a question about DQN by short runs over three seeds, and write a report",
        "examples:\n  arcade-dqn experiment                 what can be asked, and what is answered\n"
        "  arcade-dqn experiment replay\n  arcade-dqn experiment replay --report\n\n"
        "ctrl+c saves and ends; the same command goes on.",
    )
    experiment.add_argument("question", metavar="QUESTION", nargs="?", help="replay, target or capacity")
    experiment.add_argument("--report", action="store_true", help="train nothing: write the report of a finished one")
    add_json(experiment)

    bench = add(
        "bench",
        "bench",
        "measure how well the presets learn, or what each piece of the family is worth, over seeds",
        "examples:\n  arcade-dqn bench learning\n  arcade-dqn bench learning --games cartpole pendulum --seeds 3\n"
        "  arcade-dqn bench ablation --jobs 2\n\n"
        "learning: every game with its preset, ten seeds, a fixed budget, the final policy.\n"
        "ablation: plain DQN with each piece, and Rainbow's six without each, five seeds.\n\n"
        "What the table holds already is not trained again, so a measurement that was stopped goes on.",
    )
    bench.add_argument("what", choices=["learning", "ablation"], help="what to measure")
    bench.add_argument(
        "--games",
        metavar="GAME",
        nargs="+",
        help="these games (default: the five classic ones; LunarLander and MinAtar Breakout for an ablation)",
    )
    bench.add_argument("--seeds", metavar="N", type=int, help="the first N seeds (default: all)")
    bench.add_argument(
        "--out", metavar="CSV", type=Path, help="the table of results (default: learning.csv or ablation.csv)"
    )
    bench.add_argument(
        "--jobs", metavar="N", type=int, default=1, help="N trainings at a time, which then tell nothing of speed"
    )
    bench.add_argument("--against", metavar="CSV", type=Path, help="a peer's table, to be compared with")
    add_json(bench)

    preferences = add(
        "preferences",
        "preferences",
        "show where the preferences of the arcade are, and what can be set: theme, keys, motion, notices",
        "examples:\n  arcade-dqn preferences\n  arcade-dqn preferences --write\n\n"
        "$ARCADE_DQN_CONFIG names another file.",
    )
    preferences.add_argument("--write", action="store_true", help="make the file if there is none")

    serve = add(
        "serve",
        "serve",
        "open the arcade to a browser",
        "examples:\n  arcade-dqn serve\n  arcade-dqn serve --port 8080\n\n"
        "Each tab is an arcade of its own; one that is closed saves its run. There is no password: whoever reaches\n"
        "the address controls the arcade. Another machine reaches it safely through SSH, with\n"
        "`ssh -L 8000:localhost:8000 HOST` there.",
    )
    serve.set_defaults(elsewhere=True)
    serve.add_argument(
        "--host", metavar="H", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine alone)"
    )
    serve.add_argument("--port", metavar="N", type=int, default=8000, help="port to listen on (default: 8000)")

    add_json(add("models", "tables", "list the saved models, shipped ones and your own"))
    add_json(add("games", "tables", "list the games, and how to install the ones that are missing"))
    add_json(add("runs", "tables", "list the runs"))
    add_json(add("doctor", "tables", "check this machine, and say what to do about what is missing"))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code; `--help` and mistakes in the usage raise SystemExit, as argparse does."""
    # Defaults of the options that every command has: as set_defaults they would undo `--runs-dir DIR` before a command.
    arguments = argparse.Namespace(
        run=_command("arcade_dqn.cli.playing", "arcade"),
        runs_dir=None,
        debug=False,
        ascii=False,
        imports_first=[],
        imports=[],
        elsewhere=True,
    )
    output.prepare()
    try:
        try:
            build_parser().parse_args(argv, arguments)
            door.open_door(arguments)
            code: int = arguments.run(arguments)
        except SystemExit:
            output.finish()  # a help text, which may be for a full disk
            raise
        output.finish()
        return code
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`arcade-dqn games | head -3`); nothing is left to tell them.
        output.throw_away(sys.stdout)
        return 1
    except Exception as error:  # noqa: BLE001 - the last handler: every error becomes one line here
        if arguments.debug:
            output.complain(traceback.format_exc().rstrip())
        from arcade_dqn.link.text import plain

        output.complain(f"arcade-dqn: {plain(_sentence(error), 4000)}")
        code = error.exit_code if isinstance(error, ArcadeError) else 1
    with contextlib.suppress(OSError):  # it may be what was told just now: a full disk (`arcade-dqn games > FILE`)
        output.finish()
    return code


def _sentence(error: Exception) -> str:
    if isinstance(error, ArcadeError):
        text = str(error)
    elif isinstance(error, OSError) and error.strerror:
        text = f"{os.fsdecode(error.filename)}: {error.strerror}" if error.filename else output.why(error)
    else:
        detail = " ".join(str(error).split())
        name = type(error).__name__
        return f"unexpected {name}{': ' if detail else ''}{detail} (--debug shows where)"
    return f"{text} (the current folder was deleted; go to another one)" if _lost() else text


def _lost() -> bool:
    """Whether the current folder is no more."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False
