// A slider with its value beside it.
import { element } from "./dom.js";

/**
 * @param {string} label
 * @param {{min: number, max: number, step: number, value: number}} range
 * @param {() => void} changed
 */
export function slider(label, { min, max, step, value }, changed) {
  const output = element("output", {}, String(value));
  const input = element("input", { type: "range", min: String(min), max: String(max), step: String(step), value: String(value) });
  input.addEventListener("input", () => {
    output.textContent = input.value;
    changed();
  });
  return {
    label: element("label", "practice-choice", `${label} `, input, " ", output),
    value: () => Number(input.value),
  };
}
