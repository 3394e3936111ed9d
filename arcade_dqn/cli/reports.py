"""The commands that draw runs, and that answer a question by experiments."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from arcade_dqn.cli.main import INTERRUPTED
from arcade_dqn.cli.tables import print_json, print_table, runs_dir
from arcade_dqn.errors import ArcadeError, UsageError

if TYPE_CHECKING:
    from arcade_dqn.experiments.lab import Lab
    from arcade_dqn.experiments.questions import Question, Results, Variant

_LOOK = 0.1
"""Seconds between two looks at an experiment."""


def report(arguments: argparse.Namespace) -> int:
    """`arcade-dqn report RUN [RUN ...] OUT.png`: one picture of a run, or of several on the same axes."""
    from arcade_dqn.games.find import find
    from arcade_dqn.storage.run_dir import RunDir

    folder = runs_dir(arguments)
    found = [RunDir.find(target, folder) for target in arguments.targets]
    if len(found) == 1:
        if arguments.clock:
            raise UsageError("--clock is for several runs: one run is drawn over its steps")
        from arcade_dqn.report.run import draw

        settings = found[0].settings()
        draw(
            found[0].read_metrics(),
            settings,
            find(settings.game, settings.environment.imports, settings.environment.arguments),
            found[0].name,
            arguments.out,
        )
    else:
        from arcade_dqn.experiments.curves import read_curves
        from arcade_dqn.report.comparison import draw_comparison

        draw_comparison([read_curves(run.path) for run in found], arguments.out, clock=arguments.clock)
    print(arguments.out)
    return 0


def experiment(arguments: argparse.Namespace) -> int:
    """`arcade-dqn experiment [QUESTION]`: train its runs, one after the other, and write the report."""
    from arcade_dqn.experiments.lab import Lab
    from arcade_dqn.experiments.questions import QUESTIONS, find_question

    folder = runs_dir(arguments)
    lab = Lab(folder)
    if arguments.question is None:
        if arguments.report:
            raise UsageError("--report needs a QUESTION; `arcade-dqn experiment` lists them")
        _list(lab, QUESTIONS, json=arguments.json)
        return 0
    question = find_question(arguments.question)
    lab.load(question)
    if not arguments.report and not lab.results[question.id].complete and not _train(lab, question):
        print(f"stopped; `arcade-dqn experiment {question.id}` goes on")
        return INTERRUPTED

    from arcade_dqn.experiments.folder import ExperimentFolder
    from arcade_dqn.report.experiment import write_report

    results = lab.results[question.id]
    picture, words = write_report(results, ExperimentFolder(folder, question).path)
    print(results.answer())
    print(f"{picture} and {words}")
    if arguments.json:
        print_json(
            {
                "question": question.id,
                "answer": results.answer(),
                "report": str(picture),
                "scores": {variant.label: results.finals(variant) for variant in question.variants},
            }
        )
    return 0


def _list(lab: Lab, questions: tuple[Question, ...], *, json: bool) -> None:
    for question in questions:
        lab.load(question)
    found = [lab.results[question.id] for question in questions]
    print_table(
        "Experiments",
        ("question", "", "runs done"),
        [(one.question.id, one.question.title, f"{len(one.done)} of {one.question.runs}") for one in found],
    )
    for one in found:
        if one.complete:
            print(f"{one.question.id}: {one.answer()}")
    if json:
        print_json(
            {
                "experiments": [
                    {
                        "question": one.question.id,
                        "title": one.question.title,
                        "runs": one.question.runs,
                        "done": len(one.done),
                        "answer": one.answer() or None,
                    }
                    for one in found
                ]
            }
        )


def _train(lab: Lab, question: Question) -> bool:
    """Train what is missing; False if a signal stopped it, with everything saved."""
    from arcade_dqn.link.signals import on_signals

    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True

    try:
        with on_signals(stop):
            lab.begin(question)
            told = set(lab.results[question.id].done)
            _say_begin(lab)
            while lab.running and not stopped:
                time.sleep(_LOOK)
                more = lab.poll()
                results = lab.results[question.id]
                for key in sorted(results.done - told):
                    told.add(key)
                    _say_done(results, key)
                if more:
                    lab.go_on()
                    _say_begin(lab)
    finally:
        lab.close()
    if lab.problem and not stopped:
        raise ArcadeError(f"the experiment ended early: {lab.problem}")
    return not stopped


def _say_begin(lab: Lab) -> None:
    if lab.now is not None:
        variant, seed = lab.now
        print(f"training {_named(variant)}, seed {seed} ...", flush=True)


def _say_done(results: Results, key: tuple[str, int]) -> None:
    letter, seed = key
    variant = next(variant for variant in results.question.variants if variant.letter == letter)
    score = results.score(key)
    print(f"  {_named(variant)}, seed {seed}: {score:.1f} ({len(results.done)} of {results.question.runs})", flush=True)


def _named(variant: Variant) -> str:
    return f"{variant.letter} ({variant.label})"
