// Which products of conditional probabilities sum to one over all texts?
import { element } from "./dom.js";
import { language, pseudoLikelihoods, texts } from "./enumeration.js";
import { total } from "./numbers.js";
import { predict } from "./predict.js";
import { slider } from "./slider.js";
import { table } from "./tables.js";

const LENGTH = 3;
const WORDS = ["a", "b", "c"];

/** @param {HTMLElement} place */
export function mount(place) {
  const result = element("div");
  const dependence = slider("How much a word depends on the one before", { min: 0, max: 4, step: 0.5, value: 2 }, () => show());
  const show = () => result.replaceChildren(...outcome(dependence.value()));
  place.replaceChildren(
    dependence.label,
    predict(
      "Multiply the probability of each word given all other words, and add these products over all 27 texts. What is the sum?",
      ["Exactly 1", "1 only if the words are independent", "Never 1"],
      [result],
    ),
  );
  show();
}

/** @param {number} dependence */
function outcome(dependence) {
  const joint = language(LENGTH, dependence);
  const pseudo = pseudoLikelihoods(joint, LENGTH);
  const largest = texts(LENGTH)
    .map((text, index) => ({ text: text.map((word) => WORDS[word]).join(" "), p: joint[index], q: pseudo[index] }))
    .sort((one, other) => other.p - one.p)
    .slice(0, 6);
  const sums = ["sum over all 27 texts", total(joint).toFixed(4), total(pseudo).toFixed(4)];
  return [
    table(["text", "each word given those before it", "each word given all others"], [
      ...largest.map(({ text, p, q }) => [text, p.toFixed(4), q.toFixed(4)]),
      sums.map((sum) => element("strong", {}, sum)),
    ]),
    element("p", {}, "The left product is the chain rule: a distribution for every strength. The right one is the pseudo-likelihood; it sums to one if the words are independent, and in general it does not."),
  ];
}
