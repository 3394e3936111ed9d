"""JSON lines between the window and the program that started it: events out, presses of keys in."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from queue import SimpleQueue
from typing import Any

from arcade_dqn.link.commands import encode, parse_object, read_lines
from arcade_dqn.link.text import plain

MAX_LINE = 1024
"""Most bytes in the line of a press."""


class Messages:
    """JSON lines from and to the program that started the window."""

    def __init__(self) -> None:
        self.presses: SimpleQueue[str] = SimpleQueue()
        self.ended = threading.Event()
        threading.Thread(target=self._read, name="input", daemon=True).start()

    def send(self, event: str, **fields: Any) -> None:
        """Print an event. A reader that has gone away is no reason to stop: the input's end will tell."""
        try:
            sys.stdout.buffer.write(encode({"event": event, **fields}))
            sys.stdout.buffer.flush()
        except (BrokenPipeError, OSError):
            self.ended.set()

    def _read(self) -> None:
        # Not `sys.stdin`: Python cannot end while another thread waits in it.
        for line in read_lines(io.FileIO(os.dup(0), "rb"), MAX_LINE):
            try:
                self.presses.put(parse_press(line))
            except ValueError as error:
                self.send("error", message=f"the line {error}")
        self.ended.set()


def parse_press(line: bytes | str) -> str:
    """The key that a line names. Raises ValueError with the rest of a sentence for anything else."""
    found = parse_object(line, MAX_LINE)
    key = found.get("press")
    if not isinstance(key, str) or not 0 < len(key) <= 20 or not key.isprintable():
        raise ValueError('names no key, as {"press": "space"} does')
    if unknown := found.keys() - {"press"}:
        raise ValueError(f'has a "press", but no {plain(json.dumps(min(unknown)), 60)}')
    return key
