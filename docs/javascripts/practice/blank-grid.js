// An empty grid: the reader taps the cells of a mask, and the rule checks them.
import { attend, button, element, status } from "./dom.js";
import { grid, parseRule } from "./masks.js";
import { squareTable } from "./tables.js";

const SIZE = 6;

/** @type {[rule: string, task: string][]} */
const TASKS = [
  ["causal", "the mask of GPT"],
  ["bidirectional", "the mask of BERT"],
  ["prefix_lm(3)", "a prefix LM whose prefix has three tokens"],
  ["causal & sliding_window(3)", "a decoder with a sliding window of three tokens, the token itself included"],
  ["causal & padding(4)", "a decoder whose last two tokens are padding: as keys they are hidden"],
  ["bidirectional & ~padding(2)", "an encoder whose first two tokens are padding: as keys they are hidden"],
  ["causal & packed(2, 4)", "a decoder with two packed documents of two and four tokens"],
  ["block_causal(2)", "block diffusion with blocks of two tokens"],
  ["permutation_query(2, 0, 3, 1, 5, 4)", "XLNet's query stream for the order 3, 1, 4, 2, 6, 5"],
];

/** @param {HTMLElement} place */
export function mount(place) {
  let number = 0;
  const show = () => place.replaceChildren(...task(number, () => {
    number = (number + 1) % TASKS.length;
    show();
    attend(place); // the button that was pressed is gone
  }));
  show();
}

/**
 * @param {number} number
 * @param {() => void} next
 */
function task(number, next) {
  const [expression, text] = TASKS[number];
  const wanted = grid(parseRule(expression), SIZE);
  const line = status();
  const cells = wanted.map((row, q) => row.map((_, k) => {
    const cell = element("button", { type: "button", className: "practice-cell", ariaLabel: label(q, k), ariaPressed: "false" });
    cell.tabIndex = q + k === 0 ? 0 : -1; // one stop for Tab; arrows move inside
    cell.addEventListener("click", () => {
      cell.ariaPressed = String(cell.ariaPressed !== "true");
      cell.classList.remove("practice-wrong");
    });
    return cell;
  }));
  const board = squareTable("Rows are queries, columns are keys", cells.map((row) => row.map((cell) => element("td", {}, cell))));
  board.addEventListener("keydown", (event) => move(event, cells));

  const check = () => {
    const wrong = cells.flatMap((row, q) => row.filter((cell, k) => {
      const isWrong = (cell.ariaPressed === "true") !== wanted[q][k];
      cell.classList.toggle("practice-wrong", isWrong);
      return isWrong;
    }));
    line.textContent = wrong.length === 0
      ? `Right: ${expression}.`
      : `${wrong.length} of ${SIZE * SIZE} cells are wrong; they are marked. The first: ${wrong[0].ariaLabel}.`;
  };
  const solve = () => {
    cells.forEach((row, q) => row.forEach((cell, k) => {
      cell.ariaPressed = String(wanted[q][k]);
      cell.classList.remove("practice-wrong");
    }));
    line.textContent = `The rule: ${expression}.`;
  };
  return [
    element("p", {}, element("strong", {}, `${number + 1} of ${TASKS.length}. `), `Mark what each query may attend to: ${text}.`),
    board,
    element("div", "practice-row", button("Check", check), button("Show the solution", solve), button("Next mask", next)),
    line,
  ];
}

/**
 * @param {number} q
 * @param {number} k
 */
const label = (q, k) => `query ${q + 1}, key ${k + 1}`;

/**
 * Arrow keys move the focus inside the grid.
 * @param {KeyboardEvent} event
 * @param {HTMLButtonElement[][]} cells
 */
function move(event, cells) {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const q = cells.findIndex((row) => row.some((cell) => cell === event.target));
  if (!step || q < 0) return;
  const k = cells[q].findIndex((cell) => cell === event.target);
  const target = cells[q + step[0]]?.[k + step[1]];
  event.preventDefault();
  if (!target) return;
  cells[q][k].tabIndex = -1;
  target.tabIndex = 0;
  target.focus();
}
