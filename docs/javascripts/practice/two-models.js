// A GPT and a BERT of equal size side by side: a blank, the next word, a score, a text.
import { attend, button, choice, element, ROOT, status } from "./dom.js";
import { fillMostConfident, loadLanguageModels, MASK, mostLikely, sample } from "./language-models.js";
import { percent, total } from "./numbers.js";
import { predict } from "./predict.js";
import { maskTable, table } from "./tables.js";

/** @typedef {import("./language-models.js").LanguageModels} LanguageModels */
/** @typedef {import("./language-models.js").Model} Model */

const EXAMPLE = "this is one of the best movies i have ever seen";
const MASKS = ["causal", "bidirectional", "causal & sliding_window(3)", "sliding_window(3)"];

/** @param {HTMLElement} place */
export function mount(place) {
  const line = status();
  const start = button(`Load both models (${place.dataset.size})`, async () => {
    start.disabled = true;
    line.textContent = "Loading …";
    try {
      const models = await loadLanguageModels(new URL("practice/models/", ROOT));
      place.replaceChildren(...tool(models));
      attend(place); // the button that was pressed is gone
    } catch (error) {
      line.textContent = `The models could not be loaded (${error instanceof Error ? error.message : error}). Try again when you are online.`;
      start.disabled = false;
    }
  });
  place.replaceChildren(start, line);
}

/** @param {LanguageModels} all */
function tool(all) {
  const { gpt, bert } = all.models;
  /** @type {number[]} */
  let ids = [];
  let blank = 0;

  const input = element("input", { type: "text", className: "practice-text", value: EXAMPLE, maxLength: 300, spellcheck: false });
  const problem = status();
  const words = element("div", { className: "practice-row", role: "group", ariaLabel: "The word that is masked" });
  const filled = element("div", "practice-pair");
  const scored = element("div", "practice-pair");
  const masks = element("div", "practice-pair");

  const read = () => {
    const { ids: tokens, unknown } = all.encode(input.value);
    problem.textContent = "";
    if (unknown.length) {
      problem.textContent = `The models do not know “${unknown.slice(0, 5).join("”, “")}”: they have ${all.words.length.toLocaleString("en")} words. Use another word.`;
    } else if (!tokens.length) {
      problem.textContent = "Write at least one word.";
    } else if (tokens.length > gpt.longest - 1) {
      problem.textContent = `The models were trained on short sentences: use at most ${gpt.longest - 1} words.`;
    } else {
      ids = tokens;
      blank = Math.min(blank, ids.length - 1);
      show();
    }
  };

  const show = () => {
    words.replaceChildren(...ids.map((id, at) => {
      const word = button(all.decode(id), () => { blank = at; show(); wordAt(at)?.focus(); });
      word.ariaPressed = String(at === blank);
      return word;
    }));
    filled.replaceChildren(
      column("GPT", "sees the words to the left", bars(all, gpt.fill(ids, blank), ids[blank])),
      column("BERT", "sees both sides", bars(all, bert.fill(ids, blank), ids[blank])),
    );
    scored.replaceChildren(scores(all, gpt, ids), scores(all, bert, ids));
    masks.replaceChildren(maskChoice(gpt, show, ids.length + 1), maskChoice(bert, show, ids.length + 1));
  };
  const wordAt = (/** @type {number} */ at) => /** @type {HTMLElement | null} */ (words.children[at]);

  input.addEventListener("input", read);
  const written = writing(all, () => ids);
  const answer = predict(
    "Before you look: which model gives the masked word more probability?",
    ["GPT", "BERT", "It depends on the word"],
    [filled],
  );
  const parts = [
    element("label", "practice-label", "Sentence ", input),
    problem,
    heading("Mask a word"),
    words,
    answer,
    heading("Score the sentence"),
    scored,
    heading("Write"),
    written.node,
    heading("The same weights under another mask"),
    element("p", {}, "Choose another mask for either model: everything above is computed again with the same weights."),
    masks,
  ];
  read();
  written.restart();
  return parts;
}

/** @param {string} text */
const heading = (text) => element("h2", {}, text);

/**
 * @param {string} name
 * @param {string} note
 * @param {...Node} children
 */
const column = (name, note, ...children) =>
  element("div", {}, element("p", {}, element("strong", {}, name), ` ${note}`), ...children);

/**
 * The most likely tokens, and the hidden one with its rank.
 * @param {LanguageModels} all
 * @param {number[]} probabilities
 * @param {number} [truth]
 */
function bars(all, probabilities, truth) {
  const choices = mostLikely(probabilities);
  const list = element("ol", "practice-bars");
  for (const { token, p } of choices) list.append(bar(all.decode(token), p, token === truth));
  if (truth !== undefined && !choices.some(({ token }) => token === truth)) {
    const rank = probabilities.filter((p) => p > probabilities[truth]).length + 1;
    list.append(bar(`${all.decode(truth)} (rank ${rank.toLocaleString("en")})`, probabilities[truth], true));
  }
  return list;
}

/**
 * @param {string} label
 * @param {number} p
 * @param {boolean} isTruth
 */
function bar(label, p, isTruth) {
  const meter = element("meter", { min: 0, max: 1, value: p, ariaHidden: "true" });
  const name = isTruth ? element("strong", {}, `${label} ✓`) : element("span", {}, label);
  return element("li", {}, name, meter, element("span", "practice-number", percent(p)));
}

/**
 * @param {LanguageModels} all
 * @param {Model} model
 * @param {number[]} ids
 */
function scores(all, model, ids) {
  const each = model.scores(ids);
  const sum = total(each).toFixed(2);
  const words = table(["word", "log p (nats)"], each.map((score, at) => [
    at < ids.length ? all.decode(ids[at]) : "[EOS]",
    element("td", "practice-number", score.toFixed(2)),
  ]));
  return model.name === "gpt"
    ? column("GPT", `log-probability of the sentence: ${sum} nats`, words)
    : column("BERT", `pseudo-log-likelihood: ${sum} nats; this is not a log-probability`, words);
}

/**
 * GPT appends a token a step, BERT fills one of the blanks a step.
 * @param {LanguageModels} all
 * @param {() => number[]} prompt
 */
function writing(all, prompt) {
  const { gpt, bert } = all.models;
  const blanks = 6;
  /** @type {number[]} */
  let left = [];
  /** @type {number[]} */
  let right = [];
  const texts = [element("p", "practice-written"), element("p", "practice-written")];
  const line = status();

  const show = () => {
    texts[0].textContent = left.map((id) => all.decode(id)).join(" ");
    texts[1].textContent = right.map((id) => all.decode(id)).join(" ");
  };
  const restart = () => {
    left = prompt().slice(0, 4);
    right = [...left, ...Array(blanks).fill(MASK)];
    line.textContent = `Both begin with the first ${left.length} words.`;
    show();
  };
  const append = (/** @type {boolean} */ random) => {
    if (left.length > gpt.longest || all.decode(left[left.length - 1]) === "[EOS]") {
      line.textContent = "GPT has ended its sentence.";
      return;
    }
    const p = gpt.next(left);
    const token = random ? sample(p) : mostLikely(p, 1)[0].token;
    left = [...left, token];
    line.textContent = `GPT: “${all.decode(token)}”, ${percent(p[token])}; one forward pass, one token.`;
    show();
  };
  const fill = () => {
    if (!right.includes(MASK)) {
      line.textContent = "BERT has filled every blank.";
      return;
    }
    const step = fillMostConfident(bert, right);
    right = step.words;
    line.textContent = `BERT: “${all.decode(step.token)}” at position ${step.at + 1}, ${percent(step.p)}; one forward pass over the whole text.`;
    show();
  };
  const node = element("div", {},
    element("div", "practice-pair",
      column("GPT", "appends one token at a time", texts[0],
        element("div", "practice-row", button("Most likely token", () => append(false)), button("Sampled token", () => append(true)))),
      column("BERT", `fills ${blanks} blanks, the most confident first; the length is fixed`, texts[1],
        element("div", "practice-row", button("Fill one blank", fill)))),
    element("div", "practice-row", button("Begin again", restart)),
    line);
  return { node, restart };
}

/**
 * @param {Model} model
 * @param {() => void} changed
 * @param {number} size
 */
function maskChoice(model, changed, size) {
  const label = model.name === "gpt" ? "GPT" : "BERT";
  const { select, node: field } = choice(`Mask of ${label}`, MASKS.map((mask) => [mask, mask]), () => {
    model.mask = select.value;
    changed();
    document.getElementById(select.id)?.focus();
  });
  select.value = model.mask;
  const trained = model.name === "gpt" ? "causal" : "bidirectional";
  const note = model.mask === trained ? "as in training" : `trained with a ${trained} mask`;
  return column(label, note, field, maskTable(`Mask ${model.mask}: rows are queries, columns are keys`, model.grid(size)));
}
