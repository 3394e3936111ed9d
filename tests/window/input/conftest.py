from __future__ import annotations

import pygame
import pytest


@pytest.fixture(autouse=True)
def display() -> None:
    """pygame names keys by the display's keyboard."""
    pygame.display.init()
