"""The pygame window: the game beside what the agent knows and thinks. Also the same picture as a film."""

import os

# pygame greets on standard output when it is first imported, where our programs speak JSON.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
