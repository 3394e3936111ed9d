"""Keep TensorFlow's own log lines off the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def quiet_libraries(log: str | Path, debug: bool) -> Iterator[int]:
    """Standard error into the file `log`, except with --debug.

    TensorFlow's C++ code writes to the file descriptor, whatever its log level says, and would draw through the
    progress bar. Python's exceptions pass through as ever. Gives the descriptor of the terminal's standard error.
    """
    if debug:
        yield 2
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with Path(log).open("ab") as file:
            os.dup2(file.fileno(), 2)
        yield terminal
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)
