"""Where agents play in front of people: players, sources of weights, evaluation, and pictures for a terminal."""
