"""The two models in the page: the same logits as PyTorch's, and what a reader does."""

import pytest
import torch
from playwright.sync_api import Page
from safetensors.torch import load

from paradigms.experiments import network_files
from paradigms.experiments.live_models import CONFIG, RULES
from paradigms.models.gpt import GPT, GPTConfig

PATH = "practice/two-models/"

# Logits at one position of each text, by the scripts of the page.
LOGITS = """async ([name, texts, mask]) => {
  const { loadLanguageModels } = await tool("language-models");
  const { parseRule } = await tool("masks");
  const { ROOT } = await tool("dom");
  const { models } = await loadLanguageModels(new URL("practice/models/", ROOT));
  return texts.map(({ tokens, position }) =>
    Array.from(models[name].network.logits(tokens, parseRule(mask))[position]));
}"""


def network(name: str) -> GPT:
    """A recorded network in PyTorch."""
    model = GPT(
        GPTConfig(
            CONFIG.vocabulary, CONFIG.tokens, CONFIG.width, CONFIG.layers, CONFIG.heads
        )
    )
    weights = load(network_files.read("live_models", name))
    weights = {key: value.float() for key, value in weights.items()}
    model.load_state_dict({**weights, "head.weight": weights["word.weight"]})
    return model.requires_grad_(False).eval()


@pytest.mark.parametrize("mask", RULES)
@pytest.mark.parametrize("name", ["GPT", "BERT"])
def test_logits_are_those_of_pytorch(open_tool, name, mask):
    """25 texts of every length for each network and mask: at most 1e-4 apart."""
    rng = torch.Generator().manual_seed(0)
    texts = []
    for number in range(25):
        length = 1 + number % CONFIG.tokens
        tokens = torch.randint(CONFIG.vocabulary, (length,), generator=rng)
        position = int(torch.randint(length, (1,), generator=rng))
        texts.append({"tokens": tokens.tolist(), "position": position})
    model = network(name)
    expected = torch.stack(
        [
            model(torch.tensor([text["tokens"]]), RULES[mask])[0, text["position"]]
            for text in texts
        ]
    )
    page = open_tool(PATH)
    result = torch.tensor(page.evaluate(LOGITS, [name.lower(), texts, mask]))
    assert result.shape == expected.shape
    assert float((result - expected).abs().max()) < 1e-4
    assert float(expected.abs().max()) > 1  # else the limit would say little


def test_the_number_of_heads_is_that_of_the_file(open_tool):
    """As recorded; a file without it, or with heads that do not fit, is refused."""
    result = open_tool(PATH).evaluate(
        """async () => {
          const { loadLanguageModels } = await tool("language-models");
          const { Transformer } = await tool("transformer");
          const { ROOT } = await tool("dom");
          const folder = new URL("practice/models/", ROOT);
          const { models } = await loadLanguageModels(folder);
          const { heads, weights } = models.bert.network;
          const refused = (heads) => {
            try { new Transformer(weights, heads); }
            catch (error) { return error.message; }
          };
          return [heads, refused(3), refused(undefined), refused(2) ?? "fits"];
        }"""
    )
    width = CONFIG.width
    assert result == [
        CONFIG.heads,
        f"a width of {width} has no 3 heads",
        f"a width of {width} has no undefined heads",
        "fits",
    ]


def loaded(open_tool, **options) -> Page:
    """The page with both models."""
    page = open_tool(PATH, **options)
    page.get_by_role("button", name="Load both models (0.9 MB)").click()
    page.get_by_label("Sentence").wait_for()
    return page


def bars(page: Page, column: int) -> list[str]:
    """The predictions of a model: word and share."""
    return page.locator(".practice-bars").nth(column).locator("li").all_inner_texts()


def test_nothing_heavy_is_loaded_before_a_click(open_tool, address):
    """The models are less than the size that the button names."""
    page = open_tool(PATH)
    page.get_by_role("button", name="Load both models (0.9 MB)").wait_for()
    sizes = []
    page.on(
        "response",
        lambda response: sizes.append((response.url, len(response.body()))),
    )
    assert page.locator(".practice-bars").count() == 0
    page.get_by_role("button", name="Load both models (0.9 MB)").click()
    page.get_by_label("Sentence").wait_for()
    models = [size for url, size in sizes if url.endswith(".safetensors")]
    assert len(models) == 3
    assert 850_000 < sum(models) < 950_000
    assert all(url.startswith(address) for url, _ in sizes)


def test_a_reader_predicts_hides_scores_and_writes(open_tool):
    """Bars are hidden until the prediction; GPT sees the left side, BERT both."""
    page = loaded(open_tool)
    tool = page.locator("[data-practice]")
    assert tool.evaluate("(e) => e === document.activeElement")
    assert page.locator(".practice-bars").first.is_hidden()
    page.get_by_role("button", name="BERT", exact=True).click()
    assert "Your prediction: BERT." in page.locator("[data-practice]").inner_text()
    page.get_by_role("button", name="this", exact=True).click()
    gpt = bars(page, 0)
    page.get_by_label("Sentence").fill(
        "this is one of the worst films i have ever seen"
    )
    assert bars(page, 0) == gpt  # nothing to the left of the blank has changed
    text = page.locator("[data-practice]").inner_text()
    assert "log-probability of the sentence: -" in text
    assert "this is not a log-probability" in text
    page.get_by_role("button", name="Begin again").click()
    page.get_by_role("button", name="Most likely token").click()
    assert "one forward pass, one token" in page.locator("[data-practice]").inner_text()
    for _ in range(7):
        page.get_by_role("button", name="Fill one blank").click()
    text = page.locator("[data-practice]").inner_text()
    assert "BERT has filled every blank." in text
    assert "[MASK]" not in page.locator(".practice-written").nth(1).inner_text()


def test_the_same_weights_under_another_mask(open_tool):
    """A mask changes the predictions of its model alone, and back."""
    page = loaded(open_tool)
    page.get_by_role("button", name="GPT", exact=True).click()
    page.get_by_role("button", name="movies", exact=True).click()
    gpt, bert = bars(page, 0), bars(page, 1)
    page.get_by_label("Mask of BERT").select_option("causal")
    assert bars(page, 0) == gpt
    assert bars(page, 1) != bert
    assert "trained with a bidirectional mask" in page.inner_text("[data-practice]")
    page.get_by_label("Mask of BERT").select_option("bidirectional")
    assert bars(page, 1) == bert


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("this is xylophonic", "The models do not know “xylophonic”"),
        ("", "Write at least one word."),
        ("the " * 19, "use at most 18 words"),
        ("<img src=x onerror=alert(1)>", "The models do not know “img”"),
    ],
)
def test_bad_input_gets_one_line(open_tool, text, message):
    """The last good sentence stays."""
    page = loaded(open_tool)
    page.get_by_label("Sentence").fill(text)
    assert (
        message in page.locator("[data-practice] .practice-status").first.inner_text()
    )
    assert page.get_by_role("button", name="movies", exact=True).count() == 1
    assert page.locator("[data-practice] img").count() == 0
