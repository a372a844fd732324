"""Data: corpora, the tokenizer, bags of words."""
