"""Fitted classifiers where features are missing, or classes have other shares."""
