// The grading of one question: key points to tick, the grade that they suggest, four
// grades with the time until the question comes back, undo.
import { button, element, status } from "./dom.js";
import { GRADES, intervals, nextReview, suggestGrade } from "./schedule.js";
import { storage } from "./storage.js";
import { readable } from "./time.js";

/** @typedef {import("./schedule.js").Review} Review */
/** @typedef {import("./schedule.js").Grade} Grade */

/**
 * Put a box before each key point of a list.
 * @param {HTMLElement} list
 * @param {() => void} changed
 */
const ticks = (list, changed) => [...list.children].map((item) => {
  const box = element("input", { type: "checkbox" });
  box.addEventListener("change", changed);
  const label = element("label", "practice-tick", box, element("span", {}, ...item.childNodes));
  label.addEventListener("click", (event) => { // an abbreviation shows its words
    if (/** @type {Element} */ (event.target).closest("abbr")) event.preventDefault();
  });
  item.append(label);
  return box;
});

/**
 * Store a grade, from the newest review, also if another tab wrote it.
 * @param {string} id
 * @param {Grade} grade
 */
export const store = async (id, grade) => {
  /** @type {Review | undefined} */
  let before;
  const after = await storage.update("reviews", id, (/** @type {any} */ row) => {
    before = row;
    return nextReview(row, id, grade);
  });
  /** Take the grade back, unless the question was graded again meanwhile. */
  const undo = async () => {
    const row = await storage.update("reviews", id, (/** @type {any} */ newest) =>
      newest?.changed === after?.changed ? before : newest);
    return row?.changed === before?.changed;
  };
  return { before, after: /** @type {Review} */ (after), undo };
};

/**
 * The panel below an answer. `list` are its key points, `review` what is stored.
 * @param {object} options
 * @param {HTMLElement} options.list
 * @param {Review | undefined} options.review
 * @param {(grade: Grade) => void} options.grade
 */
export const panel = ({ list, review, grade }) => {
  const hint = status();
  const spans = intervals(review);
  const buttons = GRADES.map((name, place) => {
    const node = button(name, () => grade(/** @type {Grade} */ (place + 1)));
    node.append(" ", element("small", {}, readable(spans[place])));
    return node;
  });
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    const suggestion = suggestGrade(ticked, boxes.length);
    hint.textContent = `${ticked} of ${boxes.length} key points: ${GRADES[suggestion - 1]} is suggested.`;
    buttons.forEach((node, place) => node.classList.toggle("practice-suggested", place + 1 === suggestion));
  };
  const boxes = ticks(list, show);
  hint.textContent = "Tick the key points that you said.";
  const grades = element("div", "practice-grades", ...buttons);
  grades.setAttribute("role", "group");
  grades.setAttribute("aria-label", "Your grade");
  return { node: element("div", "practice-grading", element("div", "practice-row", hint), grades), hint, grades };
};

/**
 * A button that grades questions Again, so that they are due among the cards.
 * @param {string} label
 * @param {string[]} ids of the questions
 * @param {HTMLElement} line which says so
 */
export const dueButton = (label, ids, line) => {
  const node = button(label, async () => {
    node.disabled = true;
    for (const id of ids) await store(id, 1);
    line.textContent = "They are graded Again, and are due among your cards.";
  });
  return node;
};

/** What a grade means for the reader. @param {Review} after */
export const outcome = (after) =>
  `${GRADES[after.grade - 1]}: comes back in ${readable(after.due - after.changed)}.`;
