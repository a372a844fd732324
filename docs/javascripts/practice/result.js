// What a run of the tests gave, as the terminal says it. All of it is put into the page as text.
import { element } from "./dom.js";

/** @typedef {import("./python.js").Outcome} Outcome */
/** A typical wrong program: what it gets, and what is wrong with it. @typedef {{ message: string, mistake: string }} Mistake */

/**
 * An outcome in one line.
 * @param {Outcome} outcome
 */
export const summary = (outcome) => {
  if ("stopped" in outcome) return outcome.stopped;
  const { status, passed, tests, test, message } = outcome.result;
  if (status === "passed") return `All ${tests} tests passed.`;
  if (status === "error") return `The tests could not run: ${message}`;
  return `${passed} of ${tests} tests passed; not: ${test.replace(/^test_/, "").replaceAll("_", " ")}.`;
};

/**
 * What belongs below that line.
 * @param {Outcome} outcome
 * @param {Mistake[]} mistakes
 * @returns {HTMLElement[]}
 */
export const resultParts = (outcome, mistakes) => {
  if ("stopped" in outcome) return [];
  const { result } = outcome;
  const parts = [];
  if (result.case) {
    parts.push(
      element("p", {}, element("code", {}, result.case)),
      element("dl", {},
        element("dt", {}, "expected"), element("dd", {}, element("code", {}, result.expected)),
        element("dt", {}, "got"), element("dd", {}, element("code", {}, result.got))));
  } else if (result.status === "failed") {
    parts.push(element("p", {}, result.message));
  }
  if (result.traceback.length) parts.push(element("pre", {}, result.traceback.join("\n")));
  const typical = mistakes.find(({ message }) => message === result.message);
  if (typical) parts.push(element("p", {}, `A typical mistake with this result: ${typical.mistake}`));
  if (result.output) {
    const cut = result.cut ? `, cut after ${result.output.length.toLocaleString("en")} characters` : "";
    parts.push(element("p", {}, `Your program printed${cut}:`), element("pre", "task-output", result.output));
  }
  return parts;
};
