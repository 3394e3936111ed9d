"""Experience replay: single frames stored once, n-step transitions that point at them, uniform minibatches."""
