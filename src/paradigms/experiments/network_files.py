"""The files of trained networks beside the records, as bytes: no torch is needed."""

import hashlib
import re

from paradigms._schema import ContentError
from paradigms.experiments import records


def file_name(network: str, digest: str) -> str:
    """`masked token 15%` -> `masked_token_15.0123456789abcdef.safetensors`."""
    return (
        f"{re.sub(r'[^a-z0-9]+', '_', network.lower()).strip('_')}.{digest}.safetensors"
    )


def digest(content: bytes) -> str:
    """First 16 hexadecimal digits of the SHA-256, kept in the record."""
    return hashlib.sha256(content).hexdigest()[:16]


def network_file(experiment: str, name: str) -> str:
    """The path of a recorded network below `experiments`, for messages, too.

    Errors: ContentError for a name that is not recorded.
    """
    weights = records.load(experiment).weights
    if name not in weights:
        raise ContentError(f"no network {name!r}; there are: {', '.join(weights)}")
    return f"results/{experiment}/{file_name(name, weights[name])}"


def read(experiment: str, name: str) -> bytes:
    """A recorded network as safetensors.

    Errors: ContentError, with file and remedy, for a name that is not recorded, or a
    file that is missing or not the one that was recorded.
    """
    file = network_file(experiment, name)
    remedy = f"run: make measure NAME={experiment}"
    try:
        content = (records.FOLDER.parent / file).read_bytes()
    except OSError:
        raise ContentError(f"{file} is missing; {remedy}") from None
    if digest(content) != records.load(experiment).weights[name]:
        raise ContentError(f"{file} is not the file that was recorded; {remedy}")
    return content
