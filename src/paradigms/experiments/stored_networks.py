"""Trained networks beside the records: safetensors with their provenance."""

import hashlib
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from paradigms._files import replaced
from paradigms._schema import ContentError
from paradigms.experiments import records
from paradigms.models.gpt import GPT
from paradigms.training import lab_networks


def write(
    folder: Path, networks: dict[str, dict[str, Tensor]], metadata: dict[str, Any]
) -> dict[str, str]:
    """Write a file in `folder` for each network; digests by network name.

    `networks`: parameters by name, of each network; `metadata` goes into every file.
    """
    folder.mkdir(exist_ok=True)
    digests = {}
    for name, parameters in networks.items():
        header = {key: json.dumps(value) for key, value in metadata.items()}
        # safetensors refuses tied parameters: each becomes a tensor of its own.
        tensors = {key: value.clone() for key, value in parameters.items()}
        content = save(tensors, {**header, "network": name})
        digests[name] = digest(content)
        with replaced(folder / file_name(name, digests[name])) as draft:
            draft.write_bytes(content)
    return digests


def remove_others(folder: Path, digests: dict[str, str]) -> None:
    """Remove the files of networks that a record does not name, and an empty folder."""
    names = {file_name(*item) for item in digests.items()}
    for path in folder.glob("*.safetensors"):
        if path.name not in names:
            path.unlink()
    if not digests and folder.is_dir():
        folder.rmdir()


def file_name(network: str, digest: str) -> str:
    """`masked token 15%` -> `masked_token_15.0123456789abcdef.safetensors`."""
    return (
        f"{re.sub(r'[^a-z0-9]+', '_', network.lower()).strip('_')}.{digest}.safetensors"
    )


def digest(content: bytes) -> str:
    """First 16 hexadecimal digits of the SHA-256, kept in the record."""
    return hashlib.sha256(content).hexdigest()[:16]


def lab_network(name: str) -> GPT:
    """One of the networks that the labs load, ready to evaluate.

    Errors: ContentError, with file and remedy, for a name that is not recorded, or a
    file that is missing or not the one that was recorded.  Nothing is trained instead.
    """
    experiment = "lab_networks"
    record = records.load(experiment)
    digests = record.weights
    if name not in digests:
        raise ContentError(f"no network {name!r}; there are: {', '.join(digests)}")
    names = {field.name for field in fields(lab_networks.NetworkConfig)}
    config = lab_networks.NetworkConfig(
        **{key: value for key, value in record.config.items() if key in names}
    )
    language = lab_networks.language(config)
    vocabulary = lab_networks.VARIANTS[name].vocabulary(language)
    network = lab_networks.build_network(config, vocabulary)
    network.load_state_dict(_read(experiment, name, digests[name]))
    return network.requires_grad_(False).eval()


def _read(experiment: str, name: str, recorded: str) -> dict[str, Tensor]:
    file = f"results/{experiment}/{file_name(name, recorded)}"
    remedy = f"run: make measure NAME={experiment}"
    try:
        content = (records.FOLDER.parent / file).read_bytes()
    except OSError:
        raise ContentError(f"{file} is missing; {remedy}") from None
    if digest(content) != recorded:
        raise ContentError(f"{file} is not the file that was recorded; {remedy}")
    try:
        return load(content)
    except SafetensorError as error:
        raise ContentError(f"{file} is not safetensors: {error}; {remedy}") from None
