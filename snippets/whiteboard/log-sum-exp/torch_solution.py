import torch


def merge(first, second):
    """The log-sum-exp of two groups from those of each, two numbers."""
    pair = torch.tensor([first, second], dtype=torch.double)
    return torch.logaddexp(pair[0], pair[1])


def log_sum_exp(values):
    """log of the sum of the exponentials of (N,), or of an iterator."""
    total = torch.tensor(float("-inf"), dtype=torch.double)
    for value in values:
        total = torch.logaddexp(total, torch.as_tensor(value, dtype=torch.double))
    return total
