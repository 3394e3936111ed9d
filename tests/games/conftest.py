from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def dummy_display(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let games draw without a screen, and leave pygame as it was."""
    import pygame

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    before = pygame.display.get_init()
    yield
    if not before:
        pygame.display.quit()
