"""JSON lines between the window and the program that started it: events out, presses of keys in."""

from __future__ import annotations

import io
import os
import sys
import threading
from queue import SimpleQueue
from typing import Any

from arcade_dqn.link.commands import encode, parse_object, read_lines


class Link:
    """JSON lines from and to the program that started the window."""

    def __init__(self) -> None:
        self.presses: SimpleQueue[str] = SimpleQueue()
        self.ended = threading.Event()
        threading.Thread(target=self._read, name="input", daemon=True).start()

    def tell(self, event: str, **facts: Any) -> None:
        """Print an event. A reader that has gone away is no reason to stop: the input's end will tell."""
        try:
            sys.stdout.buffer.write(encode({"event": event, **facts}))
            sys.stdout.buffer.flush()
        except (BrokenPipeError, OSError):
            self.ended.set()

    def _read(self) -> None:
        # Not `sys.stdin`: Python cannot end while another thread waits in it.
        for line in read_lines(io.FileIO(os.dup(0), "rb")):
            try:
                told = parse_object(line, 1024)
                key = told.get("press")
                if set(told) != {"press"} or not isinstance(key, str) or not 0 < len(key) <= 20:
                    raise ValueError('is not a key alone, as {"press": "space"} is')
            except ValueError as error:
                self.tell("error", message=f"the line {error}")
                continue
            self.presses.put(key)
        self.ended.set()
