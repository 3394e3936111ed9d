"""Acting with NumPy alone: the forward pass of the Q-network and epsilon. Never imports TensorFlow."""
