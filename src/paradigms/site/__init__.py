"""The site that readers see; nothing here imports torch."""
