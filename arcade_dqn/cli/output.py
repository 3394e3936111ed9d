"""Standard input, output and error as the shell made them: closed, on a full disk, without a reader, or in ASCII.

`prepare` makes all three usable, whatever they are; from then on only an OSError comes from them, when something is
written that cannot be.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import sys
from typing import TextIO

_CAREFUL = "arcade-dqn"
"""The name under which Python knows `_instead`."""

# What we write ourselves and not every encoding has.
_STAND_INS = {"±": "+/-", "–": "-", "—": "-", "…": "...", "×": "x", "·": "*", "’": "'", "→": "->"}


def prepare() -> None:
    """Give the three streams that were closed something in their place, and standard output characters for all text.

    A stream that Python found closed is None, and the next file that is opened would get its number, with whatever a
    library writes there. What is written to a closed standard output fails; to a closed standard error it is lost.
    """
    # In their order: a new file gets the lowest free number. What is opened only to be read cannot be written to.
    for name, flags, mode in (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))
    # A size that is none ends whoever asks for it: argparse, Rich and Textual all do.
    for name in ("COLUMNS", "LINES"):
        size = os.environ.get(name, "80")
        if not (size.isascii() and size.isdecimal() and len(size) <= 5 and int(size)):
            del os.environ[name]
    codecs.register_error(_CAREFUL, _instead)
    # In tests and notebooks something else than a file may stand there.
    if (reconfigure := getattr(sys.stdout, "reconfigure", None)) is not None:
        reconfigure(errors=_CAREFUL)


def _instead(error: UnicodeError) -> tuple[str | bytes, int]:
    """What is written for a character that the encoding has not: never nothing, and never an error.

    A byte of a file's name that is no text goes out as it is, so that the name can be used, but not to a terminal.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character, rest = error.object[error.start], error.start + 1
    if not "\udc80" <= character <= "\udcff":
        return _STAND_INS.get(character) or character.encode("ascii", "backslashreplace").decode(), rest
    if is_terminal(sys.stdout):
        return f"\\x{ord(character) - 0xDC00:02x}", rest
    return character.encode("ascii", "surrogateescape"), rest


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at it."""
    try:
        return stream.isatty()
    except (OSError, ValueError):
        return False  # closed meanwhile


def finish() -> None:
    """Write what is still held back. Raises OSError where that cannot be, once: the rest is thrown away."""
    try:
        sys.stdout.flush()
    except OSError:
        throw_away(sys.stdout)
        raise


def complain(sentence: str) -> None:
    """A line on standard error; where that takes nothing either, nobody is left to be told."""
    try:
        print(sentence, file=sys.stderr, flush=True)
    except OSError:
        throw_away(sys.stderr)


def throw_away(stream: TextIO) -> None:
    """Python would complain at its exit about what it cannot write, and change the exit code; so it goes nowhere."""
    with contextlib.suppress(OSError, ValueError):  # it is no file: nothing is written at the exit
        number = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def why(error: OSError) -> str:
    """A failure that names no file, as a sentence: it is mostly standard output's."""
    if error.errno == errno.EBADF:
        return "standard output is closed"
    return error.strerror or str(error)
