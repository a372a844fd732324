// What a reader is typing, kept while it is typed. IndexedDB takes no write from a page
// that is being left, so what is not yet in it then goes to localStorage, and from there
// into it at the next visit.
import { storage } from "./storage.js";

/** Text that the database does not have yet, by the id of its draft. */
export const UNSAVED = "model-paradigms.unsaved.";
const PAUSE = 300; // milliseconds without a key

/** @typedef {{ id: string, changed: number, card: string, text: string }} Draft */

/**
 * The draft of an answer.
 * @param {string} id of what it belongs to, such as an interview
 * @param {string} card id of the question that it answers
 */
export const draft = (id, card) => {
  /** @type {Draft | undefined} */
  let pending;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {Draft} row */
  const store = (row) => storage.update("drafts", id, (/** @type {any} */ before) =>
    /** @type {any} */ (before && before.changed > row.changed ? before : row));
  const flush = async () => {
    clearTimeout(timer);
    const row = pending;
    if (!row) return;
    await store(row);
    if (pending === row) pending = undefined;
  };
  const leave = () => {
    if (pending) remember(id, pending);
    flush();
  };
  addEventListener("pagehide", leave);

  return {
    /** What was typed as an answer to this question, "" if nothing was. */
    text: async () => {
      const unsaved = recall(id);
      if (unsaved) {
        await store(unsaved);
        forget(id);
      }
      const row = /** @type {any} */ ((await storage.all("drafts")).get(id));
      return row?.card === card ? String(row.text) : "";
    },
    /** @param {string} text */
    write: (text) => {
      clearTimeout(timer);
      pending = { id, changed: Date.now(), card, text };
      timer = setTimeout(flush, PAUSE);
    },
    /** The answer is elsewhere now, or is not wanted. */
    drop: async () => {
      removeEventListener("pagehide", leave);
      clearTimeout(timer);
      pending = undefined;
      forget(id);
      await storage.update("drafts", id, () => undefined);
    },
  };
};

/** @param {string} id @param {Draft} row */
const remember = (id, row) => {
  try {
    localStorage.setItem(UNSAVED + id, JSON.stringify(row));
  } catch { /* denied or full: then the database is the only place */ }
};

/** @param {string} id @returns {Draft | undefined} */
const recall = (id) => {
  try {
    const row = JSON.parse(localStorage.getItem(UNSAVED + id) ?? "null");
    const whole = row?.id === id && typeof row.text === "string" && typeof row.card === "string" &&
      Number.isFinite(row.changed);
    return whole ? row : undefined;
  } catch { // denied, or no JSON
    return undefined;
  }
};

/** @param {string} id */
const forget = (id) => {
  try {
    localStorage.removeItem(UNSAVED + id);
  } catch { /* denied */ }
};
