"""How an experiment is run, resumed, recorded and measured again."""
