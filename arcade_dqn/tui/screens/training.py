"""A run in training, live: how far it is, how well it plays, what its memory holds, and the agent itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import RichLog, Static

from arcade_dqn.experiments.curves import running_mean
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.tui import keys
from arcade_dqn.tui.cluster_status import status_line
from arcade_dqn.tui.controls import BY_NAME
from arcade_dqn.tui.record import RunRecord
from arcade_dqn.tui.screens.base import ArcadeScreen
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.services.demo_player import FRAMES_PER_SECOND, Demo
from arcade_dqn.tui.services.meters import Reading, in_lines
from arcade_dqn.tui.theme import state_word
from arcade_dqn.tui.widgets.braille import short
from arcade_dqn.tui.widgets.chart import Chart, Plot, Trace
from arcade_dqn.tui.widgets.gauge import Gauge
from arcade_dqn.tui.widgets.picture import Picture
from arcade_dqn.tui.widgets.progress import ProgressLine
from arcade_dqn.tui.widgets.titlebar import TitleBar

if TYPE_CHECKING:
    from arcade_dqn.link.board import Status
    from arcade_dqn.tui.snapshot import Snapshot

SMOOTHING = 20
"""Episodes in the running mean that the chart draws."""
View = Literal["beside", "large", "hidden"]
"""The agent in the terminal: beside the curves, in their place, or nowhere."""
_NEXT: Mapping[View, View] = {"beside": "large", "large": "hidden", "hidden": "beside"}
_CHART_EVERY = 3
"""Snapshots between two drawings of the charts."""


class TrainingScreen(ArcadeScreen):
    """Shows the newest run; leaving it does not touch the training."""

    PLACE = "training"
    BINDINGS = keys.TRAINING

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._record: RunRecord | None = None
        self._lines = 0
        self._drawn = -1
        self._looks = 0
        self._shown = 0
        self._view: View = "beside"

    def body(self) -> ComposeResult:
        yield ProgressLine(id="progress")
        yield Static(id="facts", markup=False)
        yield Static(id="cluster", markup=False)
        with Horizontal(id="training"):
            with Vertical(id="curves"):
                returns = Chart(empty="no episode has ended yet", id="returns")
                returns.border_title = "Return"
                yield returns
                with Horizontal(id="learning"):
                    for name, title in (("loss", "Loss"), ("mean-q", "Mean Q")):
                        chart = Chart(empty="no update yet", id=name)
                        chart.border_title = title
                        yield chart
            with Vertical(id="agent"):
                view = Picture("waiting for the first weights", id="view")
                view.border_title = "Agent"
                yield view
                with Vertical(id="gauges") as gauges:
                    gauges.border_title = "Memory and chance"
                    yield Gauge("Replay", id="replay")
                    yield Gauge("Epsilon", id="epsilon")
                log = RichLog(id="log", wrap=True, markup=False, max_lines=2_000, min_width=20)
                log.border_title = "Log"
                yield log

    def completed(self) -> None:
        self.set_interval(1 / FRAMES_PER_SECOND, self._draw_view)

    # --- the run ---

    def show_snapshot(self, snapshot: Snapshot) -> None:
        super().show_snapshot(snapshot)
        record = self.services.training.record
        if record is not self._record:
            self._record, self._lines, self._drawn = record, 0, -1
            self.query_one("#log", RichLog).clear()
        place = f"{snapshot.game} · {snapshot.run.name}" if snapshot.run else "getting ready"
        self.query_one(TitleBar).set_place(place)
        self._show_status(snapshot)
        self._show_cluster()
        self._show_log(record)
        self._looks += 1
        if self._looks % _CHART_EVERY == 1 and record.version != self._drawn:
            self._drawn = record.version
            self._show_charts(record, snapshot)
        self._project(snapshot)
        self._show_machine()
        self.refresh_bindings_if(snapshot)

    def refresh_bindings_if(self, snapshot: Snapshot) -> None:
        """The key bar greys the keys that need a run under way: look again when that changes."""
        if snapshot.running != self._was_running:
            self._was_running = snapshot.running
            self.refresh_bindings()

    _was_running: bool | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        needs_run = ("pause", "save", "evaluate", "epsilon", "epsilon_auto", "speed", "controls", "replay", "stop")
        if action in needs_run and not self.services.training.running:
            return None
        return True

    def _show_status(self, snapshot: Snapshot) -> None:
        word, tone = state_word(snapshot.state or "starting")
        status = snapshot.status
        progress = self.query_one("#progress", ProgressLine)
        if status is None:
            progress.set(word, tone, 0, 0, math.nan, math.nan)
            over = snapshot.phase in ("ended", "died")
            what = "it ended before it began; the log says why" if over else "the learner is getting ready"
            self.query_one("#facts", Static).update(f" {what}", layout=False)
            return
        running = snapshot.state == "training"
        eta = status.eta_seconds if running else math.nan
        speed = status.steps_per_second if running else math.nan
        progress.set(word, tone, status.step, status.steps_total, eta, speed)
        self.query_one("#facts", Static).update(_facts(status), layout=False)
        capacity = max(status.replay_capacity, 1)
        learning = status.replay_size >= status.learning_start
        yours = status.demonstrations
        fill, most = status.replay_size, status.replay_capacity
        self.query_one("#replay", Gauge).set(
            fill / capacity,
            f"{f'{yours:,} yours  ' if yours else ''}{fill:,} / {most:,}",
            status.learning_start / capacity,
            caption="Replay" if learning else f"Replay ┃ learns from {status.learning_start:,}",
            shorter=f"{f'{short(yours)} yours ' if yours else ''}{short(fill)}/{short(most)}",
        )
        epsilon = 0.0 if math.isnan(status.epsilon) else status.epsilon
        how = "by hand" if status.epsilon_override else "schedule"
        self.query_one("#epsilon", Gauge).set(epsilon, f"{epsilon:.3f} {how}")

    def _show_cluster(self) -> None:
        """A line of its own, in runs with actors alone."""
        told = self.services.training.cluster
        line = self.query_one("#cluster", Static)
        line.display = told is not None
        if told is not None and (told is not self._told or line.size.width != self._told_width):
            self._told, self._told_width = told, line.size.width
            line.update(status_line(told, line.size.width or self.size.width), layout=False)

    _told: Mapping[str, Any] | None = None
    _told_width = 0

    def _show_machine(self) -> None:
        """The machine's meters, on the borders of two boxes: they need no room of their own."""
        reading = self.services.meters.newest
        if reading is None or reading is self._reading:
            return
        self._reading = reading
        boxes = [self.query_one("#gauges"), self.query_one("#log")]
        lines = in_lines(reading.parts(), [box.size.width - 4 for box in boxes])
        for box, line in zip(boxes, lines, strict=True):
            box.border_subtitle = line

    _reading: Reading | None = None

    def _show_log(self, record: RunRecord) -> None:
        new = record.lines - self._lines
        if not new:
            return
        log = self.query_one("#log", RichLog)
        for when, sentence in list(record.log)[-min(new, len(record.log)) :]:
            log.write(f"{when} {sentence}")
        self._lines = record.lines

    def _show_charts(self, record: RunRecord, snapshot: Snapshot) -> None:
        info = next((info for info in GAMES if info.title == snapshot.game), None)
        step = float(snapshot.status.step) if snapshot.status else 0.0
        rules = tuple(record.interventions)
        x, y = record.returns.x, record.returns.y
        traces = (
            Trace(x, y, "dots", "raw"),
            Trace(x, running_mean(y, SMOOTHING), "line", "line"),
            Trace(record.evaluations.x, record.evaluations.y, "marks", "mark"),
        )
        returns = self.query_one("#returns", Chart)
        returns.show(Plot(traces, info.solved_at if info else None, rules, step))
        legend = f"· episode  ─ mean of {SMOOTHING}  ◆ evaluation"
        longer = f"{legend}  ╌ solved  ┊ changed by hand"
        returns.border_subtitle = longer if len(longer) + 4 <= returns.size.width else legend
        loss, mean_q = record.loss, record.mean_q
        charts = (("#loss", "Loss", loss), ("#mean-q", "Mean Q", mean_q))
        for name, title, curve in charts:
            chart = self.query_one(name, Chart)
            chart.show(Plot((Trace(curve.x, curve.y, "line", "second"),), None, (), step))
            chart.border_title = f"{title} {short(float(curve.y[-1]))}" if len(curve) else title

    # --- the terminal view ---

    def _project(self, snapshot: Snapshot) -> None:
        view = self.query_one("#view", Picture)
        size = (view.size.width, view.size.height)
        seen = self.active and self._viewing and not self.has_class("-tiny")
        if seen and snapshot.run is not None and snapshot.status is not None:
            self.services.demo_player.show(Demo(snapshot.game, str(snapshot.run)), size)
        elif self.active:
            self.services.demo_player.show(None, (0, 0))

    def _draw_view(self) -> None:
        if not self.active or not self._viewing:
            return
        newest = self.services.demo_player.newest(after=self._shown)
        if newest is None:
            return
        self._shown = newest.number
        view = self.query_one("#view", Picture)
        if newest.problem:
            view.say(newest.problem)
        elif self.services.terminal.keeps_up():
            view.show(newest.strips)
            view.border_title = f"Agent · {newest.who}" if newest.who else "Agent"
            view.border_subtitle = newest.caption

    def on_screen_suspend(self) -> None:
        self.services.demo_player.show(None, (0, 0))

    def on_resize(self, event: events.Resize) -> None:
        self._drawn = -1
        if self._complete:
            # The log breaks its lines when they are written: in another width they are written again.
            self.query_one("#log", RichLog).clear()
            self._lines = 0

    # --- keys ---

    def action_pause(self) -> None:
        self.services.training.command("resume" if self.services.training.snapshot.state == "paused" else "pause")

    def action_save(self) -> None:
        self.services.training.command("save")

    def action_evaluate(self) -> None:
        self.services.training.command("evaluate")

    def action_epsilon(self, up: bool) -> None:
        self.services.controls.move(BY_NAME["epsilon"], up)

    def action_epsilon_auto(self) -> None:
        self.services.controls.set(BY_NAME["epsilon"], None)

    def action_speed(self, up: bool) -> None:
        self.services.controls.move(BY_NAME["speed_limit"], up)

    def action_controls(self) -> None:
        from arcade_dqn.tui.screens.controls import ControlsScreen

        self.app.push_screen(ControlsScreen(self.services))

    def action_replay(self) -> None:
        from arcade_dqn.tui.screens.replay import ReplayScreen

        self.app.push_screen(ReplayScreen(self.services))

    def action_stages(self) -> None:
        snapshot = self.services.training.snapshot
        run, title = snapshot.run, snapshot.game
        if run is None:
            self.notify("The run is getting ready; try again in a moment.")
        else:
            game = next((info.id for info in GAMES if info.title == title), title)
            self.services.navigation.show_stages(run, game)

    def action_view(self) -> None:
        self._set_view(_NEXT[self._view])

    def _set_view(self, view: View) -> None:
        self._view = view
        self.query_one("#training").set_class(view == "large", "-large")
        self.query_one("#view", Picture).display = self._viewing
        if not self._viewing:
            self.services.demo_player.show(None, (0, 0))

    @property
    def _viewing(self) -> bool:
        return self._view != "hidden"

    def action_window(self) -> None:
        run, playback = self.services.training.snapshot.run, self.services.playback
        if run is None:
            self.notify("The run is getting ready; try again in a moment.")
        else:
            if not playback.window_possible and not self._viewing:
                self._set_view("beside")
            playback.toggle_window(str(run))

    @work
    async def action_stop(self) -> None:
        question = "The run stops and is saved, and can be resumed later."
        if await self.services.navigation.confirm("Stop the training?", question, yes="Stop", no="Go on"):
            self.services.training.command("stop")

    def action_back(self) -> None:
        self.services.navigation.go_home()


def _facts(status: Status) -> Content:
    """The numbers of a run, on one line."""
    facts = [("episode", f"{status.episode:,}")]
    for name, value in (
        ("last", status.last_return),
        ("mean", status.mean_return),
        ("best eval", status.best_evaluation),
        ("updates/s", status.updates_per_second),
    ):
        if math.isfinite(value):
            facts.append((name, f"{value:,.0f}" if name == "updates/s" else f"{value:,.4g}"))
    parts: list[Content] = []
    for name, text in facts:
        parts.append(Content.assemble((f"{name} ", "$muted"), (text, "$foreground")))
    return Content(" ") + Content("   ").join(parts)
