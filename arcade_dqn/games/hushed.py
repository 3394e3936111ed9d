"""What a foreign environment prints goes into the log: on the screen it would draw over a picture or end in JSON."""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any, Final

log = logging.getLogger(__name__)


_LONGEST: Final = 1000


class _Words:
    """In place of an output: what the threads in the block write is logged, by lines; all else is the output's own."""

    def __init__(self, output: Any, inside: set[int], unfinished: dict[int, str]) -> None:
        self.output = output
        self._inside = inside
        self._unfinished = unfinished

    def write(self, text: str) -> int:
        thread = threading.get_ident()
        if thread not in self._inside:
            return int(self.output.write(text))
        *lines, rest = (self._unfinished.get(thread, "") + text).split("\n")
        self._unfinished[thread] = rest[-_LONGEST:]
        for line in lines:
            if line.strip():
                log.info("the game says: %s", line.strip()[:_LONGEST])
        return len(text)

    def flush(self) -> None:
        if threading.get_ident() not in self._inside:
            self.output.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.output, name)


class _Hushed:
    """A block in which what Python prints goes into the log.

    Streams belong to the process, not to a thread: the first block in puts others in their place, which heed who
    writes, and the last one out puts them back, unless somebody else has put others there meanwhile.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth: dict[int, int] = {}
        self._inside: set[int] = set()
        self._unfinished: dict[int, str] = {}
        self._words: dict[str, _Words] = {}

    def __enter__(self) -> None:
        thread = threading.get_ident()
        with self._lock:
            self._depth[thread] = self._depth.get(thread, 0) + 1
            if len(self._depth) == 1 and self._depth[thread] == 1:
                for name in ("stdout", "stderr"):
                    self._words[name] = words = _Words(getattr(sys, name), self._inside, self._unfinished)
                    setattr(sys, name, words)
            self._inside.add(thread)

    def __exit__(self, *raised: object) -> None:
        thread = threading.get_ident()
        with self._lock:
            self._depth[thread] -= 1
            if self._depth[thread]:
                return
            del self._depth[thread]
            self._inside.discard(thread)
            if not self._depth:
                for name, words in self._words.items():
                    if getattr(sys, name) is words:
                        setattr(sys, name, words.output)


HUSHED: Final = _Hushed()
"""`with HUSHED:` around every call into a foreign environment; blocks may lie in each other."""
