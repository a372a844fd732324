// The page of whiteboard tasks: an editor in each task once it is opened, and how many are solved.
import { mountAttempt } from "./attempt.js";
import { element } from "./dom.js";
import { megabytes } from "./numbers.js";
import { TASKS, createPython } from "./python.js";
import { storage } from "./storage.js";

/** @typedef {import("./python.js").PythonFiles} PythonFiles */

/** How far the reader has come with a task. @param {import("./storage.js").Row | undefined} row */
const progress = (row) => (row?.solved ? "solved" : row?.runs ? "tried" : "");

/**
 * Mark each task, and count those that are solved.
 * @param {HTMLElement[]} cards
 * @param {HTMLElement} line
 */
const showProgress = async (cards, line) => {
  const rows = await storage.all("tasks");
  const states = cards.map((card) => progress(rows.get(card.dataset.task ?? "")));
  cards.forEach((card, at) => {
    card.querySelector(".task-progress")?.remove();
    if (states[at]) card.querySelector("summary")?.append(element("span", "level task-progress", states[at]));
  });
  const solved = states.filter((state) => state === "solved").length;
  line.textContent = `${solved} of ${cards.length} tasks solved, ${states.filter(Boolean).length} tried.`;
};

/** @param {HTMLElement} place */
export const mount = async (place) => {
  const response = await fetch(new URL("index.json", TASKS));
  const { python: files } = /** @type {{ python: PythonFiles | { missing: string } }} */ (await response.json());
  const cards = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("details.task")]);
  const line = element("p", "task-count");
  const show = () => showProgress(cards, line);
  await show();
  storage.on("change", show);
  if ("missing" in files) {
    place.replaceChildren(
      element("p", {}, `Programs cannot be run in this page: ${files.missing}.`), line);
    return;
  }
  place.replaceChildren(element("p", {}, "Open a task to write and test your program here."), line);

  const python = createPython(files);
  const size = megabytes(files.bytes);
  /** @type {Set<EventTarget>} */
  const mounted = new Set();
  /** @param {EventTarget | null} card */
  const open = (card) => {
    if (!(card instanceof HTMLDetailsElement) || !card.matches("details.task[open]")) return;
    if (mounted.has(card) || matchMedia("print").matches) return;
    mounted.add(card);
    mountAttempt(card, python, size, show);
  };
  document.addEventListener("toggle", ({ target }) => open(target), true);
  cards.forEach(open);
};
