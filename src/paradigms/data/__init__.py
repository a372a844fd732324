"""What is learnt from: corpora, the tokenizer, bags of words."""
