"""The errors that a person may cause: each is one sentence naming what, where and what would be right."""

from __future__ import annotations


class ArcadeError(Exception):
    """Something failed for a reason that one sentence can tell. The command line prints it and exits with 1."""

    exit_code = 1


class UsageError(ArcadeError):
    """The request itself was wrong (an unknown game, a value out of range). The command line exits with 2."""

    exit_code = 2
