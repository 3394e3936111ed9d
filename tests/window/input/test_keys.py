from __future__ import annotations

import pygame
import pytest

from arcade_dqn.games.find import find
from arcade_dqn.window.input.keys import BINDINGS, command_for, game_keys, help_groups, hints
from arcade_dqn.window.panel.views.contents import VIEWS

CARTPOLE = find("CartPole-v1")


@pytest.mark.parametrize(
    ("key", "typed", "command"),
    [
        (pygame.K_SPACE, " ", "pause"),
        (pygame.K_p, "p", "pause"),
        (pygame.K_MINUS, "-", "slower"),
        (pygame.K_EQUALS, "+", "faster"),
        (pygame.K_EQUALS, "=", "faster"),
        (pygame.K_RIGHTBRACKET, "+", "faster"),  # where German keyboards have it
        (pygame.K_PERIOD, ".", "step"),
        (pygame.K_n, "n", "step"),
        (pygame.K_g, "G", "greedy"),  # Caps Lock
        (pygame.K_c, "c", "film"),
        (pygame.K_c, "C", "gif"),
        (pygame.K_q, "й", "q_values"),  # a Russian layout
        (pygame.K_SLASH, "?", "help"),
        (pygame.K_F1, "", "help"),
        (pygame.K_F11, "", "fullscreen"),
        (pygame.K_ESCAPE, "\x1b", "close"),
        (pygame.K_TAB, "\t", "next_view"),
        (pygame.K_v, "v", "over_time"),
        (pygame.K_d, "d", "returns"),
        (pygame.K_a, "a", "chances"),
        (pygame.K_i, "i", "inputs"),
        (pygame.K_o, "o", "sees"),
        (pygame.K_m, "m", "sounds"),
        (pygame.K_x, "x", ""),
        (pygame.K_LEFT, "", ""),
        (0, "", ""),
    ],
)
def test_commands_of_keys(key: int, typed: str, command: str) -> None:
    assert command_for(key, typed) == command


def test_a_games_own_keys_are_the_games_while_a_person_plays() -> None:
    keys = game_keys(find("ALE/Pong-v5"))
    assert keys == {"up", "down", "space"}
    assert command_for(pygame.K_SPACE, " ", keys) == ""
    assert command_for(pygame.K_p, "p", keys) == "pause"


def test_no_key_has_two_commands() -> None:
    keys = [key for binding in BINDINGS for key in binding.keys]
    assert len(keys) == len(set(keys))


def test_hints_are_the_windows_or_the_games() -> None:
    assert (("Space",), "pause") in hints(CARTPOLE, person=False)
    assert hints(CARTPOLE, person=True) == (
        (("←",), "push left"),
        (("→",), "push right"),
        (("Space",), "pause"),
        (("H",), "hand back"),
        (("?",), "keys"),
    )
    assert (("H",), "hand back") not in hints(CARTPOLE, person=True, agent=False)
    # In Pong the space bar serves: another key pauses.
    assert (("P",), "pause") in hints(find("ALE/Pong-v5"), person=True)


def test_the_help_names_every_key() -> None:
    shown = [text for _, group in help_groups(CARTPOLE) for _, text in group]
    assert all(binding.help in shown for binding in BINDINGS)
    assert "push left" in shown


def test_the_help_names_every_command_once_and_a_gamepads_buttons_if_there_is_one() -> None:
    listed = [text for _, group in help_groups(CARTPOLE) for _, text in group]
    assert len(listed) == len(set(listed)) == len(BINDINGS) + 2
    assert "Gamepad" not in dict(help_groups(CARTPOLE))
    assert "Gamepad" in dict(help_groups(CARTPOLE, gamepad=True))


def test_every_view_has_its_key() -> None:
    commands = {binding.command for binding in BINDINGS}
    assert set(VIEWS) <= commands
