// Naive Bayes against logistic regression, with sliders for what decides between them.
import { element } from "./dom.js";
import { percent } from "./numbers.js";
import { predict } from "./predict.js";
import { slider } from "./slider.js";
import { table } from "./tables.js";
import { compare } from "./two-classifiers.js";

/** @param {HTMLElement} place */
export function mount(place) {
  const result = element("div");
  const labels = slider("Training labels", { min: 4, max: 200, step: 4, value: 12 }, () => show());
  const copies = slider("Copies of the weakest feature", { min: 0, max: 6, step: 1, value: 0 }, () => show());
  const trainPrior = slider("Prior of class 1 in training", { min: 0.1, max: 0.9, step: 0.1, value: 0.5 }, () => show());
  const testPrior = slider("Prior of class 1 in the test", { min: 0.1, max: 0.9, step: 0.1, value: 0.5 }, () => show());
  const corrected = checkbox("Correct both for the test prior", () => show());
  const missing = checkbox("The first feature is missing in the test", () => show());
  const show = () => result.replaceChildren(...outcome(compare({
    labels: labels.value(),
    copies: copies.value(),
    trainPrior: trainPrior.value(),
    testPrior: testPrior.value(),
    corrected: corrected.input.checked,
    missing: missing.input.checked,
  })));
  place.replaceChildren(
    element("div", "practice-filters", labels.label, copies.label, trainPrior.label, testPrior.label, corrected.label, missing.label),
    predict(
      "Twelve labels, features that are independent given the class: which has the lower error rate? Then add copies, and predict again.",
      ["Naive Bayes", "Logistic regression", "No difference"],
      [result],
    ),
  );
  show();
}

/** @param {ReturnType<typeof compare>} scores */
function outcome(scores) {
  const rows = Object.entries(scores).map(([name, { error, loss }]) => [name, percent(error), loss.toFixed(3)]);
  return [
    table(["model", "error rate", "loss (nats)"], rows),
    element("p", {}, "Means over 40 training sets; each model is evaluated exactly, over all eight inputs."),
  ];
}

/**
 * @param {string} text
 * @param {() => void} changed
 */
function checkbox(text, changed) {
  const input = element("input", { type: "checkbox" });
  input.addEventListener("change", changed);
  return { input, label: element("label", "practice-choice", input, ` ${text}`) };
}
