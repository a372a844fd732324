"""GPT-2 in one file of plain PyTorch: what one writes at a whiteboard.

The same network as `gpt.py`, without padding, other masks and a cache, and importing
nothing of this project.  Comments name each part as the GPT-2 checkpoint does; there,
the matrices of attention and MLP are stored transposed.

Shapes: B texts, T tokens, W width, H heads, D = W / H, V words.
Source: Radford et al. (2019), section 2.3.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Config:
    """The shape of the network; the defaults are GPT-2 with 124 million parameters."""

    vocabulary: int = 50257
    positions: int = 1024
    width: int = 768
    layers: int = 12
    heads: int = 12


class CausalSelfAttention(nn.Module):
    """Each token reads itself and the tokens before it: (B, T, W) -> (B, T, W)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.query_key_value = nn.Linear(config.width, 3 * config.width)  # attn.c_attn
        self.output = nn.Linear(config.width, config.width)  # attn.c_proj

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        # One product for all heads, then (B, T, 3 W) -> three of (B, H, T, D).
        joint = self.query_key_value(x).view(batch, length, 3, self.heads, -1)
        query, key, value = joint.permute(2, 0, 3, 1, 4)
        # softmax(Q K^T / sqrt(D) + mask) V; the mask hides the keys after the query.
        heads = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        joined = heads.transpose(1, 2).reshape(batch, length, width)  # (B, T, W)
        output: Tensor = self.output(joined)  # (B, T, W)
        return output


class MLP(nn.Module):
    """Four times as wide inside, at each position alone: (B, T, W) -> (B, T, W)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.input = nn.Linear(config.width, 4 * config.width)  # mlp.c_fc
        self.output = nn.Linear(4 * config.width, config.width)  # mlp.c_proj

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.gelu(self.input(x), approximate="tanh")  # (B, T, 4 W)
        output: Tensor = self.output(hidden)  # (B, T, W)
        return output


class Block(nn.Module):
    """Attention, then the MLP; each reads a norm of x and adds to x (pre-norm)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.width)  # ln_1
        self.attention = CausalSelfAttention(config)
        self.mlp_norm = nn.LayerNorm(config.width)  # ln_2
        self.mlp = MLP(config)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x))
        x = x + self.mlp(self.mlp_norm(x))
        return x


class GPT(nn.Module):
    """P(next word | words so far), for every position at once: (B, T) -> (B, T, V)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.word = nn.Embedding(config.vocabulary, config.width)  # wte
        self.position = nn.Embedding(config.positions, config.width)  # wpe
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))  # h
        self.norm = nn.LayerNorm(config.width)  # ln_f
        self.head = nn.Linear(config.width, config.vocabulary, bias=False)  # lm_head
        self.head.weight = self.word.weight  # tied: one table reads and scores words
        self.initialise(config.layers)

    def initialise(self, layers: int) -> None:
        """Small normal weights, smaller at the end of each of the 2 L branches."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif "norm" not in name:
                is_last = name.endswith("output.weight")
                spread = 0.02 / math.sqrt(2 * layers) if is_last else 0.02
                nn.init.normal_(parameter, std=spread)

    def forward(self, tokens: Tensor) -> Tensor:
        positions = torch.arange(tokens.shape[1], device=tokens.device)  # (T,)
        x = self.word(tokens) + self.position(positions)  # (B, T, W)
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(self.norm(x))  # (B, T, V)
        return logits

    def loss(self, tokens: Tensor) -> Tensor:
        """The mean of -log P(next word) in nats: position t predicts token t + 1."""
        logits = self(tokens[:, :-1])  # (B, T - 1, V)
        return F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())

    @torch.no_grad()
    def generate(self, tokens: Tensor, count: int, temperature: float = 1.0) -> Tensor:
        """Append `count` words, one by one: (B, T) -> (B, T + count).

        Temperature 0 takes the word with the highest score (greedy).
        """
        limit = self.position.num_embeddings
        for _ in range(count):
            logits = self(tokens[:, -limit:])[:, -1]  # (B, V): the last position alone
            if temperature == 0:
                word = logits.argmax(dim=-1, keepdim=True)  # (B, 1)
            else:
                word = torch.multinomial((logits / temperature).softmax(dim=-1), 1)
            tokens = torch.cat([tokens, word], dim=1)
        return tokens
