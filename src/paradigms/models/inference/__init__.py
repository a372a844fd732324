"""Inference with missing features, or with other class priors."""
