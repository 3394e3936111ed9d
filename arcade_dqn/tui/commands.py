"""The command palette: every key of the screen under it, every place, and every game."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from arcade_dqn.games.catalog import GAMES
from arcade_dqn.tui.screens.base import ArcadeScreen, Overlay
from arcade_dqn.tui.theme import THEMES


class ArcadeCommands(Provider):
    """What can be done, by name."""

    def _commands(self) -> Iterator[tuple[str, Callable[[], Any], str]]:
        """(name, what to call, help)"""
        app, screen = self.app, self.screen
        assert isinstance(screen, ArcadeScreen | Overlay)
        training, places = screen.services.training, screen.services.navigation
        seen = set()
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.id is None or binding.id in seen or not active.enabled:
                continue
            seen.add(binding.id)
            key = app.get_key_display(binding)
            run = partial(app.run_action, binding.action, active.node)
            yield f"{binding.tooltip or binding.description}", run, f"key {key}"
        yield "Games", places.go_home, "Go to the list of games"
        yield "Models", places.go_to_models, "Go to the saved models"
        yield "Runs", places.go_to_runs, "Go to the runs"
        yield "Experiments", places.go_to_experiments, "Go to the three questions about DQN"
        if training.snapshot.run is not None:
            yield "Training", places.go_to_training, "Go to the newest run"
        for name in THEMES:
            yield f"Theme: {name}", partial(setattr, app, "theme", name), "Change the colours, and keep the choice"
        for info in GAMES:
            if info.installed():
                yield f"Train {info.title}", partial(training.train, info), info.summary
                yield (
                    f"Settings for {info.title}",
                    partial(places.go_to_settings, info),
                    "Choose the settings, then train",
                )

    async def discover(self) -> Hits:
        for name, run, about in self._commands():
            yield DiscoveryHit(name, run, help=about)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, run, about in self._commands():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), run, help=about)
