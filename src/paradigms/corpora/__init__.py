"""Real data, read out of installed packages; each file is checked against its hash."""
