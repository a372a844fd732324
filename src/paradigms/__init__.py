"""Model Paradigms: generative against discriminative, autoregressive against autoencoding."""
