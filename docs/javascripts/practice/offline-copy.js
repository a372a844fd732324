// The copy of the site in the caches of this browser: what is stored, storing, removing.
// A version of the site has a cache; MARKS says which is the copy (`copy`), what a reader
// is storing (`wanted`), and whether the network has a newer site (`newer`). The service
// worker reads them.
import { ROOT } from "./dom.js";

/** @typedef {[path: string, bytes: number, hash: string]} File */
/** @typedef {{ version: string, bytes: Record<string, number> }} Summary by part: `site`, `python` */
/** @typedef {{ version: string, parts: Record<string, File[]> }} List */
/** @typedef {{ version: string, python: boolean }} Wanted */
/** @typedef {{ stored: number, total: number }} Share bytes */

const MARKS = `offline ${ROOT.href}`;
/** @param {string} version */
const nameOf = (version) => `${MARKS} ${version}`;
const SUMMARY = new URL("offline.json", ROOT).href;
const LIST = new URL("offline-files.json", ROOT).href;
const AT_ONCE = 6;
/** Asks the site, neither the browser's cache nor, by the header, the service worker. @type {RequestInit} */
const FROM_SITE = { cache: "no-cache", headers: { "Offline-Copy": "fill" } };

/** A download that stopped; the message is for the reader. */
export class Stopped extends Error {}

/** Whether this browser can keep a copy: it needs HTTPS, or the reader's own machine. */
export const supported = () => "serviceWorker" in navigator && "caches" in globalThis;

/** @param {string} key @returns {Promise<string>} "" if it is not there */
const mark = async (key) => (await (await (await caches.open(MARKS)).match(key))?.text()) ?? "";

/** @param {string} key @param {string | undefined} text undefined removes it */
const setMark = async (key, text) => {
  const marks = await caches.open(MARKS);
  if (text === undefined) await marks.delete(key);
  else await marks.put(key, new Response(text));
};

/** What the site has now. @returns {Promise<Summary | null>} null without a network */
export const latest = async () => {
  try {
    const answer = await fetch(SUMMARY, FROM_SITE);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
};

/** @param {string} name @returns {Promise<List | undefined>} the list that a cache is filled by */
const listOf = async (name) => {
  const stored = await (await caches.open(name)).match(LIST);
  try {
    return await stored?.json();
  } catch { // another tab deletes the cache while this one reads
    return undefined;
  }
};

/** @param {List} list @param {boolean} python @returns {File[]} */
const filesOf = ({ parts }, python) => [...parts.site, ...(python ? parts.python : [])];

/** @param {File[]} files */
const bytesOf = (files) => files.reduce((sum, [, bytes]) => sum + bytes, 0);

/** How much of some files a cache has. @param {string} name @param {File[]} files */
const share = async (name, files) => {
  const keys = new Set((await (await caches.open(name)).keys()).map(({ url }) => url));
  const stored = files.filter(([path]) => keys.has(new URL(path, ROOT).href));
  return { stored: bytesOf(stored), total: bytesOf(files) };
};

/**
 * What this browser has: the version of the copy and its share of Python; a download that
 * is not finished, and how far it is.
 */
export const state = async () => {
  const name = await mark("copy");
  const list = name && await caches.has(name) ? await listOf(name) : undefined;
  const python = list ? await share(name, list.parts.python) : { stored: 0, total: 0 };
  /** @type {Wanted | null} */
  const wanted = JSON.parse((await mark("wanted")) || "null");
  const target = wanted && nameOf(wanted.version);
  const targetList = target && await caches.has(target) ? await listOf(target) : undefined;
  return {
    version: list?.version ?? "",
    bytes: list ? bytesOf(list.parts.site) + python.stored : 0,
    python: python.total > 0 && python.stored === python.total,
    wanted,
    progress: target && targetList ? await share(target, filesOf(targetList, wanted.python)) : undefined,
  };
};

/** @param {Response} response */
const sha256 = async (response) => {
  const digest = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** The same file in a cache of another version. @param {string} target */
const storedBefore = async (target) => {
  /** @type {Map<string, [name: string, url: string]>} by hash */
  const places = new Map();
  for (const name of await caches.keys()) {
    if (!name.startsWith(`${MARKS} `) || name === target) continue;
    const list = await listOf(name);
    for (const [path, , hash] of list ? filesOf(list, true) : []) places.set(hash, [name, new URL(path, ROOT).href]);
  }
  /** @param {string} hash */
  return async (hash) => {
    const [name, url] = places.get(hash) ?? [];
    return name && url ? (await caches.open(name)).match(url) : undefined;
  };
};

/** @param {AbortSignal} signal @returns {Promise<List>} */
const fetchedList = async (signal) => {
  const response = await fetch(LIST, { ...FROM_SITE, signal });
  if (response.ok) return response.json();
  throw new Stopped(`The server answers with error ${response.status}: try again later.`);
};

/** @param {File} file @param {AbortSignal} signal */
const fetched = async ([path, , hash], signal) => {
  const response = await fetch(new URL(path, ROOT), { ...FROM_SITE, signal });
  if (response.ok && await sha256(response.clone()) === hash) return response;
  throw new Stopped(response.ok || response.status === 404
    ? "The site is being updated: reload the page, then continue."
    : `The server answers with error ${response.status}: try again later.`);
};

/** @param {unknown} error @param {AbortSignal} signal */
const reason = (error, signal) => {
  if (error instanceof Stopped) return error.message;
  if (signal.aborted) return "Stopped.";
  if (/** @type {Error} */ (error).name === "QuotaExceededError") return "The browser's storage is full: free some space, then continue.";
  return "The connection was lost: continue when you are online.";
};

/**
 * Store the files of the site that are not stored yet. What other versions have of them is
 * copied. Errors: Stopped; what was stored by then stays.
 * @param {boolean} python
 * @param {(share: Share) => void} report
 * @param {AbortSignal} signal
 */
export const store = async (python, report, signal) => {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  try {
    const list = await fetchedList(either);
    const target = nameOf(list.version);
    const files = filesOf(list, python);
    await setMark("wanted", JSON.stringify({ version: list.version, python }));
    const cache = await caches.open(target);
    await cache.put(LIST, new Response(JSON.stringify(list)));
    const keys = new Set((await cache.keys()).map(({ url }) => url));
    const missing = files.filter(([path]) => !keys.has(new URL(path, ROOT).href));
    const before = await storedBefore(target);
    const total = bytesOf(files);
    let stored = total - bytesOf(missing);
    const work = async () => {
      for (let file = missing.shift(); file; file = missing.shift()) {
        either.throwIfAborted();
        await cache.put(new URL(file[0], ROOT), (await before(file[2])) ?? (await fetched(file, either)));
        report({ stored: stored += file[1], total });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } catch (error) {
    failed.abort(); // the other downloads, which would go on
    throw new Stopped(reason(error, signal));
  }
};

/** Addresses of the site's pages that are open in any tab. @returns {Promise<string[]>} */
const openPages = async () => {
  const registration = await navigator.serviceWorker.getRegistration(ROOT.href);
  if (!registration?.active) return [];
  const { port1, port2 } = new MessageChannel();
  registration.active.postMessage("pages", [port2]);
  return new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
};

/**
 * Make a complete download the copy, and delete the one before. A mock interview that is
 * open keeps the files it began with. Errors: Stopped, without a service worker or if
 * another tab has removed the download.
 * @returns {Promise<boolean>} false while a mock interview is open
 */
export const use = async () => {
  /** @type {Wanted | null} */
  const wanted = JSON.parse((await mark("wanted")) || "null");
  if (!wanted) throw new Stopped("The copy was removed while it was stored.");
  const { version } = wanted;
  const interview = new URL("practice/interview/", ROOT).href;
  if ((await openPages()).some((url) => url.startsWith(interview))) return false;
  try {
    await navigator.serviceWorker.register(new URL("service-worker.js", ROOT));
  } catch {
    throw new Stopped("This browser refuses the service worker that answers offline.");
  }
  await setMark("copy", nameOf(version));
  await setMark("newer", undefined);
  await setMark("wanted", undefined);
  for (const name of await caches.keys()) {
    if (name.startsWith(`${MARKS} `) && name !== nameOf(version)) await caches.delete(name);
  }
  return true;
};

/** Delete the copy, a download that is not finished, and the service worker. */
export const remove = async () => {
  for (const name of await caches.keys()) {
    if (name === MARKS || name.startsWith(`${MARKS} `)) await caches.delete(name);
  }
  await (await navigator.serviceWorker.getRegistration(ROOT.href))?.unregister();
};
