// A text field for Python. Tab leaves it, as everywhere on a page; Enter keeps the
// indentation, Backspace takes a step of it back, and the browser's undo undoes all that.
import { element } from "./dom.js";

const STEP = 4;

/**
 * Replace a part of the text like typing does, so that the browser can undo it.
 * @param {HTMLTextAreaElement} field
 * @param {number} from
 * @param {number} to
 * @param {string} text
 */
const replace = (field, from, to, text) => {
  field.focus();
  field.setSelectionRange(from, to);
  if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input"));
};

/** @param {string} line */
const indentation = (line) => line.length - line.trimStart().length;

/** @param {HTMLTextAreaElement} field */
const newLine = (field) => {
  const { value, selectionStart: from, selectionEnd: to } = field;
  const line = value.slice(value.lastIndexOf("\n", from - 1) + 1, from);
  const opens = /:\s*(#.*)?$/.test(line) && !/^\s*#/.test(line);
  replace(field, from, to, `\n${" ".repeat(indentation(line) + (opens ? STEP : 0))}`);
};

/** @param {HTMLTextAreaElement} field @returns {boolean} whether there was a step to delete */
const stepBack = (field) => {
  const { value, selectionStart: from, selectionEnd: to } = field;
  const line = value.slice(value.lastIndexOf("\n", from - 1) + 1, from);
  if (from !== to || !/^ +$/.test(line)) return false;
  replace(field, from - ((line.length - 1) % STEP) - 1, from, "");
  return true;
};

/**
 * Move the lines of the selection by a step.
 * @param {HTMLTextAreaElement} field
 * @param {boolean} inwards
 */
const shift = (field, inwards) => {
  const { value, selectionStart, selectionEnd } = field;
  const from = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const next = value.indexOf("\n", Math.max(selectionEnd - Number(selectionEnd > selectionStart), from));
  const to = next < 0 ? value.length : next;
  const before = value.slice(from, to);
  const after = before.split("\n").map((line) => {
    if (!inwards) return line.slice(Math.min(STEP, indentation(line)));
    return line && " ".repeat(STEP) + line;
  }).join("\n");
  if (after === before) return;
  const several = before.includes("\n");
  replace(field, from, to, after);
  const caret = Math.max(from, selectionStart + after.length - before.length);
  field.setSelectionRange(several ? from : caret, several ? from + after.length : caret);
};

/**
 * @param {string} label
 * @param {string} text
 * @param {() => void} submit called at Ctrl+Enter
 */
export const createEditor = (label, text, submit) => {
  const field = element("textarea", {
    className: "practice-editor", ariaLabel: label, value: text, spellcheck: false,
    autocapitalize: "off", autocomplete: "off", rows: Math.min(30, text.split("\n").length + 2),
  });
  field.setAttribute("autocorrect", "off");
  field.addEventListener("keydown", (event) => {
    const { key, isComposing, shiftKey, altKey } = event;
    const command = event.ctrlKey || event.metaKey;
    if (isComposing || shiftKey || altKey) return;
    if (key === "Enter" && command) submit();
    else if (key === "Enter") newLine(field);
    else if (event.ctrlKey && (key === "]" || key === "[")) shift(field, key === "]");
    else if (key !== "Backspace" || command || !stepBack(field)) return;
    event.preventDefault();
  });

  /** A button that changes the text: a touch of it leaves the keyboard of a phone open. */
  const mover = (/** @type {string} */ name, /** @type {boolean} */ inwards) => {
    const node = element("button", { type: "button", className: "practice-button" }, name);
    node.addEventListener("pointerdown", (event) => event.preventDefault());
    node.addEventListener("click", () => {
      const focused = document.activeElement;
      shift(field, inwards);
      if (focused === node) node.focus();
    });
    return node;
  };
  return {
    field,
    movers: [mover("Indent", true), mover("Outdent", false)],
    /** @param {string} other the text that takes the place of all */
    fill: (other) => replace(field, 0, field.value.length, other),
  };
};
