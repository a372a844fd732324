"""What a reader sees; nothing here imports torch."""
