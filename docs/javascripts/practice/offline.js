// The button that keeps the site offline, and what it says of the copy.
import { button, element, status } from "./dom.js";
import { megabytes } from "./numbers.js";
import { latest, remove, state, Stopped, store, supported, use } from "./offline-copy.js";

/** @typedef {import("./offline-copy.js").Summary} Summary */
/** @typedef {Awaited<ReturnType<typeof state>>} State */

/** @param {HTMLElement} place */
export const mount = async (place) => {
  const line = status();
  const box = element("input", { type: "checkbox" });
  const choice = element("label", "practice-tick", box, element("span"));
  choice.hidden = true; // it has no words before the state of the copy is known
  const row = element("div", "practice-row");
  place.replaceChildren(line, choice, row);
  if (!supported()) {
    line.textContent = "This browser keeps no offline copy here: it needs an address with https.";
    return;
  }

  /** Other buttons; the keyboard stays where it is. @param {Node[]} nodes */
  const offer = (nodes) => {
    const focused = place.contains(document.activeElement);
    row.replaceChildren(...nodes);
    if (focused) row.querySelector("button")?.focus();
  };

  /** @param {boolean} python */
  const download = async (python) => {
    const stop = new AbortController();
    const bar = element("progress", { max: 1, value: 0, ariaLabel: "Download" });
    const share = element("span"); // not in the line, which would be read out at each file
    choice.hidden = true;
    line.textContent = "Storing the site …";
    offer([button("Stop", () => stop.abort()), bar, share]);
    try {
      navigator.storage?.persist?.().catch(() => {}); // a wish: browsers may delete what is old
      await store(python, ({ stored, total }) => {
        bar.value = stored / total;
        share.textContent = `${megabytes(stored)} of ${megabytes(total)}`;
      }, stop.signal);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      return show(error.message);
    }
    await finish();
  };

  const finish = async () => {
    const before = (await state()).version;
    try {
      if (!(await use())) return show("A mock interview is open: end it and close its page first.");
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      return show(error.message);
    }
    const { version } = await state();
    if (before && before !== version) location.reload(); // this page and its files are the old ones
    else await show();
  };

  /** @param {string} [problem] */
  const show = async (problem = "") => {
    const [here, site] = await Promise.all([state(), latest()]);
    const { text, buttons, python } = view(here, site);
    line.textContent = `${problem} ${text}`.trim();
    choice.hidden = python === 0;
    choice.lastElementChild?.replaceChildren(`with Python for the whiteboard, ${megabytes(python)} more`);
    offer(buttons);
  };

  const removal = () => button("Remove the offline copy", async () => {
    await remove();
    await show("The offline copy is removed.");
  });

  /**
   * What is said and offered; `python` are the bytes that a box offers besides.
   * @param {State} here @param {Summary | null} site
   */
  const view = (here, site) => {
    if (here.progress) return unfinished(here, here.progress, site);
    if (!site) {
      return here.version
        ? { text: `You are offline; this copy has ${megabytes(here.bytes)}.`, buttons: [removal()], python: 0 }
        : { text: "You are offline: the site can be stored when you are online.", buttons: [], python: 0 };
    }
    const { site: total, python } = site.bytes;
    if (!here.version) {
      return {
        text: "", python,
        buttons: [button(`Keep this site offline (${megabytes(total)})`, () => download(box.checked))],
      };
    }
    if (here.version !== site.version) {
      return {
        text: `A newer version of the site is there; this copy has ${megabytes(here.bytes)}.`, python: 0,
        buttons: [button(`Update the offline copy (at most ${megabytes(total)})`, () => download(here.python)), removal()],
      };
    }
    return {
      text: `The site is kept offline (${megabytes(here.bytes)}).`, python: 0,
      buttons: [...(python && !here.python
        ? [button(`Add Python for the whiteboard (${megabytes(python)})`, () => download(true))] : []), removal()],
    };
  };

  /** @param {State} here @param {{ stored: number, total: number }} progress @param {Summary | null} site */
  const unfinished = ({ wanted, version }, { stored, total }, site) => {
    if (stored === total) {
      return { text: "A new version of the site is stored.", buttons: [button("Use it", finish), removal()], python: 0 };
    }
    const rest = site ? [button("Continue", () => download(wanted?.python ?? false))] : [];
    const before = version ? " The copy before it still works." : "";
    return {
      text: `The download is not finished: ${megabytes(stored)} of ${megabytes(total)} are stored.${before}`,
      buttons: [...rest, removal()], python: 0,
    };
  };

  try {
    await show();
  } catch {
    line.textContent = "This browser stores nothing for this site, so it keeps no offline copy.";
  }
};
