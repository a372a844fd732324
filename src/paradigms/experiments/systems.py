"""What every system can do, probed on a small one; how far it is from its reference."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from paradigms.decoding import greedy, sample, writer
from paradigms.masks import causal, grid
from paradigms.models import albert, bart, bert, electra, gpt, llama, roberta, t5
from paradigms.models.encoder import Config as EncoderConfig
from paradigms.probes import sees, sequence_log_prob
from paradigms.references import pair, share

QUESTION = "What can each system do, and how far is it from the field's reference?"
ABILITIES = ("scores", "bounds", "samples", "predicts", "fills", "caches")
BOS, MASK, WORDS, LENGTH = 1, 2, (3, 4, 5), 3  # all 27 texts of three words


@dataclass(frozen=True)
class Config:
    """Networks are random: what is probed holds for any weights."""

    draws: int = 4000
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


CONFIG = Config()


def smaller() -> Config:
    """The same probes at a size that a test can afford."""
    return Config(draws=1000, seeds=(0,))


def run(config: Config) -> list[dict[str, Any]]:
    """A row per system: `sees`, an answer per ability, parameters, difference."""
    shape = {"vocabulary": 6, "width": 32, "layers": 2, "heads": 4}
    rows = []
    for key, (system, settings) in decoders(shape).items():
        rows.append(_row(key, system, settings, config, probe_decoder))
    for key, (system, settings) in encoders(shape).items():
        probe = probe_classifier if system is bert.Classifier else probe_encoder
        probe = probe_discriminator if system is electra.Discriminator else probe
        rows.append(_row(key, system, settings, config, probe))
    for key, (system, settings) in writers(shape).items():
        rows.append(_row(key, system, settings, config, probe_writer))
    return rows


Shape = dict[str, int]
Systems = dict[str, tuple[type[nn.Module], Any]]


def decoders(shape: Shape) -> Systems:
    """Autoregressive systems, small."""
    return {
        "gpt2": (gpt.GPT, gpt.Config(**shape, positions=12)),
        "llama": (llama.LLaMA, llama.Config(**shape, kv_heads=2, hidden=48)),
    }


def encoders(shape: Shape) -> Systems:
    """Autoencoding systems, small."""

    def small(base: EncoderConfig) -> EncoderConfig:
        narrow = base.embedding and 9
        return replace(base, **shape, positions=14, hidden=48, embedding=narrow)

    return {
        "bert": (bert.BERT, small(bert.BASE)),
        "bert_classifier": (bert.Classifier, small(bert.BASE)),
        "roberta": (roberta.RoBERTa, small(roberta.BASE)),
        "albert": (albert.ALBERT, small(albert.BASE)),
        "electra": (electra.Discriminator, small(electra.BASE)),
    }


def writers(shape: Shape) -> Systems:
    """Encoder-decoders, small."""
    return {
        "t5": (t5.T5, t5.Config(**shape, head_width=8, hidden=48)),
        "bart": (bart.BART, bart.Config(**shape, positions=12, hidden=48)),
    }


def probe_decoder(network: nn.Module, config: Config) -> dict[str, Any]:
    """A left-to-right network: is the product over its words a distribution?"""
    texts = all_texts()
    first = torch.full((len(texts), 1), BOS)
    log_p = of_words(network(torch.cat([first, texts[:, :-1]], dim=1)), texts)
    row = torch.tensor([[BOS, *WORDS]])
    seen = sees(network, row, network.word)
    return {
        "sees": "before" if seen.tolist() == grid(causal, 4) else "otherwise",
        "scores": sums_to_one(log_p),
        "samples": draws_agree(network, torch.tensor([[BOS]]), log_p, config),
        "fills": bool(seen[1, 2]),  # the score of word 2 would have to see word 3
        "caches": same_with_cache(network, torch.tensor([[BOS, *WORDS]])),
    }


def probe_writer(network: nn.Module, config: Config) -> dict[str, Any]:
    """An encoder-decoder: the same, given a source with a blank in its middle."""
    texts, source = all_texts(), torch.tensor([[3, MASK, 5, 4]])
    first = torch.full((len(texts), 1), BOS)
    inputs = torch.cat([first, texts[:, :-1]], dim=1)
    log_p = of_words(network(source.expand(len(texts), -1), inputs), texts)
    reads = writer(network, source)
    table = network.word if isinstance(network, t5.T5) else network.encoder.word

    def from_source(tokens: Tensor) -> Tensor:
        return network.encode(tokens)

    seen = sees(from_source, source, table)
    return {
        "sees": "both in the source, before in the target"
        if seen.all() and network.decode is not None
        else "otherwise",
        "scores": sums_to_one(log_p),
        "samples": draws_agree(reads, torch.tensor([[BOS]]), log_p, config),
        "fills": bool(seen.all()),
        "caches": same_with_cache(reads, torch.tensor([[BOS, *WORDS]])),
    }


def probe_encoder(network: nn.Module, _config: Config) -> dict[str, Any]:
    """A masked network: do its conditionals multiply to a distribution?"""
    texts = all_texts()
    hidden = texts[:, None].repeat(1, LENGTH, 1)  # (27, 3, 3): each word hidden once
    hidden[:, range(LENGTH), range(LENGTH)] = MASK
    logits = network(hidden.flatten(0, 1)).unflatten(0, (len(texts), LENGTH))
    log_p = of_words(logits[:, range(LENGTH), range(LENGTH)], texts)
    row = torch.tensor([[3, MASK, 5]])
    seen = sees(network, row, network.encoder.word)
    return {
        "sees": "both" if seen.all() else "otherwise",
        "scores": sums_to_one(log_p),
        "samples": False,  # no distribution of its own that draws could agree with
        "fills": bool(seen[1, 0] & seen[1, 2]),
        "caches": states_stay(network, torch.tensor([[3, 4, 5]])),
    }


def probe_classifier(network: nn.Module, _config: Config) -> dict[str, Any]:
    """A label head: one distribution over labels for each text."""
    text = torch.tensor([[3, 4, 5]])
    total = network(text).softmax(dim=-1).sum()
    seen = sees(lambda t: network(t)[:, None], text, network.encoder.word)
    return {
        "sees": "both" if seen.all() else "otherwise",
        "predicts": abs(float(total.detach()) - 1) < 1e-9,
    }


def probe_discriminator(network: nn.Module, _config: Config) -> dict[str, Any]:
    """A bit for each token: no word, no text, no label to be had from it."""
    text = torch.tensor([[3, 4, 5]])
    seen = sees(lambda t: network(t)[..., None], text, network.encoder.word)
    return {
        "sees": "both" if seen.all() else "otherwise",
        "caches": states_stay(network, text),
    }


def all_texts() -> Tensor:
    """Every text of three words: (27, 3)."""
    return torch.tensor(list(product(WORDS, repeat=LENGTH)))


def of_words(logits: Tensor, texts: Tensor) -> Tensor:
    """Log-probability of each text, symbols apart: logits (N, 3, V) -> (N,)."""
    return sequence_log_prob(logits[..., WORDS[0] :], texts - WORDS[0]).detach()


def sums_to_one(log_p: Tensor) -> bool:
    """Whether the probabilities of all texts add up to one."""
    return abs(float(log_p.exp().sum()) - 1) < 1e-9


def draws_agree(
    network: Callable[..., Tensor], prompt: Tensor, log_p: Tensor, config: Config
) -> bool:
    """Whether drawn texts are as frequent as their probabilities: 5 standard errors."""

    def words_alone(tokens: Tensor, **options: Any) -> Tensor:
        logits = network(tokens, **options)
        return logits.index_fill(-1, torch.arange(WORDS[0]), -1e9)

    generator = torch.Generator().manual_seed(config.seeds[0])
    prompts = prompt.expand(config.draws, -1)
    drawn = sample(words_alone, prompts, LENGTH, generator)[:, -LENGTH:] - WORDS[0]
    number = (drawn * torch.tensor([9, 3, 1])).sum(dim=1)  # texts in their order
    found = torch.bincount(number, minlength=len(log_p)) / config.draws
    p = log_p.exp()
    error = (p * (1 - p) / config.draws).sqrt()
    return bool(((found - p).abs() < 5 * error + 1 / config.draws).all())


def same_with_cache(network: Callable[..., Tensor], prompt: Tensor) -> bool:
    """Whether a text grows alike with a cache and without."""
    return torch.equal(
        greedy(network, prompt, 6), greedy(network, prompt, 6, cached=False)
    )


def states_stay(network: Callable[..., Tensor], text: Tensor) -> bool:
    """Whether outputs stay as they are when one more word comes."""
    short, long = network(text[:, :-1]), network(text)
    return torch.allclose(short, long[:, : short.shape[1]], rtol=0, atol=1e-12)


def _row(
    key: str,
    system: type[nn.Module],
    settings: Any,
    config: Config,
    probe: Callable[[nn.Module, Config], dict[str, Any]],
) -> dict[str, Any]:
    torch.manual_seed(config.seeds[0])
    options = {"num_labels": 3} if system is bert.Classifier else {}
    network, _ = pair(system, settings, torch.float64, **options)
    found = probe(network, config)
    return {
        "name": key,
        "sees": found["sees"],
        **{name: "yes" if found.get(name) else "no" for name in ABILITIES},
        "difference": _difference(system, settings, config, options),
    }


def _difference(
    system: type[nn.Module], settings: Any, config: Config, options: dict[str, int]
) -> float:
    """The largest relative difference of the scores, in single precision."""
    worst = 0.0
    for seed in config.seeds:
        torch.manual_seed(seed)
        ours, theirs = pair(system, settings, **options)
        tokens = torch.randint(3, settings.vocabulary, (4, 9))
        if system in (t5.T5, bart.BART):
            target = torch.randint(3, settings.vocabulary, (4, 6))
            scores = ours(tokens, target)
            wanted = theirs(input_ids=tokens, decoder_input_ids=target).logits
        else:
            scores, wanted = ours(tokens), theirs(tokens)[0]
        worst = max(worst, share(scores, wanted))
    return worst
