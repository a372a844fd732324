"""How long our systems and their references take, each pair in the same run."""
