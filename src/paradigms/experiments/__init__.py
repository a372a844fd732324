"""One module per experiment: a CONFIG, and `run(config)`, which returns named rows."""
