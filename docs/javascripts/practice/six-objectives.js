// One sentence under six objectives: choose the words to hide, count the targets.
import { button, choice, element, status } from "./dom.js";
import { OBJECTIVES, targetCount } from "./corruption.js";
import { scrolling } from "./tables.js";

const WORDS = ["the", "old", "cat", "sat", "down", "and", "fell", "asleep"];

/** @param {HTMLElement} place */
export function mount(place) {
  const hidden = new Set([1, 4, 5]);
  const problem = status();
  const result = element("div");
  const names = Object.keys(OBJECTIVES);
  const objective = choice("Objective", names.map((name) => [name, name]), () => show());
  const words = WORDS.map((word, at) => {
    const one = button(word, () => {
      if (!hidden.delete(at)) hidden.add(at);
      one.ariaPressed = String(hidden.has(at));
      show();
    });
    one.ariaPressed = String(hidden.has(at));
    return one;
  });

  const show = () => {
    const chosen = [...hidden].sort((a, b) => a - b);
    problem.textContent = "";
    if (chosen.length === 0 || chosen.length === WORDS.length) {
      problem.textContent = chosen.length ? "Leave a word visible." : "Hide at least one word.";
      return;
    }
    result.replaceChildren(...example(OBJECTIVES[objective.select.value](WORDS, chosen)));
  };
  const next = button("Next objective", () => {
    objective.select.selectedIndex = (objective.select.selectedIndex + 1) % names.length;
    show();
  });
  place.replaceChildren(
    element("div", { className: "practice-row", role: "group", ariaLabel: "Words to hide" }, "Hide: ", ...words),
    problem,
    element("div", "practice-row", objective.node, next),
    result,
  );
  show();
}

/** @param {import("./corruption.js").Example} made */
function example(made) {
  const count = targetCount(made);
  const guess = element("input", { type: "number", min: "0", max: "30", className: "practice-small" });
  const line = status();
  const rows = made.target
    ? [row("The encoder reads", made.input), row("The decoder writes", made.target)]
    : [row("The network reads", made.input), row("Target at each position", (made.targets ?? []).map((word) => word ?? "–"))];
  const answer = element("div", { hidden: true }, table([rows[1]]), element("p", {}, `${count} targets: ${made.passes}.`));
  const reveal = button("Show the targets", () => {
    answer.hidden = false;
    line.textContent = guess.value ? (Number(guess.value) === count ? `Right: ${count}.` : `You said ${guess.value}; there are ${count}.`) : "";
  });
  return [
    table([rows[0]]),
    element("div", "practice-row", element("label", {}, "How many predictions have a loss? ", guess), reveal),
    line,
    answer,
  ];
}

/**
 * @param {string} label
 * @param {string[]} tokens
 */
const row = (label, tokens) =>
  element("tr", {}, element("th", { scope: "row" }, label), ...tokens.map((token) => element("td", {}, token)));

/** @param {HTMLTableRowElement[]} rows */
const table = (rows) => scrolling(rows[0].cells[0].textContent ?? "", element("table", {}, element("tbody", {}, ...rows)));
