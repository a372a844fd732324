"""Text generation: decoding, and filling of masked tokens."""
