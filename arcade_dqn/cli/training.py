"""The commands `train`, `resume` and `repeat`: a run in this process, without the TUI."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from arcade_dqn.cli import output
from arcade_dqn.cli.main import INTERRUPTED
from arcade_dqn.cli.quiet import quiet_libraries
from arcade_dqn.cli.tables import print_json, print_settings, runs_dir
from arcade_dqn.errors import UsageError
from arcade_dqn.storage.atomic import StorageError

if TYPE_CHECKING:
    from arcade_dqn.cli.progress import View
    from arcade_dqn.config import Settings
    from arcade_dqn.evaluation import Evaluation
    from arcade_dqn.link.process import Child
    from arcade_dqn.storage.run_dir import RunDir

log = logging.getLogger(__name__)


def train(arguments: argparse.Namespace) -> int:
    """`arcade-dqn train GAME`: build the settings, make the run's folder, train."""
    if arguments.help_settings:
        print_settings()
        return 0
    if arguments.game is None:
        raise UsageError("train needs a GAME, such as CartPole-v1; `arcade-dqn games` lists them")

    from arcade_dqn.config import build
    from arcade_dqn.games.arguments import typed
    from arcade_dqn.games.find import find
    from arcade_dqn.games.make import make
    from arcade_dqn.storage.run_dir import RunDir

    info = find(arguments.game)
    shortcuts = [
        f"run.{name}={value}"
        for name, value in (("steps", arguments.steps), ("seed", arguments.seed))
        if value is not None
    ]
    if arguments.actors is not None:
        shortcuts.append(f"cluster.actors={arguments.actors}")
    settings = build(info.id, arguments.preset or info.preset, [*shortcuts, *arguments.overrides])
    environment = settings.environment.model_copy(update={"arguments": typed()})
    settings = settings.model_copy(update={"environment": environment})
    # What cannot be trained should leave no run folder behind.
    _find_ray(settings, arguments)
    make(info, settings.environment).close()
    return _execute(RunDir.create(runs_dir(arguments), settings, name=arguments.name), arguments)


def _find_ray(settings: Settings, arguments: argparse.Namespace) -> None:
    """Say at once what is wrong with where the actors are to play, and leave it where Ray itself would look."""
    from arcade_dqn.cluster.factory import RAY_ADDRESS, require_ray

    if arguments.ray is not None:
        if not settings.cluster.actors:
            raise UsageError("--ray needs actors that play there; add --actors N")
        os.environ[RAY_ADDRESS] = arguments.ray
    require_ray(settings)


def resume(arguments: argparse.Namespace) -> int:
    """`arcade-dqn resume RUN`: go on from its newest checkpoint."""
    from arcade_dqn.storage.run_dir import RunDir

    run_dir = RunDir.find(arguments.target, runs_dir(arguments))
    # Asked at once, before TensorFlow is loaded; the run itself takes the lock again and keeps it.
    with run_dir.lock():
        pass
    _refuse_if_complete(run_dir)
    _find_ray(run_dir.settings(), arguments)
    return _execute(run_dir, arguments)


def _refuse_if_complete(run_dir: RunDir) -> None:
    try:
        summary = run_dir.read_summary()
    except StorageError:
        return  # the run says so, and writes it anew
    total = run_dir.settings().run.steps
    if summary is not None and summary.state == "done" and summary.step >= total:
        raise UsageError(f"the run {run_dir.path} has trained all its {total:,} steps; there is nothing to resume")


def repeat(arguments: argparse.Namespace) -> int:
    """`arcade-dqn repeat RUN`: a new run with its settings, its seed, and what a person changed while it trained."""
    from arcade_dqn.games.arguments import require_same
    from arcade_dqn.storage.demonstrations import list_demonstrations
    from arcade_dqn.storage.run_dir import RunDir

    earlier = RunDir.find(arguments.target, runs_dir(arguments))
    _find_ray(earlier.settings(), arguments)
    require_same(earlier.settings().environment.arguments)  # before there is a folder
    interventions = earlier.made_interventions()
    if shown := list_demonstrations(earlier.path):
        print(f"the run learned from {len(shown)} demonstrations of a person, too; they are not repeated")
    return _execute(RunDir.create(runs_dir(arguments), earlier.settings(), arguments.name, interventions), arguments)


def _execute(run_dir: RunDir, arguments: argparse.Namespace) -> int:
    """Train in this process and say how it ended. Ctrl+c and SIGTERM save first (training.run handles them)."""
    from arcade_dqn.cli.progress import duration, open_view
    from arcade_dqn.link.signals import last_words
    from arcade_dqn.link.text import plain

    settings = run_dir.settings()
    with (
        open_view(settings.run.steps) as view,
        _window(run_dir, arguments) as look,
        quiet_libraries(run_dir.log, arguments.debug) as errors,
    ):
        with _shown_if_possible():
            view.say(f"{settings.game}: {settings.run.steps:,} steps, preset {settings.preset}, run {run_dir.path}")
        from arcade_dqn.cluster.factory import make_loop
        from arcade_dqn.training.run import Run

        def give_up(message: str, step: int) -> None:
            """End at once, from another thread; a bar may stand on the line."""
            line = "\n" if os.isatty(errors) else ""
            last_words(errors, f"{line}arcade-dqn: {plain(message, 2000)}\n".encode())
            os._exit(INTERRUPTED)

        left = False
        """Whoever read our output has gone: `arcade-dqn train ... | head -2`."""

        def on_event(event: Mapping[str, Any]) -> None:
            nonlocal left
            if left:
                return
            try:
                with _shown_if_possible():
                    view.show(event)
                    look(event, view)
            except BrokenPipeError:
                left = True
                run.request_stop()

        run = Run(run_dir, on_event, give_up=give_up, make_loop=make_loop)
        result = run.execute()
    cut_short = result.reason in ("stopped", "interrupted")
    if left and cut_short:
        output.throw_away(sys.stdout)
        output.complain(
            f"arcade-dqn: nobody reads the output any more, so it was stopped after {result.steps:,} steps, and saved; "
            f"`arcade-dqn resume {plain(str(run_dir.path), 2000)}` goes on"
        )
        return INTERRUPTED
    ending = "done" if result.reason == "steps" else result.reason
    print(
        f"{ending} after {result.steps:,} steps and {duration(result.seconds)} of training"
        + (f", {_score(result.evaluation)}" if result.evaluation else "")
        + (f"; model {result.model}" if result.model else "")
        + (f"; `arcade-dqn resume {run_dir.path}` goes on" if cut_short else ""),
        flush=True,
    )
    if arguments.notify and not cut_short:
        _notify(f"{settings.game}: {ending} after {result.steps:,} steps")
    if arguments.json:
        print_json(
            {
                "run": str(result.run),
                "model": str(result.model) if result.model else None,
                "game": settings.game,
                "steps": result.steps,
                "seconds": round(result.seconds, 3),
                "seed": settings.run.seed,
                "evaluation": result.evaluation.to_dict() if result.evaluation else None,
            }
        )
    if cut_short:
        return INTERRUPTED
    return 0 if result.model else 1  # it was told why nothing could be saved


@contextlib.contextmanager
def _shown_if_possible() -> Iterator[None]:
    """A terminal that was closed or a log on a full disk does the training no harm; a reader that has left stops it."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        log.warning("standard output takes nothing: %s", error)


def _notify(text: str) -> None:
    """The bell, and a notice on the desktop. Standard output may be a file; the person sits at standard error."""
    from arcade_dqn.link.notify import tell

    def write(escapes: str) -> None:
        if sys.stderr.isatty():
            print(escapes, end="", file=sys.stderr, flush=True)

    tell(text, "both", os.environ, write)


def _score(evaluation: Evaluation) -> str:
    episodes = f"{evaluation.episodes} unseen episodes{evaluation.caveat}"
    return f"mean {evaluation.mean:.1f} ± {evaluation.std:.1f} over {episodes}"


@contextlib.contextmanager
def _window(run_dir: RunDir, arguments: argparse.Namespace) -> Iterator[Callable[[Mapping[str, Any], View], None]]:
    """With --watch: the window as a child, opened when the run has a board, closed when the command ends.

    Yields the function to call with every event. A window that ends by itself is mentioned; training goes on.
    """
    child: Child | None = None
    over = not arguments.watch

    def look(event: Mapping[str, Any], view: View) -> None:
        nonlocal child, over
        if over:
            return
        if child is None:
            if event["event"] == "progress" and run_dir.board.exists():
                from arcade_dqn.link.process import Child, ChildError

                # With --events it ends with its input, which ends with this process, however that goes.
                what = [str(run_dir.path), "--events"]
                try:
                    child = Child.start("arcade_dqn.window", what, run_dir.path / "window.log")
                except ChildError as error:
                    over = True
                    view.say(f"{error}; training goes on")
            return
        for told in child.events():
            if told.get("event") == "saved":
                view.say(f"the window saved {told.get('path')}")
        if not child.alive:
            over = True
            view.say("the window is closed; training goes on" if child.exit_code == 0 else f"{child.explain_exit()}")

    try:
        yield look
    finally:
        if child is not None:
            child.stop(timeout=3.0)
