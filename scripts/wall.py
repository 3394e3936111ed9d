"""Make the README's wall: every shipped agent at play, `.venv/bin/python scripts/wall.py [--out assets/wall.gif]`.

Each plays at its game's own speed from a fixed seed, greedily but for the chance that its evaluations leave it; a game
that ends begins again. Games that are not installed are left out.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from gif import save
from PIL import Image, ImageDraw, ImageFont

from arcade_dqn.games.catalog import GAMES
from arcade_dqn.games.families import family_of
from arcade_dqn.stage import palette
from arcade_dqn.stage.player import Player, Scene
from arcade_dqn.stage.source import SavedModel

ROOT = Path(__file__).resolve().parents[1]
SEED = 7
WIDTH = 960
GAP = 10
CAPTION = 46
PICTURE = (4, 3)
"""A tile's picture: width to height."""
MILLISECONDS = 100


class Tile:
    """One agent, and how far it has come."""

    def __init__(self, path: Path) -> None:
        self._source = SavedModel(path)
        self.family = family_of(self._source.info).title
        self.title = self._source.info.title.removeprefix(f"{self.family} ")
        self._player = Player(self._source.make_game(), self._source.policy, SEED)
        self._scene: Scene = self._player.restart()
        self._due = 0.0
        self._rests = 0

    def go_on(self, seconds: float) -> None:
        """As many steps as the game takes in this time. An episode's end is looked at for a moment."""
        if self._rests:
            self._rests -= 1
            return
        self._due += seconds * self._source.info.fps
        while self._due >= 1:
            self._due -= 1
            self._scene = self._player.step(draw=self._due < 1)
            if self._scene.ended:
                self._scene = self._player.drawn(self._scene)
                self._due, self._rests = 0.0, 6
                return

    def draw(self, size: tuple[int, int], fonts: Sequence[ImageFont.FreeTypeFont]) -> Image.Image:
        """The tile: the picture on its dark glass, the game's name, its family and the score so far beneath it."""
        width, height = size
        tile = Image.new("RGB", size, palette.SURFACE)
        draw = ImageDraw.Draw(tile)
        glass = (width, height - CAPTION)
        draw.rectangle((0, 0, glass[0], glass[1]), fill=palette.SCREEN)
        picture = _fitted(Image.fromarray(self._scene.picture), glass)
        tile.paste(picture, ((glass[0] - picture.width) // 2, (glass[1] - picture.height) // 2))
        middle = height - CAPTION // 2
        draw.text((12, middle - 9), self.title, font=fonts[0], fill=palette.TEXT, anchor="lm")
        draw.text((12, middle + 10), self.family, font=fonts[2], fill=palette.FAINT, anchor="lm")
        score = f"{self._scene.episode_return:,.0f}"
        draw.text((width - 12, middle), score, font=fonts[1], fill=palette.ACCENT, anchor="rm")
        return tile

    def close(self) -> None:
        self._player.close()


def _fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """As large as it goes: small ones by whole factors, so that their cells stay square."""
    scale = min(size[0] / picture.width, size[1] / picture.height)
    if scale >= 1:
        factor = math.floor(scale)
        return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)


def columns(tiles: int) -> int:
    """How many tiles stand side by side, so that the wall is about as wide as it is high, or wider, and well filled."""
    candidates = range(max(1, math.floor(math.sqrt(tiles))), math.ceil(math.sqrt(tiles) * 1.6) + 1)
    return min(candidates, key=lambda number: (-tiles % number, abs(number - math.sqrt(tiles) * 1.2)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "wall.gif")
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    agents = ((ROOT / "saved_models" / info.slug / "agent.safetensors") for info in GAMES)
    tiles = [Tile(path) for path in agents if path.exists()]
    across = columns(len(tiles))
    width = (WIDTH - GAP * (across + 1)) // across
    height = width * PICTURE[1] // PICTURE[0] + CAPTION
    down = math.ceil(len(tiles) / across)
    fonts = ROOT / "assets" / "fonts"
    names, digits, families = (
        ImageFont.truetype(str(fonts / file), size)
        for file, size in (("Inter-Medium.otf", 15), ("JetBrainsMono-Medium.ttf", 16), ("Inter-Medium.otf", 11))
    )
    pictures = []
    for _ in range(round(options.seconds * 1000 / MILLISECONDS)):
        wall = Image.new("RGB", (WIDTH, down * (height + GAP) + GAP), palette.BACKGROUND)
        for number, tile in enumerate(tiles):
            row, column = divmod(number, across)
            # The last row stands in the middle where it is not full.
            missing = across - min(across, len(tiles) - row * across)
            wall.paste(
                tile.draw((width, height), (names, digits, families)),
                (GAP + (2 * column + missing) * (width + GAP) // 2, GAP + row * (height + GAP)),
            )
            tile.go_on(MILLISECONDS / 1000)
        pictures.append(wall)
    for tile in tiles:
        tile.close()
    save(options.out, pictures, [MILLISECONDS] * len(pictures))
    print(f"{options.out}: {len(pictures)} pictures, {options.out.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
