"""Transformer layers, which the models compose.

Shapes: B sequences, T queries, S keys, H heads, K key/value heads, D width of one head,
W width, V words.  Source: Vaswani et al. (2017); each option names its models.
"""

from paradigms.layers.attention import (
    AttentionView,
    Cache,
    MultiHeadAttention,
    attend,
    attention_view,
    dense_mask,
)
from paradigms.layers.blocks import (
    Block,
    FeedForward,
    RMSNorm,
    Stack,
    gelu_tanh,
    initialise,
)
from paradigms.layers.mlp import Perceptron
from paradigms.layers.positions import RelativeBias, Rotary, rotate

__all__ = [
    "AttentionView",
    "Block",
    "Cache",
    "FeedForward",
    "MultiHeadAttention",
    "Perceptron",
    "RMSNorm",
    "RelativeBias",
    "Rotary",
    "Stack",
    "attend",
    "attention_view",
    "dense_mask",
    "gelu_tanh",
    "initialise",
    "rotate",
]
