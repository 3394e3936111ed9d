"""What of the play can be heard, and the short sounds for it."""
