"""Model Paradigms: generative vs discriminative, autoregressive vs autoencoding."""
