"""Published weights for our networks."""
