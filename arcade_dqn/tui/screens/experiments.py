"""Three questions about DQN, answered by real runs while one looks on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from arcade_dqn.errors import ArcadeError
from arcade_dqn.experiments.questions import QUESTIONS, SEEDS, Question, Results, Variant, score_in_words
from arcade_dqn.tui import keys
from arcade_dqn.tui.screens.base import ArcadeScreen, title_of
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.widgets.chart import Chart, Plot, Trace
from arcade_dqn.tui.widgets.choices import Choices

if TYPE_CHECKING:
    from arcade_dqn.tui.snapshot import Snapshot

_REDRAW = 5
"""Snapshots between two drawings."""


class ExperimentsScreen(ArcadeScreen):
    """The questions at the left, the chosen one's curves and its answer at the right."""

    PLACE = "experiments"
    BINDINGS = keys.EXPERIMENTS
    AUTO_FOCUS = "OptionList"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._looks = 0

    def body(self) -> ComposeResult:
        with Horizontal(id="lab"):
            with Vertical(id="lab-left"):
                options = Choices(
                    *(Option(question.title, id=question.id) for question in QUESTIONS), id="questions", compact=True
                )
                options.border_title = "Questions"
                yield options
                about = Static(id="question-about", markup=False)
                about.border_title = "How it is answered"
                yield about
            with Vertical(id="lab-right"):
                chart = Chart(empty=f"press {self._begin} to find out", id="lab-curves")
                chart.border_title = "Score over steps, mean of the seeds"
                yield chart
                table = Static(id="lab-table")
                table.border_title = "Results"
                yield table

    def completed(self) -> None:
        self.query_one(OptionList).highlighted = 0

    @property
    def question(self) -> Question:
        """The question under the highlight."""
        return QUESTIONS[self.query_one(OptionList).highlighted or 0]

    @on(OptionList.OptionHighlighted)
    def _chosen(self) -> None:
        self.query_one("#question-about", Static).update(self.question.about)
        self._load(self.question)

    @work(thread=True, exclusive=True)
    def _load(self, question: Question) -> None:
        try:
            self.services.experiments.lab.load(question)
        except ArcadeError as error:
            self.app.call_from_thread(self.complain, error)
        self.app.call_from_thread(self._show)

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_begin()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        super().show_snapshot(snapshot)
        self._looks += 1
        if self._looks % _REDRAW == 0:
            self._show()

    def _show(self) -> None:
        if not self.active:
            return
        question = self.question
        results = self.services.experiments.lab.results.get(question.id) or Results(question)
        traces: list[Trace] = []
        for variant in question.variants:
            points = np.array(results.curve(variant), np.float64).reshape(-1, 2)
            if len(points):
                tone = f"tone-{variant.letter.lower()}"
                traces.append(Trace(points[:, 0], points[:, 1], "line", tone))
                traces.append(Trace(points[-1:, 0], points[-1:, 1], "marks", tone, variant.letter))
        self.query_one("#lab-curves", Chart).show(Plot(tuple(traces), x_high=float(question.steps) if traces else None))
        self.query_one("#lab-table", Static).update(self._table(question, results))

    def _table(self, question: Question, results: Results) -> Content:
        lines = [Content.assemble((f"   {'':<24}{'runs':>5}{'score at the end':>20}", "$muted"))]
        for variant in question.variants:
            finals = results.finals(variant)
            score = score_in_words(finals, 1) if finals else "-"
            lines.append(
                Content.assemble(
                    (f" {variant.letter} ", f"bold $tone-{variant.letter.lower()}"),
                    f"{variant.label:<24}{len(finals):>3}/{len(SEEDS)}{score:>20}",
                )
            )
        lines.append(Content.assemble((self._state(question, results), "$primary")))
        if (report := self.services.experiments.lab.reports.get(question.id)) is not None:
            lines.append(Content.assemble((f" report: {report}", "$muted")))
        return Content("\n").join(lines)

    def _state(self, question: Question, results: Results) -> str:
        lab = self.services.experiments.lab
        if lab.question is question:
            return f" {len(results.done)} of {question.runs} runs done; {_doing(lab.now, lab.step)}"
        if lab.problem and lab.last is question and not results.complete:
            return f" it ended early: {lab.problem}"
        if results.complete:
            return " " + results.answer()
        if results.scores:
            return f" {len(results.done)} of {question.runs} runs done; {self._begin} goes on"
        return f" {question.runs} short runs of {title_of(question.game)}; {self._begin} starts them"

    @property
    def _begin(self) -> str:
        """The key that starts an experiment, as it is written here."""
        return self.key("experiments.begin")

    def action_ask(self, number: int) -> None:
        """Choose the question with this number and start it."""
        self.query_one(OptionList).highlighted = number
        self.action_begin()

    def action_begin(self) -> None:
        lab, question = self.services.experiments.lab, self.question
        results = lab.results.get(question.id)
        if lab.question is question:
            self.notify("This experiment is running.")
        elif results is not None and results.complete:
            self.notify("This experiment is finished; its answer stands below the table.")
        else:
            self.services.experiments.begin(question)

    def action_report(self) -> None:
        results = self.services.experiments.lab.results.get(self.question.id)
        if results is None or not results.complete:
            self.notify("The report is written when all runs of the experiment are done.")
        else:
            self.notify("Writing the report.", timeout=2)
            self.services.experiments.report_on(self.question)

    def action_stop(self) -> None:
        if self.services.experiments.lab.running:
            self.notify("Stopping; what was found so far is kept.")
            self.services.experiments.stop()


def _doing(now: tuple[Variant, int] | None, step: int) -> str:
    if now is None:
        return "the next one is starting"
    variant, seed = now
    return f"training {variant.label}, seed {seed}: step {step:,}"
