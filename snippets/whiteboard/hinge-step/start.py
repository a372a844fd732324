def hinge_step(weights, bias, rows, labels, rate, penalty):
    """The weights and the bias after one step."""
    raise NotImplementedError
