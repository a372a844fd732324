// A whiteboard task with an editor: the program is kept, its tests run, its result shown.
import { button, element, status } from "./dom.js";
import { createEditor } from "./editor.js";
import { problems } from "./notice.js";
import { TASKS } from "./python.js";
import { resultParts, summary } from "./result.js";
import { storage } from "./storage.js";

/** @typedef {import("./python.js").Python} Python */
/** @typedef {import("./python.js").Outcome} Outcome */
/** @typedef {import("./result.js").Mistake} Mistake */
/** @typedef {import("./storage.js").Row & { text: string, runs: number, solved?: number }} Attempt */

/**
 * The tests of a task.
 * @param {string} name
 * @returns {Promise<{ tests: string, mistakes: Mistake[] } | undefined>} undefined if they cannot be loaded
 */
const loadTask = async (name) => {
  try {
    const response = await fetch(new URL(`${name}.json`, TASKS));
    return response.ok ? await response.json() : undefined;
  } catch { // offline
    return undefined;
  }
};

/**
 * The start of a task is in the editor once; a button brings it back, another undoes that.
 * @param {ReturnType<typeof createEditor>} editor
 * @param {string} start
 */
const restoreButtons = (editor, start) => {
  let other = "";
  const undo = button("Undo", () => {
    const text = editor.field.value;
    editor.fill(other);
    other = text; // a second click goes forth again: what was typed since is not lost
    undo.focus();
  });
  undo.hidden = true;
  const restore = button("Restore the start", () => {
    if (editor.field.value === start) return;
    other = editor.field.value;
    editor.fill(start);
    undo.hidden = false;
    restore.focus();
  });
  return [restore, undo];
};

/**
 * Store the program in this browser while it is written.
 * @param {string} name
 * @param {HTMLTextAreaElement} field
 * @param {string} start
 * @param {HTMLElement} line says that another tab has stored another program
 */
const storeAtEachKey = (name, field, start, line) => {
  /** @type {Promise<void> | undefined} */
  let writing;
  let stored = field.value;
  const write = async () => { // a page that is left has no time for this: it is done at each key
    while (field.value !== stored) {
      const text = stored = field.value;
      await storage.update("tasks", name, (/** @type {Attempt | undefined} */ before) =>
        before || text !== start ? { runs: 0, ...before, id: name, changed: Date.now(), text } : undefined);
    }
  };
  const keep = () => (writing ??= write().finally(() => { writing = undefined; }));
  field.addEventListener("input", () => {
    line.textContent = "";
    keep();
  });
  storage.on("change", async () => { // in another tab
    const row = /** @type {Attempt | undefined} */ ((await storage.all("tasks")).get(name));
    if (!row || writing || row.text === stored) return;
    if (document.activeElement === field) line.textContent = "Another tab has stored another program for this task: what you type here replaces it.";
    else stored = field.value = row.text;
  });
  return keep;
};

/** Each hint appears when the one before it has been opened. @param {HTMLElement} card */
const oneHintAtATime = (card) => {
  const hints = [...card.querySelectorAll("details.hint")];
  hints.slice(1).forEach((hint, before) => {
    hint.classList.add("task-later");
    hints[before].addEventListener("toggle", () => hint.classList.remove("task-later"), { once: true });
  });
};

/**
 * The solution is offered after an attempt.
 * @param {HTMLElement} card
 */
const solutionButton = (card) => {
  const fold = /** @type {HTMLDetailsElement} */ (card.querySelector("details.solution"));
  return button("Compare with the solution", () => {
    fold.open = true;
    fold.scrollIntoView();
    fold.querySelector("summary")?.focus({ preventScroll: true });
  });
};

/**
 * @param {HTMLElement} card a `details.task` of the page
 * @param {Python} python
 * @param {string} size of Python's files, in words
 * @param {() => void} changed called when a run is stored
 */
export const mountAttempt = async (card, python, size, changed) => {
  const name = card.dataset.task ?? "";
  const begin = /** @type {HTMLElement} */ (card.querySelector(".task-start"));
  const start = begin.querySelector("code.start")?.textContent ?? "";
  const row = /** @type {Attempt | undefined} */ ((await storage.all("tasks")).get(name));

  const line = status();
  const otherTab = status();
  const details = element("div", "task-result");
  let running = false;

  const execute = async () => {
    if (running) return;
    setRunning(true);
    const text = editor.field.value;
    details.replaceChildren();
    line.textContent = python.loaded() ? "" : `Loading Python (${size}) …`;
    const [task] = await Promise.all([loadTask(name), keep()]);
    const outcome = task && running
      ? await python.run(text, task.tests, () => { line.textContent = "Running the tests …"; })
      : { stopped: task ? "Stopped." : "The tests could not be loaded; try again when you are online." };
    setRunning(false);
    line.textContent = summary(outcome);
    if (task) details.replaceChildren(...resultParts(outcome, task.mistakes));
    if (text !== start && task) await count(outcome);
  };

  /** @param {Outcome} outcome */
  const count = async (outcome) => {
    solution.hidden = false;
    const passed = "result" in outcome && outcome.result.status === "passed";
    await storage.update("tasks", name, (/** @type {Attempt | undefined} */ before) => ({
      text: editor.field.value, ...before, id: name, changed: Date.now(), runs: (before?.runs ?? 0) + 1,
      ...(passed && !before?.solved ? { solved: Date.now() } : {}),
    }));
    changed();
  };

  const editor = createEditor("Your program", row?.text ?? start, execute);
  const keep = storeAtEachKey(name, editor.field, start, otherTab);
  const run = button("", execute);
  const stop = button("Stop", () => {
    setRunning(false);
    python.stop("Stopped.");
    run.focus();
  });
  const solution = solutionButton(card);
  solution.hidden = !row?.runs;
  run.classList.add("practice-main");
  const label = () => { run.textContent = python.loaded() ? "Run the tests" : `Run the tests (loads Python, ${size})`; };
  /** @param {boolean} on */
  const setRunning = (on) => {
    running = on;
    stop.hidden = !on;
    run.ariaDisabled = String(on);
  };
  setRunning(false);
  label();
  python.onLoaded(label);

  oneHintAtATime(card);
  begin.classList.add("task-on-paper");
  begin.after(element("div", "task-attempt",
    editor.field,
    element("p", "task-keys", "Tab leaves the editor. Ctrl+] and Ctrl+[ indent and outdent lines; Ctrl+Enter runs the tests."),
    element("div", "practice-row", run, stop, ...editor.movers, ...restoreButtons(editor, start)),
    line, details, element("div", "practice-row", solution), otherTab, problems()));
};
