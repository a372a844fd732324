"""Parity with Hugging Face transformers: same weights, same input.

`reference` builds their model for one of our configs; the functions below compare the
two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import transformers as hf
from torch import Tensor, nn

from paradigms.layers import gelu_tanh
from paradigms.models import bart, gpt, llama, t5
from paradigms.models.albert import ALBERT
from paradigms.models.bert import BERT, Classifier
from paradigms.models.electra import Discriminator
from paradigms.models.encoder import EncoderConfig
from paradigms.models.pretrained.hf_weights import convert, load
from paradigms.models.roberta import RoBERTa


def _gpt(c: gpt.GPTConfig) -> Any:
    return hf.GPT2Config(
        vocab_size=c.vocabulary,
        n_positions=c.positions,
        n_embd=c.width,
        n_layer=c.layers,
        n_head=c.heads,
        tie_word_embeddings=c.tied,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=None,
        eos_token_id=None,
    )


def _llama(c: llama.LLaMAConfig) -> Any:
    return hf.LlamaConfig(
        vocab_size=c.vocabulary,
        max_position_embeddings=c.positions,
        hidden_size=c.width,
        num_hidden_layers=c.layers,
        num_attention_heads=c.heads,
        num_key_value_heads=c.kv_heads,
        intermediate_size=c.hidden,
        rope_parameters={"rope_type": "default", "rope_theta": c.theta},
        rms_norm_eps=c.eps,
        tie_word_embeddings=c.tied,
    )


def _encoder(kind: type, c: EncoderConfig, **more: Any) -> Any:
    return kind(
        vocab_size=c.vocabulary,
        max_position_embeddings=c.positions,
        hidden_size=c.width,
        num_hidden_layers=c.layers,
        num_attention_heads=c.heads,
        intermediate_size=c.hidden,
        type_vocab_size=c.segments,
        hidden_act="gelu_new" if c.activation is gelu_tanh else "gelu",
        layer_norm_eps=c.eps,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **more,
    )


def _roberta(c: EncoderConfig) -> Any:
    return _encoder(hf.RobertaConfig, c, pad_token_id=c.first_position - 1)


def _albert(c: EncoderConfig) -> Any:
    return _encoder(
        hf.AlbertConfig, c, embedding_size=c.embedding, classifier_dropout_prob=0.0
    )


def _electra(c: EncoderConfig) -> Any:
    return _encoder(hf.ElectraConfig, c, embedding_size=c.embedding or c.width)


def _t5(c: t5.T5Config) -> Any:
    settings = hf.T5Config(
        vocab_size=c.vocabulary,
        d_model=c.width,
        d_kv=c.head_width,
        d_ff=c.hidden,
        num_layers=c.layers,
        num_heads=c.heads,
        relative_attention_num_buckets=c.buckets,
        relative_attention_max_distance=c.distance,
        feed_forward_proj="gated-gelu" if c.gated else "relu",
        # Every config takes it, but the types of this one do not say so.
        tie_word_embeddings=c.tied,  # type: ignore[call-arg]
        dropout_rate=0.0,
    )
    settings.tie_word_embeddings = c.tied  # the constructor only keeps the scale
    return settings


def _bart(c: bart.BARTConfig) -> Any:
    return hf.BartConfig(
        vocab_size=c.vocabulary,
        max_position_embeddings=c.positions,
        d_model=c.width,
        encoder_layers=c.layers,
        decoder_layers=c.layers,
        encoder_attention_heads=c.heads,
        decoder_attention_heads=c.heads,
        encoder_ffn_dim=c.hidden,
        decoder_ffn_dim=c.hidden,
        dropout=0.0,
        attention_dropout=0.0,
    )


MAKERS: dict[type[nn.Module], tuple[str, Callable[[Any], Any]]] = {
    gpt.GPT: ("GPT2LMHeadModel", _gpt),
    llama.LLaMA: ("LlamaForCausalLM", _llama),
    BERT: ("BertForPreTraining", lambda c: _encoder(hf.BertConfig, c)),
    Classifier: (
        "BertForSequenceClassification",
        lambda c: _encoder(hf.BertConfig, c),
    ),
    RoBERTa: ("RobertaForMaskedLM", _roberta),
    ALBERT: ("AlbertForPreTraining", _albert),
    Discriminator: ("ElectraForPreTraining", _electra),
    t5.T5: ("T5ForConditionalGeneration", _t5),
    bart.BART: ("BartForConditionalGeneration", _bart),
}


def reference(system: type[nn.Module], config: Any, **options: Any) -> Any:
    """The reference for one of our configs; `options` go into its own config."""
    name, make = MAKERS[system]
    settings = make(config)
    for option, value in options.items():
        setattr(settings, option, value)
    network = getattr(hf, name)(settings).eval()
    if system is t5.T5 and not config.tied:  # else encoder and decoder differ
        network.set_input_embeddings(network.get_input_embeddings())
    return network


def pair(
    system: type[nn.Module],
    config: Any,
    dtype: torch.dtype = torch.float32,
    **options: Any,
) -> tuple[Any, Any]:
    """Ours and the reference, with the same random weights, larger than initial ones.

    Initial weights are so small that most of a network could be wrong unnoticed.
    """
    theirs = reference(system, config, **options).to(dtype)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    classes = options.get("num_labels")
    ours = (system(config, classes) if classes else system(config)).to(dtype)
    load(ours, theirs.state_dict())
    return ours, theirs


@dataclass(frozen=True)
class Difference:
    """The largest differences, relative to the reference's largest absolute value."""

    logits: float
    loss: float
    gradients: float


def difference(
    ours: tuple[nn.Module, Tensor, Tensor], theirs: tuple[nn.Module, Tensor, Tensor]
) -> Difference:
    """Compare (network, logits, loss) of both, and every gradient of the loss."""
    our_network, our_logits, our_loss = ours
    network, logits, loss = theirs
    torch.autograd.backward([our_loss, loss])
    expected = convert(our_network, _gradients(network))
    gradients = _gradients(our_network)
    # Not Python's `max`, which may ignore a NaN.
    largest = torch.stack(
        [gradient.abs().max() for gradient in expected.values()]
    ).max()
    gaps = [(gradients[name] - expected[name]).abs().max() for name in expected]
    gap = float(torch.stack(gaps).max() / largest)
    return Difference(share(our_logits, logits), share(our_loss, loss), gap)


def _gradients(network: nn.Module) -> dict[str, Tensor]:
    """Every parameter's gradient by name, tied ones under each name; 0 if unused."""
    return {
        name: torch.zeros_like(p) if p.grad is None else p.grad
        for name, p in network.state_dict(keep_vars=True).items()
        if isinstance(p, nn.Parameter)
    }


def share(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference, relative to the reference's largest absolute value."""
    gap = (ours - theirs).detach().abs().max()
    return float(gap / theirs.detach().abs().max())
