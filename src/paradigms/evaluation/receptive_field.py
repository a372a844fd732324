"""The receptive field of a model, measured by gradients."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from paradigms.masks import Rule


def visible(network: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Which inputs affect which outputs: True where the gradient is not zero.

    `network` maps vectors (S, W) to vectors (T, U).
    Shapes: inputs (S, W) -> boolean (T, S), row t for output t.
    Errors: ValueError if a gradient is not a number.
    """
    inputs = inputs.detach().requires_grad_()
    outputs = network(inputs)  # (T, U)
    # A random direction, not the sum of the outputs: the outputs of a layer norm
    # always sum to the same number, and their sum has no gradient at all.
    rng = torch.Generator().manual_seed(0)
    direction = torch.randn(outputs.shape[1], generator=rng, dtype=outputs.dtype)
    rows = []
    for output in outputs @ direction:
        (gradient,) = torch.autograd.grad(output, inputs, retain_graph=True)  # (S, W)
        if not bool(gradient.isfinite().all()):
            raise ValueError("the network's gradient is not finite: probe refused")
        rows.append(gradient.abs().amax(dim=1) > 0)
    return torch.stack(rows)  # (T, S)


def sees(
    network: Callable[..., Tensor], tokens: Tensor, word: nn.Embedding, **options: Any
) -> Tensor:
    """Which words of one text affect which outputs of a network: `visible`, for tokens.

    `word` is the network's embedding layer; `options` are passed to the network.
    Shapes: tokens (1, S) -> boolean (T, S).
    """

    def from_vectors(vectors: Tensor) -> Tensor:  # (S, W) -> (T, U)
        handle = word.register_forward_hook(lambda *_: vectors[None])
        try:
            return network(tokens, **options)[0]
        finally:
            handle.remove()

    return visible(from_vectors, word(tokens)[0])


def reachable(rule: Rule, length: int, layers: int) -> list[list[bool]]:
    """The receptive field of a stack of layers: the rule applied once per layer.

    A window of w tokens grows by w - 1 with each layer. `causal` and `packed` do not
    grow: they are transitive.
    """
    adjacency = torch.tensor(
        [[bool(rule(q, k)) or q == k for k in range(length)] for q in range(length)]
    )  # the residual connection lets every position see itself
    reach = torch.eye(length, dtype=torch.bool)
    for _ in range(layers):
        reach = (adjacency.double() @ reach.double()) > 0
    return reach.tolist()


def sequence_log_prob(logits: Tensor, targets: Tensor) -> Tensor:
    """Log-probability of whole sequences in nats: the sum over their positions.

    Shapes: logits (B, T, V), targets (B, T) -> (B,).
    Errors: ValueError for a target outside the vocabulary, such as an ignored one.
    """
    if int(targets.min()) < 0 or int(targets.max()) >= logits.shape[-1]:
        raise ValueError(f"targets must lie in 0..{logits.shape[-1] - 1}")
    log_p = logits.log_softmax(dim=-1).gather(-1, targets[..., None])  # (B, T, 1)
    return log_p.sum(dim=(1, 2))
