// Runs attempts in Python, in a worker that is started at the first one. An attempt that
// takes too long, or that its reader stops, ends with its worker.
import { ROOT } from "./dom.js";

/**
 * What the build says of Python: where its files are, their bytes, and the limits of an attempt.
 * @typedef {{ folder: string, bytes: number, seconds: number, megabytes: number }} PythonFiles
 */
/**
 * What runner.py gives.
 * @typedef {{ status: "passed" | "failed" | "error", test: string, case: string,
 *   expected: string, got: string, message: string, traceback: string[], passed: number,
 *   tests: number, output: string, cut: boolean, clean: boolean }} Result
 */
/** A result, or in one line why there is none. @typedef {{ result: Result } | { stopped: string }} Outcome */

/** Where the site has the files of the tasks. */
export const TASKS = new URL("practice/whiteboard/tasks/", ROOT);

/** @param {PythonFiles} files */
export const createPython = ({ folder, seconds, megabytes }) => {
  const events = new EventTarget();
  /** @type {Worker | undefined} */
  let worker;
  let ready = false;
  let loaded = false; // at least once: the browser has the files
  /** @type {((outcome: Outcome) => void) | undefined} */
  let answer;
  /** @type {number | undefined} */
  let clock;

  /** @param {Outcome} outcome @param {boolean} keep whether the worker can run another attempt */
  const end = (outcome, keep) => {
    clearTimeout(clock);
    if (!keep) {
      worker?.terminate();
      worker = undefined;
      ready = false;
    }
    answer?.(outcome);
    answer = undefined;
  };

  /** @type {Record<string, (value: any) => void>} */
  const replies = {
    ready: () => {
      ready = loaded = true;
      events.dispatchEvent(new Event("loaded"));
    },
    result: (result) => end({ result }, result.clean),
    failed: (reason) => {
      console.error(reason);
      end({ stopped: "Python could not be loaded; try again when you are online." }, false);
    },
    crashed: (reason) => {
      const [, code] = /exit\((\d+)\)/.exec(reason) ?? [];
      end({
        stopped: code ? `The program ended Python itself (exit code ${code}).`
          : "The program ended Python itself: look for recursion without end, " +
            `or for more than ${megabytes} MB of memory.`,
      }, false);
    },
  };

  const start = () => {
    const fresh = new Worker(new URL("python-worker.js", import.meta.url), { type: "module" });
    fresh.addEventListener("message", ({ data }) => {
      if (fresh !== worker) return; // ended in the meantime
      for (const [kind, value] of Object.entries(data)) replies[kind](value);
    });
    fresh.addEventListener("error", (event) => fresh === worker && replies.failed(event.message));
    fresh.postMessage({ start: { folder: new URL(`${folder}/`, ROOT).href, tasks: TASKS.href, megabytes } });
    return fresh;
  };

  /** @param {string} reason in one line, for the reader */
  const stop = (reason) => answer && end({ stopped: reason }, false);

  /**
   * Run an attempt; one that is running ends. The clock starts when Python is ready.
   * @param {string} attempt
   * @param {string} tests
   * @param {() => void} running called when the tests start
   * @returns {Promise<Outcome>}
   */
  const run = (attempt, tests, running) => {
    stop("Stopped: the tests of another program were started.");
    const begin = () => {
      running();
      worker?.postMessage({ run: { attempt, tests } });
      clock = setTimeout(() => stop(
        `Stopped after ${seconds} seconds: look for a loop that does not end.`), 1000 * seconds);
    };
    return new Promise((resolve) => {
      const own = answer = resolve;
      worker ??= start();
      if (ready) begin();
      else events.addEventListener("loaded", () => own === answer && begin(), { once: true });
    });
  };

  addEventListener("pagehide", () => end({ stopped: "Stopped: you left the page." }, false));

  return {
    run, stop,
    loaded: () => loaded,
    /** @param {() => void} listener called when Python has been loaded */
    onLoaded: (listener) => events.addEventListener("loaded", listener),
  };
};

/** @typedef {ReturnType<typeof createPython>} Python */
