"""One module per experiment: CONFIG, and `run(config, each)`, which gives Outcome."""
