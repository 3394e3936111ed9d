"""What a person presses: the table of keys, and gamepads."""
