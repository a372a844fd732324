"""Training: the loop, pretraining, fine-tuning, linear probes."""
