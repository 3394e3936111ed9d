"""The wish that a run ends."""

from __future__ import annotations


class StopRequest:
    """Whether a run is to save and end, and why. Any thread may ask for it; the run looks between two steps."""

    def __init__(self) -> None:
        self._reason = ""
        self._expected = False

    @property
    def reason(self) -> str:
        """ "stopped" (by a command) or "interrupted" (by a signal), whichever came first; empty: it goes on."""
        return self._reason

    @property
    def expected(self) -> bool:
        """Whether the run is asked to stop, or will be once it reads its commands."""
        return self._expected

    def request(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._expected = True

    def expect(self) -> None:
        """A stop is among the commands: a run that hangs will not get to it."""
        self._expected = True
