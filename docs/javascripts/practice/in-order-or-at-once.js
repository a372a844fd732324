// Unmask a text several positions a step: what independence within a step costs.
import { choice, element } from "./dom.js";
import { divergence, language, texts, unmasked } from "./enumeration.js";
import { percent, total } from "./numbers.js";
import { predict } from "./predict.js";
import { slider } from "./slider.js";
import { table } from "./tables.js";

const LENGTH = 6;
const WORDS = ["a", "b", "c"];
/** @type {Record<string, number[]>} */
const ORDERS = {
  "left to right": [0, 1, 2, 3, 4, 5],
  "every other position first": [0, 2, 4, 1, 3, 5],
  "from the middle": [2, 3, 1, 4, 0, 5],
};

/** @param {HTMLElement} place */
export function mount(place) {
  const result = element("div");
  const together = slider("Positions per step", { min: 1, max: 6, step: 1, value: 2 }, () => show());
  const dependence = slider("How much a word depends on the one before", { min: 0, max: 4, step: 0.5, value: 3 }, () => show());
  const order = choice("Order", Object.keys(ORDERS).map((name) => [name, name]), () => show());
  const show = () => result.replaceChildren(...outcome(dependence.value(), ORDERS[order.select.value], together.value()));
  place.replaceChildren(
    element("div", "practice-filters", together.label, dependence.label, order.node),
    predict(
      "Two positions per step, each sampled from its true probabilities given the words so far: which order costs more?",
      ["Neighbours together", "Every other position first", "Both cost nothing"],
      [result],
    ),
  );
  show();
}

/**
 * @param {number} dependence
 * @param {number[]} order
 * @param {number} together
 */
function outcome(dependence, order, together) {
  const joint = language(LENGTH, dependence);
  const sampler = unmasked(joint, order, together);
  const passes = Math.ceil(LENGTH / together);
  const rows = texts(LENGTH)
    .map((text, index) => ({ text: text.map((word) => WORDS[word]).join(" "), p: joint[index], q: sampler[index] }))
    .sort((one, other) => Math.abs(other.q - other.p) - Math.abs(one.q - one.p))
    .slice(0, 6)
    .map(({ text, p, q }) => [text, percent(p, 2), percent(q, 2)]);
  return [
    element("p", {}, `${passes} forward ${passes === 1 ? "pass" : "passes"} instead of ${LENGTH}. Divergence from the language: ${divergence(joint, sampler).toFixed(3)} nats per text; the probabilities of all ${texts(LENGTH).length} texts sum to ${total(sampler).toFixed(3)}.`),
    table(["text", "true probability", "with this sampler"], rows),
    element("p", {}, "One position per step is exact in any order: that is the chain rule. Within a step the words are sampled independently, so they may not fit together; the loss is largest where the positions of a step depend on each other."),
  ];
}
