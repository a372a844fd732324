"""One module a question: a CONFIG, and `run(config)`, which returns named rows."""
