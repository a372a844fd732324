"""How weights change: the loop, pretraining, fine-tuning, linear probes."""
