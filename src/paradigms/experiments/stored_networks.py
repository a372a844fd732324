"""Trained networks beside the records: safetensors with their provenance."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from paradigms._files import replaced
from paradigms._schema import ContentError
from paradigms.experiments import records
from paradigms.experiments.network_files import digest, file_name, network_file, read
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


def lab_network(name: str) -> GPT:
    """One of the networks that the labs load, ready to evaluate.

    Errors: ContentError, with file and remedy, for a name that is not recorded, or a
    file that is missing or not the one that was recorded.  Nothing is trained instead.
    """
    experiment = "lab_networks"
    tensors = _read(experiment, name)
    recorded = records.load(experiment).config
    names = {field.name for field in fields(lab_networks.NetworkConfig)}
    config = lab_networks.NetworkConfig(
        **{key: value for key, value in recorded.items() if key in names}
    )
    language = lab_networks.language(config)
    vocabulary = lab_networks.VARIANTS[name].vocabulary(language)
    network = lab_networks.build_network(config, vocabulary)
    network.load_state_dict(tensors)
    return network.requires_grad_(False).eval()


def _read(experiment: str, name: str) -> dict[str, Tensor]:
    try:
        return load(read(experiment, name))
    except SafetensorError as error:
        file = network_file(experiment, name)
        raise ContentError(
            f"{file} is not safetensors: {error}; run: make measure NAME={experiment}"
        ) from None
