"""From scores to text: decoding, and filling of masked tokens."""
