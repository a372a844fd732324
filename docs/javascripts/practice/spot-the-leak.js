// A training run that may be broken: read its symptoms, name the bug.
import { attend, button, element, ROOT, status } from "./dom.js";
import { shuffle } from "./random.js";

/**
 * Of each run: the training loss in nats at the end, the lowest possible loss, the loss
 * at inference, and the section of this page that draws and explains it.
 * @typedef {{name: string, training: number, lowest: number, inference: number, section: string}} TrainingRun
 */

/** @param {HTMLElement} place */
export async function mount(place) {
  const response = await fetch(new URL("practice/broken-training.json", ROOT));
  if (!response.ok) throw new Error(`broken-training.json: ${response.status}`);
  /** @type {TrainingRun[]} */
  const runs = await response.json();
  let left = shuffle(runs);
  const show = () => {
    const run = left.pop();
    if (!run) {
      left = shuffle(runs);
      show();
      return;
    }
    place.replaceChildren(...riddle(run, runs, left.length, () => {
      show();
      attend(place); // the button that was pressed is gone
    }));
  };
  show();
}

/**
 * @param {TrainingRun} run
 * @param {TrainingRun[]} runs
 * @param {number} left
 * @param {() => void} next
 */
function riddle(run, runs, left, next) {
  const family = run.name.split(",")[0];
  const line = status();
  const after = element("div", { className: "practice-row", hidden: true },
    element("a", { href: new URL(run.section, ROOT).href }, "Why, and how to check"),
    button(left ? `Next run (${left} left)` : "Begin again", next));
  const options = runs.filter(({ name }) => name.startsWith(family)).map(({ name }) => {
    const option = button(bug(name), () => {
      option.ariaPressed = "true";
      line.textContent = name === run.name ? `Right: ${bug(name)}.` : `No, the bug is: ${bug(run.name)}.`;
      after.hidden = false;
    });
    return option;
  });
  return [
    element("p", {}, `A ${family} is trained on a language whose lowest possible loss is known: ${run.lowest.toFixed(2)} nats.`),
    chart(run),
    element("p", {}, `At the end the training loss is ${run.training.toFixed(2)} nats. At inference, where ${family === "GPT" ? "the next word does not exist yet" : "the blank is [MASK]"}, it is ${run.inference.toFixed(2)}.`),
    element("p", {}, "What is wrong?"),
    element("div", "practice-row", ...options),
    line,
    after,
  ];
}

/** @param {string} name */
const bug = (name) => name.split(", ")[1];

/**
 * The figure that the page has of a run, without the words that name the bug.
 * Errors: Error if the page has none.
 * @param {TrainingRun} run
 */
function chart({ name, section }) {
  const figure = document.querySelector(`${new URL(section, ROOT).hash} ~ figure`);
  if (!figure) throw new Error(`this page has no figure of the run ${name}`);
  const copy = /** @type {HTMLElement} */ (figure.cloneNode(true));
  copy.removeAttribute("id");
  for (const part of copy.querySelectorAll("figcaption, link")) part.remove();
  copy.querySelector("svg")?.setAttribute("aria-label", "Training loss by step, and the lowest possible loss");
  return copy;
}
