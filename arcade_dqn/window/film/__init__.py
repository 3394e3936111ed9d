"""Films and screenshots of what the window shows: MP4 or GIF, from the window itself or off screen."""
