"""Pictures of classic control and LunarLander, drawn here: dark as the rooms that show them, and without pygame."""
