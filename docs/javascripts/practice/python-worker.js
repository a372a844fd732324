// Python in a worker of its own: starts Pyodide once, then runs each attempt that it is
// sent. It never blocks the page, which ends it by `terminate()`.

/** @typedef {{ folder: string, tasks: string, megabytes: number }} Start */
/** @typedef {{ attempt: string, tests: string }} Texts */

const PAGE = 65_536; // bytes by which WebAssembly counts memory
/** @param {string} python its version, such as 3.14.2 */
const packageFolder = (python) => `/lib/python${python.split(".", 2).join(".")}/site-packages/paradigms/site/practice`;
const PROGRAMS = ["runner.py", "interpreter.py"];

/**
 * Let Python have no more memory than this: then it raises MemoryError, before the
 * browser ends the tab.
 * @param {number} megabytes
 */
const limitMemory = (megabytes) => {
  const grow = WebAssembly.Memory.prototype.grow;
  WebAssembly.Memory.prototype.grow = function (/** @type {number} */ pages) {
    if (this.buffer.byteLength + pages * PAGE > megabytes * 2 ** 20) throw new RangeError("memory limit");
    return grow.call(this, pages);
  };
};

/**
 * Pyodide waits for ever where its WebAssembly cannot be loaded, is not allowed or has the
 * wrong type: this fails then.
 * @returns {Promise<never>}
 */
const instantiationError = () => new Promise((_, reject) => {
  const instantiate = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (...parts) => {
    try {
      return await instantiate(...parts);
    } catch (error) {
      reject(error);
      throw error;
    }
  };
});

/** @param {URL | string} address */
const load = async (address) => {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
};

/** @param {Start} start */
const startPython = async ({ folder, tasks, megabytes }) => {
  limitMemory(megabytes);
  const [{ loadPyodide }, lock, ...programs] = await Promise.all([
    /** @type {Promise<typeof import("pyodide")>} */ (import(new URL("pyodide.mjs", folder).href)),
    load(new URL("pyodide-lock.json", folder)).then((response) => response.json()),
    ...PROGRAMS.map((name) => load(new URL(name, tasks)).then((response) => response.text())),
  ]);
  const silent = () => {}; // what bypasses sys.stdout, such as os.write
  const pyodide = await Promise.race([instantiationError(), loadPyodide({
    indexURL: folder,
    packageBaseUrl: folder,
    lockFileContents: { ...lock, packages: {} }, // the site has none: an import fails as elsewhere
    stdin: () => null,
    stdout: silent,
    stderr: silent,
  })]);
  const programFolder = packageFolder(lock.info.python);
  pyodide.FS.mkdirTree(programFolder);
  PROGRAMS.forEach((name, at) => pyodide.FS.writeFile(`${programFolder}/${name}`, programs[at]));
  return pyodide.pyimport("paradigms.site.practice.interpreter");
};

/** @type {{ run: (attempt: string, tests: string) => string }} */
let interpreter;

addEventListener("message", async ({ data }) => {
  const { start, run } = /** @type {{ start?: Start, run?: Texts }} */ (data);
  try {
    if (start) {
      interpreter = await startPython(start);
      postMessage({ ready: true });
    }
  } catch (error) {
    postMessage({ failed: String(error) });
  }
  if (!run) return;
  try {
    postMessage({ result: JSON.parse(interpreter.run(run.attempt, run.tests)) });
  } catch (error) { // Python itself has ended
    postMessage({ crashed: String(error) });
  }
});
