"""Capabilities of each system, by family, from probes."""
