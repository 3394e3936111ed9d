"""The pygame window: the game beside what the agent knows and thinks. Also the same picture as a film."""
