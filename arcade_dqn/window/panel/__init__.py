"""The head-up display: the game's picture, and beside it what the agent knows and thinks. Draws on any surface."""
