// A reader's progress as a file: export, import that merges, reset.
import { UNSAVED } from "./draft.js";
import { quantity } from "./numbers.js";
import { STORES, valid } from "./storage.js";

/** @typedef {import("./storage.js").Storage} Storage */
/** @typedef {import("./storage.js").Row} Row */

const FORMAT = "model-paradigms progress";
const VERSION = 1; // a newer file is read as far as it is known, the rest is kept
const LARGEST = 50_000_000; // bytes
const HEAD = ["format", "version", "exported", "marks"];
/** What navigation.js and plans.js keep: pages that were opened, items that are done. */
export const VISITED = "model-paradigms.visited.";
const MARKS = [VISITED, "model-paradigms.done."];

/** @param {string[]} [prefixes] */
export const marks = (prefixes = MARKS) => {
  try {
    return Object.keys(localStorage).filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
  } catch { // denied
    return [];
  }
};

/**
 * Everything as the text of a file.
 * @param {Storage} storage
 */
export const exportText = async (storage) => {
  const { unknown } = await storage.leftovers();
  /** @type {Record<string, unknown>} */
  const file = Object.fromEntries(unknown.map(({ id, value }) => [id, value]));
  Object.assign(file, { format: FORMAT, version: VERSION, exported: Date.now(), marks: marks() });
  for (const store of STORES) file[store] = [...(await storage.all(store)).values()];
  return `${JSON.stringify(file, null, 1)}\n`;
};

/**
 * Take in a file, or say why not. Returns one line for the reader.
 * @param {Storage} storage
 * @param {Blob} chosen
 */
export const importFile = async (storage, chosen) => {
  const other = "Nothing was imported: this file is not an export of this site.";
  if (chosen.size > LARGEST) return "Nothing was imported: the file is larger than 50 MB.";
  /** @type {Record<string, unknown>} */
  let file;
  try {
    file = JSON.parse(await chosen.text());
  } catch {
    return other;
  }
  if (file?.format !== FORMAT || typeof file.version !== "number") return other;
  /** @type {Record<string, Row[]>} */
  const rows = {};
  let damaged = 0;
  for (const store of STORES) {
    const list = Array.isArray(file[store]) ? file[store] : [];
    rows[store] = list.filter((row) => valid(store, row));
    damaged += list.length - rows[store].length;
  }
  const readable = [...HEAD, ...STORES];
  const unknown = Object.fromEntries(Object.entries(file).filter(([key]) => !readable.includes(/** @type {any} */ (key))));
  const count = await storage.merge(rows, unknown);
  if (count === null) return `Nothing was imported. ${storage.problem()}`;
  mark(file.marks);
  const parts = [`Imported: ${quantity(count, "entry")}, new or newer than those here.`];
  if (damaged) parts.push(`Not readable in the file, and left out: ${quantity(damaged, "entry")}.`);
  if (file.version > VERSION) parts.push("The file is from a newer version of this site; what this version does not know is kept.");
  return parts.join(" ");
};

/** @param {unknown} keys */
const mark = (keys) => {
  if (!Array.isArray(keys)) return;
  try {
    for (const key of keys) {
      if (typeof key === "string" && key.length < 200 && MARKS.some((prefix) => key.startsWith(prefix))) {
        localStorage.setItem(key, "1");
      }
    }
  } catch { /* denied or full: marks are only a help */ }
};

/**
 * Delete everything, the marks too.
 * @param {Storage} storage
 */
export const reset = async (storage) => {
  const done = await storage.clear();
  if (done) marks([...MARKS, UNSAVED]).forEach((key) => localStorage.removeItem(key));
  return done ? "Your progress is deleted." : `Nothing was deleted. ${storage.problem()}`;
};
