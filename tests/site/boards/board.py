"""What the checks of whiteboard code share."""

from types import SimpleNamespace as Board

import torch

from paradigms.models.gpt import GPT, GPTConfig


def comments(board: Board) -> list[str]:
    """The lines of comment outside functions: what the code prints."""
    return [line[2:] for line in board.source.splitlines() if line.startswith("# ")]


def tiny(vocabulary: int, seed: int = 0) -> GPT:
    """A GPT of two layers with weights that are not small."""
    torch.manual_seed(seed)
    shape = {"positions": 9, "width": 8, "layers": 2, "heads": 2}
    network = GPT(GPTConfig(vocabulary=vocabulary, **shape)).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.9)
    return network.requires_grad_(requires_grad=False)
