"""Capabilities of small transformers with random weights, and their parity.

A probe holds for any weights: it tests the architecture, not training.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any, TypedDict, TypeVar

import torch
from torch import Tensor, nn

from paradigms.evaluation.parity import pair, share
from paradigms.evaluation.receptive_field import sees, sequence_log_prob
from paradigms.generation.decoding import as_decoder, greedy, sample
from paradigms.masks import causal, grid, prefix_lm
from paradigms.models import albert, bart, bert, electra, gpt, llama, roberta, t5
from paradigms.models.encoder import EncoderConfig
from paradigms.models.prefix_lm import After, PrefixLM

Row = dict[str, Any]
Probe = Callable[[Any, int], Row]  # each takes the networks of its family
Network = TypeVar("Network", bound=nn.Module)
BOS, MASK, WORDS, LENGTH = 1, 2, (3, 4, 5), 3  # all 27 texts of three words


class Shape(TypedDict):
    """The sizes that every config has."""

    vocabulary: int
    width: int
    layers: int
    heads: int


SHAPE: Shape = {"vocabulary": 6, "width": 32, "layers": 2, "heads": 4}


def rows(draws: int, seeds: Sequence[int]) -> Iterator[Row]:
    """A row per transformer: `sees`, each ability that it has, and the difference."""
    torch.manual_seed(seeds[0])
    for key, (system, settings, probe) in transformers().items():
        options = {"num_labels": 3} if system is bert.Classifier else {}
        network, _ = pair(system, settings, torch.float64, **options)
        yield {
            "name": key,
            **probe(network, draws),
            "difference": _difference(system, settings, seeds, options),
            "tolerance": 1e-5,
        }
    yield from variants(draws)


def variants(draws: int) -> Iterator[Row]:
    """A prefix LM, a GPT that fills the middle: the chain rule is their reference."""
    torch.manual_seed(0)
    config = gpt.GPTConfig(9, positions=12, width=32, layers=2, heads=4)
    prefix_network = sharp(PrefixLM(config))
    prompt = torch.tensor([[BOS, 3, 4]])
    length = torch.tensor([3])
    row = torch.tensor([[BOS, 3, 4, 5, 3]])
    visible = sees(
        partial(prefix_network, prefix=length), row, prefix_network.network.word
    )
    as_expected = visible.tolist() == grid(prefix_lm(3), 5)
    yield {
        "name": "prefix_lm",
        "sees": "the whole prefix, then before" if as_expected else "otherwise",
        **continuations(After(prefix_network, length), prompt, draws),
        "fills": bool(visible[3, 4:].any()),  # the continuation sees nothing after it
    }
    network = sharp(gpt.GPT(config))
    start, suffix, middle = 6, 7, 8
    prompt = torch.tensor([[start, 3, suffix, 4, middle]])  # prefix and suffix
    visible = sees(network, prompt, network.word)
    yield {
        "name": "gpt_fim",
        "sees": "before, of a text whose middle was moved to its end",
        **continuations(network, prompt, draws),
        "fills": bool(visible[4, 1] & visible[4, 3]),  # the first word of the middle
    }


def sharp(network: Network) -> Network:
    """The network in double precision, with predictions far from uniform."""
    for weight in network.parameters():
        weight.data *= 8
    return network.double()


def continuations(network: Callable[..., Tensor], prompt: Tensor, draws: int) -> Row:
    """Whether P(three words | prompt) is a distribution, is sampled, and cached."""
    texts = all_texts()
    inputs = torch.cat([prompt.expand(len(texts), -1), texts[:, :-1]], dim=1)
    log_p = of_words(network(inputs)[:, -LENGTH:], texts)
    return {
        "scores": sums_to_one(log_p),
        "samples": draws_agree(network, prompt, log_p, draws),
        "caches": same_with_cache(network, prompt),
        "difference": abs(float(log_p.exp().sum()) - 1),
        "tolerance": 1e-10,
    }


def transformers() -> dict[str, tuple[type[nn.Module], Any, Probe]]:
    """Each system that has a reference, small, with the probe of its family."""

    def small(base: EncoderConfig) -> EncoderConfig:
        embedding = base.embedding and 9
        return replace(base, **SHAPE, positions=14, hidden=48, embedding=embedding)

    gpt_config = gpt.GPTConfig(**SHAPE, positions=12)
    llama_config = llama.LLaMAConfig(**SHAPE, kv_heads=2, hidden=48)
    t5_config = t5.T5Config(**SHAPE, head_width=8, hidden=48)
    bart_config = bart.BARTConfig(**SHAPE, positions=12, hidden=48)
    return {
        "gpt2": (gpt.GPT, gpt_config, probe_decoder),
        "llama": (llama.LLaMA, llama_config, probe_decoder),
        "bert": (bert.BERT, small(bert.BASE), probe_encoder),
        "bert_classifier": (bert.Classifier, small(bert.BASE), probe_classifier),
        "roberta": (roberta.RoBERTa, small(roberta.BASE), probe_encoder),
        "albert": (albert.ALBERT, small(albert.BASE), probe_encoder),
        "electra": (electra.Discriminator, small(electra.BASE), probe_discriminator),
        "t5": (t5.T5, t5_config, probe_writer),
        "bart": (bart.BART, bart_config, probe_writer),
    }


def probe_decoder(network: gpt.GPT | llama.LLaMA, draws: int) -> Row:
    """A left-to-right network: is the product over its words a distribution?"""
    texts = all_texts()
    first = torch.full((len(texts), 1), BOS)
    log_p = of_words(network(torch.cat([first, texts[:, :-1]], dim=1)), texts)
    row = torch.tensor([[BOS, *WORDS]])
    visible = sees(network, row, network.word)
    return {
        "sees": "before" if visible.tolist() == grid(causal, 4) else "otherwise",
        "scores": sums_to_one(log_p),
        "samples": draws_agree(network, torch.tensor([[BOS]]), log_p, draws),
        "fills": bool(visible[1, 2]),  # the score of word 2 would have to see word 3
        "caches": same_with_cache(network, torch.tensor([[BOS, *WORDS]])),
    }


def probe_writer(network: t5.T5 | bart.BART, draws: int) -> Row:
    """An encoder-decoder: the same, given a source with [MASK] in its middle."""
    texts, source = all_texts(), torch.tensor([[3, MASK, 5, 4]])
    first = torch.full((len(texts), 1), BOS)
    inputs = torch.cat([first, texts[:, :-1]], dim=1)
    log_p = of_words(network(source.expand(len(texts), -1), inputs), texts)
    decoder, batch_decoder = (
        as_decoder(network, source),
        as_decoder(network, source.expand(draws, -1)),
    )
    table = network.word if isinstance(network, t5.T5) else network.encoder.word

    def from_source(tokens: Tensor) -> Tensor:
        return network.encode(tokens)

    visible = sees(from_source, source, table)
    row = torch.tensor([[BOS, *WORDS]])
    target_visible = sees(decoder, row, table)  # the source is already encoded
    return {
        "sees": "both in the source, before in the target"
        if visible.all() and target_visible.tolist() == grid(causal, 4)
        else "otherwise",
        "scores": sums_to_one(log_p),
        "samples": draws_agree(batch_decoder, torch.tensor([[BOS]]), log_p, draws),
        "fills": bool(visible.all()),
        "caches": same_with_cache(decoder, torch.tensor([[BOS, *WORDS]])),
    }


def probe_encoder(network: bert.BERT | roberta.RoBERTa, _draws: int) -> Row:
    """A masked network: is the product of its conditionals a distribution?"""
    texts = all_texts()
    hidden = texts[:, None].repeat(1, LENGTH, 1)  # (27, 3, 3): each word hidden once
    hidden[:, range(LENGTH), range(LENGTH)] = MASK
    logits = network(hidden.flatten(0, 1)).unflatten(0, (len(texts), LENGTH))
    log_p = of_words(logits[:, range(LENGTH), range(LENGTH)], texts)
    row = torch.tensor([[3, MASK, 5]])
    visible = sees(network, row, network.encoder.word)
    return {
        "sees": "both" if visible.all() else "otherwise",
        "scores": sums_to_one(log_p),
        "samples": False,  # it defines no distribution to sample from
        "fills": bool(visible[1, 0] & visible[1, 2]),
        "caches": states_stay(network, torch.tensor([[3, 4, 5]])),
    }


def probe_classifier(network: bert.Classifier, _draws: int) -> Row:
    """A label head: one distribution over labels for each text."""
    text = torch.tensor([[3, 4, 5]])
    total = network(text).softmax(dim=-1).sum()
    visible = sees(lambda t: network(t)[:, None], text, network.encoder.word)
    return {
        "sees": "both" if visible.all() else "otherwise",
        "predicts": abs(float(total.detach()) - 1) < 1e-9,
    }


def probe_discriminator(network: electra.Discriminator, _draws: int) -> Row:
    """A logit for each token: no words, no texts, no labels."""
    text = torch.tensor([[3, 4, 5]])
    visible = sees(lambda t: network(t)[..., None], text, network.encoder.word)
    return {
        "sees": "both" if visible.all() else "otherwise",
        "caches": states_stay(network, text),
    }


def all_texts() -> Tensor:
    """Every text of three words: (27, 3)."""
    return torch.tensor(list(product(WORDS, repeat=LENGTH)))


def of_words(logits: Tensor, texts: Tensor) -> Tensor:
    """Log-probability of each text, without symbols: logits (N, 3, V) -> (N,)."""
    return sequence_log_prob(
        logits[..., WORDS[0] : WORDS[-1] + 1], texts - WORDS[0]
    ).detach()


def sums_to_one(log_p: Tensor) -> bool:
    """Whether the probabilities of all texts sum to one."""
    return abs(float(log_p.exp().sum()) - 1) < 1e-9


def draws_agree(
    network: Callable[..., Tensor], prompt: Tensor, log_p: Tensor, draws: int
) -> bool:
    """Whether sampled texts have their probabilities, within 5 standard errors."""

    def words_alone(tokens: Tensor, **options: Any) -> Tensor:
        logits = network(tokens, **options)
        others = [i for i in range(logits.shape[-1]) if i not in WORDS]
        return logits.index_fill(-1, torch.tensor(others), -1e9)

    rng = torch.Generator().manual_seed(0)
    prompts = prompt.expand(draws, -1)
    samples = sample(words_alone, prompts, LENGTH, rng)[:, -LENGTH:] - WORDS[0]
    return frequencies_agree(samples, log_p.exp())


def frequencies_agree(samples: Tensor, p: Tensor) -> bool:
    """Whether texts (N, 3) of words 0 to 2 have their probabilities p (27,)."""
    draws = len(samples)
    index = (samples * torch.tensor([9, 3, 1])).sum(dim=1)  # texts in their order
    frequencies = torch.bincount(index, minlength=len(p)) / draws
    error = (p * (1 - p) / draws).sqrt()
    return bool(((frequencies - p).abs() < 5 * error + 1 / draws).all())


def same_with_cache(network: Callable[..., Tensor], prompt: Tensor) -> bool:
    """Whether decoding gives the same text with a cache and without."""
    return torch.equal(
        greedy(network, prompt, 6), greedy(network, prompt, 6, cached=False)
    )


def states_stay(network: Callable[..., Tensor], text: Tensor) -> bool:
    """Whether outputs stay as they are when one more word comes."""
    short, long = network(text[:, :-1]), network(text)
    return torch.allclose(short, long[:, : short.shape[1]], rtol=0, atol=1e-12)


def _difference(
    system: type[nn.Module],
    settings: Any,
    seeds: Sequence[int],
    options: dict[str, int],
) -> float:
    """The largest relative difference of the scores, in single precision."""
    differences = []
    for seed in seeds:
        torch.manual_seed(seed)
        ours, theirs = pair(system, settings, torch.float32, **options)
        tokens = torch.randint(3, settings.vocabulary, (4, 9))
        if system in (t5.T5, bart.BART):
            target = torch.randint(3, settings.vocabulary, (4, 6))
            scores = ours(tokens, target)
            expected = theirs(input_ids=tokens, decoder_input_ids=target).logits
        else:
            scores, expected = ours(tokens), theirs(tokens)[0]
        differences.append(share(scores, expected))
    # Not Python's `max`, which may ignore a NaN.
    return float(torch.tensor(differences, dtype=torch.float64).max())
