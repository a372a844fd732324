// Tables of words and numbers, and the grid of an attention mask.
import { element } from "./dom.js";

/** @typedef {string | Node} Content */

/**
 * A row for each of `rows`, below the names of the columns; a cell that is one stays.
 * @param {string[]} columns
 * @param {Content[][]} rows
 */
export const table = (columns, rows) =>
  element("table", {},
    element("thead", {}, element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell) =>
      cell instanceof HTMLTableCellElement ? cell : element("td", {}, cell))))));

/**
 * A box in which a wide table scrolls, by keyboard too.
 * @param {string} label
 * @param {HTMLTableElement} wide
 */
export const scrolling = (label, wide) =>
  element("div", { className: "practice-scroll", tabIndex: 0, role: "region", ariaLabel: label }, wide);

/**
 * A mask as a table: rows are queries, columns keys.
 * @param {string} label
 * @param {boolean[][]} mask
 */
export const maskTable = (label, mask) =>
  squareTable(label, mask.map((row) => row.map((sees) => element("td", sees ? "practice-sees" : "", sees ? "●" : "·"))));

/**
 * Any square of cells between a query and a key, with their numbers at the sides.
 * @param {string} label
 * @param {HTMLTableCellElement[][]} cells
 */
export const squareTable = (label, cells) =>
  element("table", { className: "practice-grid", tabIndex: 0, ariaLabel: label },
    element("thead", {}, element("tr", {}, element("th", {}, "q \\ k"), ...cells.map((_, k) => element("th", { scope: "col" }, `${k + 1}`)))),
    element("tbody", {}, ...cells.map((row, q) => element("tr", {}, element("th", { scope: "row" }, `${q + 1}`), ...row))));
