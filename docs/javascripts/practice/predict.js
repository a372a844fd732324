// A question that the reader answers before the result is shown.
import { button, element, status } from "./dom.js";

/**
 * The question, its options, and what any choice reveals.
 * @param {string} question
 * @param {string[]} options
 * @param {HTMLElement[]} revealed
 */
export function predict(question, options, revealed) {
  for (const part of revealed) part.hidden = true;
  const line = status();
  const buttons = options.map((option) => button(option, () => {
    line.textContent = `Your prediction: ${option}.`;
    for (const part of revealed) part.hidden = false;
    for (const other of buttons) other.ariaPressed = String(other.textContent === option);
  }));
  return element("div", {}, element("p", {}, question), element("div", "practice-row", ...buttons), line, ...revealed);
}
