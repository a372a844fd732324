// Write or pick a mask rule: its grid, what it reaches through layers, and a leak test.
import { choice, element, status } from "./dom.js";
import { leakTest } from "./leak-test.js";
import { grid, parseRule, reachable } from "./masks.js";
import { predict } from "./predict.js";
import { maskTable } from "./tables.js";

/** @type {[rule: string, text: string][]} */
const EXAMPLES = [
  ["causal", "GPT: causal"],
  ["bidirectional", "BERT: bidirectional"],
  ["prefix_lm(3)", "Prefix LM: three tokens of prefix"],
  ["causal & sliding_window(3)", "Sliding window of a decoder"],
  ["sliding_window(2)", "Sliding window of an encoder"],
  ["causal & padding(6)", "Padding on the right"],
  ["causal & ~padding(2)", "Padding on the left"],
  ["causal & packed(3, 5)", "Two packed documents"],
  ["block_causal(2)", "Block diffusion: blocks of two"],
  ["permutation_content(2, 0, 3, 1)", "XLNet: content stream"],
];

/** How libraries write the same mask. @type {[name: string, text: string][]} */
const CONVENTIONS = [
  ["sdpa", "True = may attend (scaled_dot_product_attention)"],
  ["mha", "True = hidden (nn.MultiheadAttention)"],
  ["additive", "added to the scores: 0 or -inf"],
];

/** @param {HTMLElement} place */
export function mount(place) {
  const input = element("input", { type: "text", className: "practice-text", value: "causal & sliding_window(3)", maxLength: 200, spellcheck: false });
  const problem = status();
  const result = element("div");

  const show = () => {
    try {
      const rule = parseRule(input.value);
      problem.textContent = "";
      result.replaceChildren(...picture(rule, Number(size.select.value), Number(layers.select.value), convention.select.value));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problem.textContent = `This is not a rule: ${error.message}.`;
    }
  };
  const example = choice("Example", [["", "…"], ...EXAMPLES], () => {
    if (example.select.value) input.value = example.select.value;
    show();
  });
  const size = choice("Tokens", numbers(2, 12), show);
  size.select.value = "8";
  const layers = choice("Layers", numbers(1, 6), show);
  layers.select.value = "2";
  const convention = choice("Written as", CONVENTIONS, show);
  input.addEventListener("input", () => { example.select.value = ""; show(); });
  place.replaceChildren(
    element("div", "practice-filters", example.node, size.node, layers.node, convention.node),
    element("label", "practice-label", "Rule ", input),
    problem,
    result,
  );
  show();
}

/**
 * @param {import("./masks.js").Rule} rule
 * @param {number} size
 * @param {number} layers
 * @param {string} convention
 */
function picture(rule, size, layers, convention) {
  const cells = grid(rule, size);
  const reach = reachable(cells, layers);
  const blind = cells.flatMap((row, q) => (row.includes(true) ? [] : [q + 1]));
  const verdict = element("p");
  const leak = leakTest(rule, size, layers);
  verdict.textContent = leak
    ? `It does. We changed token ${leak.changed + 1}, and ${list(leak.affected.map((q) => q + 1))} changed. Trained on next tokens, this network would see its targets.`
    : "It does not. We changed each token in turn, and no earlier output changed: the mask suits next-token prediction.";
  return [
    element("div", "practice-pair",
      element("div", {}, element("p", {}, "One layer: row q may attend to column k"), maskTable("The mask", cells)),
      element("div", {}, element("p", {}, `What reaches each output through ${layers} ${layers === 1 ? "layer" : "layers"}`), maskTable("The receptive field", reach))),
    ...(blind.length ? [element("p", {}, `No key is visible to ${list(blind, "query", "queries")}: a softmax over such a row is NaN unless the code returns zeros.`)] : []),
    element("pre", {}, element("code", {}, written(cells, convention))),
    predict("Does a later token change an earlier output, in a network with random weights under this mask?", ["It does", "It does not"], [verdict]),
  ];
}

/**
 * @param {boolean[][]} cells
 * @param {string} convention
 */
function written(cells, convention) {
  const word = (/** @type {boolean} */ sees) =>
    convention === "additive" ? (sees ? "   0" : "-inf") : sees === (convention === "sdpa") ? " True" : "False";
  return `[${cells.map((row) => `[${row.map(word).join(", ")}]`).join(",\n ")}]`;
}

/**
 * @param {number[]} positions
 * @param {string} [one]
 * @param {string} [many]
 */
const list = (positions, one = "output", many = "outputs") =>
  `${positions.length === 1 ? one : many} ${positions.join(", ")}`;

/**
 * @param {number} from
 * @param {number} to
 * @returns {[string, string][]}
 */
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => [`${from + i}`, `${from + i}`]);
