"""How programs talk: the board (status and newest weights), JSON-line commands and events, child programs."""
