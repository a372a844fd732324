"""What the live tools load: the weights of two models, and recorded training runs."""

from paradigms.experiments import network_files, records
from paradigms.site.exports.formats import Address, compact_json, place_url
from paradigms.site.templates.environment import slug

MODELS = "practice/models"  # folder of the site
RUNS = "practice/broken-training.json"
PAGE = "practice/find-the-bug.md"


def model_files() -> dict[str, bytes]:
    """`practice/models/gpt.safetensors` and so on, by path.

    Errors: ContentError for a file that is missing or not the recorded one.
    """
    names = records.load("live_models").weights
    return {
        f"{MODELS}/{name.lower()}.safetensors": network_files.read("live_models", name)
        for name in names
    }


def training_runs(address: Address) -> dict[str, str]:
    """The recorded runs of `broken_training` as JSON: losses, and where they are drawn.

    `address` turns the path of a page into its address on the site.
    """
    record = records.load("broken_training")
    runs = []
    for row in record.rows:
        name = row["name"]
        runs.append(
            {
                "name": name,
                "training": row["training loss"][0],
                "lowest": row["lowest possible loss"][0],
                "inference": row["loss at inference"][0],
                "section": place_url(f"{PAGE}#{slug(name)}", address),
            }
        )
    return {RUNS: compact_json(runs)}
