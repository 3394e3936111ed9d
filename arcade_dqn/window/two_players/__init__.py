"""Two at the same game, side by side: their rounds, and the window that shows both."""
