"""Initial weights for narrow networks."""

from torch import nn

from paradigms.layers.attention import MultiHeadAttention
from paradigms.models import t5


def initialise_by_width(model: nn.Module) -> nn.Module:
    """Initialise with standard deviation 1 / sqrt(inputs), or of the embedding width.

    As in T5's published code (Raffel et al., 2020); the 0.02 of GPT, BERT and BART is
    meant for widths of 768 and more.  T5's embeddings have 1, as it scales its last
    states down; its queries have less, as it does not scale its attention scores.
    """
    for part in model.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=part.weight.shape[1] ** -0.5)
    if isinstance(model, t5.T5):
        nn.init.normal_(model.word.weight)
        for bias in (model.encoder_bias, model.decoder_bias):
            nn.init.normal_(bias.weight.weight, std=model.word.embedding_dim**-0.5)
        for part in model.modules():
            if isinstance(part, MultiHeadAttention):
                queries = part.query_key_value.weight.data[: part.output.in_features]
                queries *= part.head_width**-0.5
    return model
