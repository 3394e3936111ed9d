"""The arcade: the games, what each is, and the chosen one's saved agent playing itself."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import TYPE_CHECKING

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.games.families import families, family_of
from arcade_dqn.games.info import GameInfo
from arcade_dqn.tui import keys
from arcade_dqn.tui.screens.base import ArcadeScreen
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.services.demo_player import FRAMES_PER_SECOND, Demo
from arcade_dqn.tui.widgets.choices import Choices
from arcade_dqn.tui.widgets.picture import Picture

if TYPE_CHECKING:
    from arcade_dqn.storage.models import ModelEntry
    from arcade_dqn.tui.snapshot import Snapshot

_NAMES = 11
"""Cells of the left column of the card."""
_SLOWLY = 20
"""Times the game's own speed at which a training can be followed: CartPole then takes some twenty seconds, not two."""
_SETTLE = 0.25
"""Seconds that the highlight rests on a game before its agent starts to play."""


class GameList(Choices):
    """The games by family. A click chooses a game; a double click, like Enter, trains it."""

    def __init__(self) -> None:
        super().__init__(id="games", markup=False, compact=True)
        self._scores: Mapping[str, float] = {}
        self._playable = {info.id: info.installed() for info in GAMES}
        shown = [(family_of(info), info) for info in GAMES]
        for family in families().values():
            if games := [info for its, info in shown if its is family]:
                self.add_option(Option(Content.styled(family.title.upper(), "bold $faint"), disabled=True))
                self.add_options(Option(self._row(info), id=info.id) for info in games)
        self.highlighted = 1

    def playable(self, info: GameInfo) -> bool:
        return self._playable[info.id]

    def show_scores(self, scores: Mapping[str, float]) -> None:
        """Write each game's best saved score beside its title."""
        for info in GAMES:
            if scores.get(info.id) != self._scores.get(info.id):
                self.replace_option_prompt(info.id, self._row(info, scores.get(info.id)))
        self._scores = dict(scores)

    def _row(self, info: GameInfo, score: float | None = None) -> Content:
        title = info.title.removeprefix(f"{family_of(info).title} ")  # its heading says so already
        if not self._playable[info.id]:
            return Content.assemble((f"  {title:<16}", "$faint"), (f"{'+' + str(info.extra):>8}", "$faint"))
        solved = score is not None and info.solved_at is not None and score >= info.solved_at
        mark = "★" if solved else " "
        value = "" if score is None else f"{score:.1f}" if abs(score) < 1000 else f"{score:.0f}"
        return Content.assemble((f"  {title:<16}", ""), " " * (7 - len(value)), (value, "$muted"), (mark, "$accent"))

    async def _on_click(self, event: events.Click) -> None:
        # The inherited handler would select, that is train, at the first click.
        event.prevent_default()
        clicked = event.style.meta.get("option")
        if clicked is not None and not self.options[clicked].disabled:
            self.highlighted = clicked
            if event.chain == 2:
                self.action_select()


class HomeScreen(ArcadeScreen):
    """The first screen."""

    PLACE = "choose a game"
    AUTO_FOCUS = "GameList"
    BINDINGS = keys.HOME

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._best: dict[str, ModelEntry] = {}
        self._shown = 0
        self._painted = False
        """Whether the screen stands, so that slower things may begin."""
        self._settling: Timer | None = None

    def body(self) -> ComposeResult:
        yield Static(id="banner", markup=False)
        with Horizontal(id="home"):
            games = GameList()
            games.border_title = "Games"
            yield games
            with Vertical(id="stage"):
                picture = Picture("one moment", id="attract")
                picture.border_title = "Attract mode"
                yield picture
                yield Static(id="card")

    def completed(self) -> None:
        self._describe()
        self.set_interval(1 / FRAMES_PER_SECOND, self._draw)

    @property
    def games(self) -> GameList:
        return self.query_one(GameList)

    @property
    def game(self) -> GameInfo:
        """The game under the highlight."""
        option = self.games.highlighted_option
        return next((info for info in GAMES if option is not None and info.id == option.id), GAMES[0])

    # Attract mode

    def first_paint_done(self) -> None:
        """The screen stands: now the slower things may begin."""
        self._painted = True
        if self.app.screen is self:
            self.find_models()

    def appear(self) -> None:
        super().appear()
        if self._painted:
            self.find_models()

    def on_screen_suspend(self) -> None:
        self.services.demo_player.show(None, (0, 0))

    @work(thread=True, exclusive=True, group="models")
    def find_models(self) -> None:
        """Look for saved models, then show their scores and let the best one play."""
        library = self.services.library
        try:
            best = library.best_models()
        except ArcadeError as error:
            self.app.call_from_thread(self.complain, error)
            best = library.shipped_models()
        self.app.call_from_thread(self._found, best)

    def _found(self, best: dict[str, ModelEntry]) -> None:
        if not self.active:
            return  # the person has gone on meanwhile
        self._best = best
        scores = {
            game: entry.info.evaluation.mean
            for game, entry in best.items()
            if entry.info is not None and entry.info.evaluation is not None
        }
        self.games.show_scores(scores)
        self._describe()
        self._attract()

    @on(OptionList.OptionHighlighted)
    def _chosen(self) -> None:
        if not self._complete:
            return
        self._describe()
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(_SETTLE, self._attract)

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_train()

    def _demo(self) -> Demo | None:
        info = self.game
        if not self.games.playable(info):
            return None
        entry = self._best.get(info.id)
        return Demo(info.id, str(entry.path) if entry is not None else "")

    def _attract(self) -> None:
        if not self._painted or not self.active:
            return
        picture = self.query_one("#attract", Picture)
        demo, player = self._demo(), self.services.demo_player
        player.pause(False)
        player.show(demo, (picture.size.width, picture.size.height))
        if demo is None:
            picture.say(f"{self.game.title} is not installed.\n\n{self.game.install_command}")
            picture.border_subtitle = ""
        elif player.newest() is None:
            picture.say("one moment")
            picture.border_subtitle = ""
        picture.border_title = "Attract mode" if demo is None or demo.target else "No saved agent yet: random play"

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._describe)
        self.call_after_refresh(self._attract)

    def _draw(self) -> None:
        if not self.active:
            return
        newest = self.services.demo_player.newest(after=self._shown)
        if newest is None:
            return
        self._shown = newest.number
        picture = self.query_one("#attract", Picture)
        if newest.problem:
            picture.say(newest.problem)
            picture.border_subtitle = ""
        elif self.services.terminal.keeps_up():
            picture.show(newest.strips)
            picture.border_subtitle = newest.caption
            if self.app.animation_level == "none":
                # Nothing moves that nobody asked to: one picture, and the key that shows the rest.
                self.services.demo_player.pause(True)
                picture.border_subtitle = f"{self.key('home.demo')} plays it"

    # The card

    def _describe(self) -> None:
        info = self.game
        card = self.query_one("#card", Static)
        card.border_title = info.title
        card.border_subtitle = info.id
        # The card is not laid out yet when it is filled for the first time; the first resize fills it again.
        width = card.content_size.width or 40
        card.update(_card(info, self._best.get(info.id), self.games.playable(info), width))

    def show_snapshot(self, snapshot: Snapshot) -> None:
        super().show_snapshot(snapshot)
        banner = self.query_one("#banner", Static)
        banner.display = snapshot.running
        if snapshot.running:
            banner.update(self._banner(snapshot), layout=False)

    def _banner(self, snapshot: Snapshot) -> str:
        """The run, and the way back to it; where both are too long, less of the run."""
        key = self.key("home.train") if self.game.title == snapshot.game else "click"
        back = f"   {key}: back to it"
        sentence = snapshot.sentence
        shorter = [sentence, sentence.partition(" · ")[0], sentence.partition(":")[0]]
        room = self.size.width - len("● ") - len(back) - 2
        return "● " + next((one for one in shorter if len(one) <= room), shorter[-1]) + back

    def on_click(self, event: events.Click) -> None:
        if event.widget is not None and event.widget.id == "banner":
            self.services.navigation.go_to_training()

    # Keys

    def action_train(self) -> None:
        self.services.training.train(self.game)

    def action_train_slowly(self) -> None:
        from arcade_dqn.config import build

        info = self.game
        self.services.training.train(info, build(info.id, info.preset, {"run.speed_limit": _SLOWLY * info.fps}))

    def action_demo(self) -> None:
        self.services.playback.demo(self.game, self._best.get(self.game.id))

    def action_before(self) -> None:
        self.services.playback.before_and_after(self.game, self._best.get(self.game.id))

    def action_play(self) -> None:
        self.services.playback.play(self.game)

    def action_configure(self) -> None:
        self.services.navigation.go_to_settings(self.game)

    def action_models(self) -> None:
        self.services.navigation.go_to_models()

    def action_runs(self) -> None:
        self.services.navigation.go_to_runs()

    def action_experiments(self) -> None:
        self.services.navigation.go_to_experiments()


def _card(info: GameInfo, best: ModelEntry | None, playable: bool, width: int) -> Content:
    """What there is to know about a game, in two aligned columns of `width` cells together."""
    solved = "-" if info.solved_at is None else f"a mean return of {info.solved_at:g}"
    if not playable:
        score = f"not installed: {info.install_command}"
    elif best is None:
        score = "no saved agent yet"
    elif best.info is not None and best.info.evaluation is not None:
        evaluation = best.info.evaluation
        score = f"{evaluation.mean:.1f} ± {evaluation.std:.1f} over {evaluation.episodes} episodes"
    else:
        score = f"not scored ({best.path.name})"
    actions = ", ".join(info.actions) or "known once the game is built"
    facts = [("sees", info.observation), ("does", actions), ("solved at", solved), ("best", score)]
    lines = [Content(line) for line in wrap(info.summary, width)]
    for name, text in facts:
        for number, line in enumerate(wrap(text, max(width - _NAMES, 10))):
            lines.append(Content.assemble((f"{'' if number else name:<{_NAMES}}", "$muted"), line))
    return Content("\n").join(lines)
