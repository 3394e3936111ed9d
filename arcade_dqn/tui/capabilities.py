"""What the terminal can show, as the system, the environment and a person's preferences tell it."""

from __future__ import annotations

import locale
import sys
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Capabilities:
    """`colours`: all of them, the terminal's own sixteen, or none (not even greys)."""

    ascii: bool = False
    colours: Literal["all", "sixteen", "none"] = "all"


def terminal_encoding() -> str:
    """The encoding that the terminal is written in, as far as the system tells."""
    if sys.platform == "win32":
        # The locale tells the code page of old programs; Textual writes to the console in the stream's encoding.
        return getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return locale.getencoding()


def heed_no_color(environment: MutableMapping[str, str]) -> None:
    """NO_COLOR counts if it is not empty (https://no-color.org). Textual heeds an empty one, too, so that goes."""
    if environment.get("NO_COLOR") == "":
        del environment["NO_COLOR"]
