"""Everything that a screen has of the rest of the program."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from arcade_dqn.tui.services.background import Background
from arcade_dqn.tui.services.demo_player import DemoPlayer
from arcade_dqn.tui.services.experiments import Experiments
from arcade_dqn.tui.services.library import Library
from arcade_dqn.tui.services.meters import Meters
from arcade_dqn.tui.services.navigation import Navigation
from arcade_dqn.tui.services.notices import Notices
from arcade_dqn.tui.services.playback import Playback
from arcade_dqn.tui.services.terminal import Terminal
from arcade_dqn.tui.services.training import Training

if TYPE_CHECKING:
    from arcade_dqn.tui.services.training_controls import TrainingControls


@dataclass(frozen=True)
class Services:
    """Made once by the app, and given to every screen that it makes; screens hand it on to those that they open."""

    training: Training
    playback: Playback
    demo_player: DemoPlayer
    library: Library
    experiments: Experiments
    meters: Meters
    terminal: Terminal
    navigation: Navigation
    notices: Notices
    background: Background

    @cached_property
    def controls(self) -> TrainingControls:
        """What can be changed in the running training; imported only then, for it reads the settings' definitions."""
        from arcade_dqn.tui.services.training_controls import TrainingControls

        return TrainingControls(self.training, self.notices)
