"""The parts of a transformer, once; a system's file composes them.

Shapes: B sequences, T queries, S keys, H heads, K key/value heads, D width of one head,
W width, V words.  Source: Vaswani et al. (2017); each option names who chose it.
"""

from paradigms.layers.attention import (
    Cache,
    MultiHeadAttention,
    View,
    attend,
    dense_mask,
    look,
)
from paradigms.layers.blocks import (
    Block,
    FeedForward,
    RMSNorm,
    Stack,
    gelu_tanh,
    initialise,
)
from paradigms.layers.checks import check_real, check_sizes, check_tokens, finite
from paradigms.layers.linear import Linear
from paradigms.layers.perceptron import Perceptron
from paradigms.layers.positions import RelativeBias, Rotary, rotate

__all__ = [
    "Block",
    "Cache",
    "FeedForward",
    "Linear",
    "MultiHeadAttention",
    "Perceptron",
    "RMSNorm",
    "RelativeBias",
    "Rotary",
    "Stack",
    "View",
    "attend",
    "check_real",
    "check_sizes",
    "check_tokens",
    "dense_mask",
    "finite",
    "gelu_tanh",
    "initialise",
    "look",
    "rotate",
]
