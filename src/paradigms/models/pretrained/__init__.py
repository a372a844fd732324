"""Published weights in our networks."""
