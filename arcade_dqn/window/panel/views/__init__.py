"""The views into the agent that a key opens in the panel: what each has to show, and how it is drawn."""
