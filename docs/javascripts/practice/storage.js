// What a reader has done, kept in this browser by IndexedDB. Every row has an `id` and
// `changed`, the time in milliseconds since 1970. A write that the browser refuses stays
// in memory and is tried again at the next one; what is damaged is set aside, not deleted.
import { openDB } from "../vendor/idb.js";

/** @typedef {"reviews" | "drafts" | "interviews" | "tasks" | "quiz"} Store */
/** @typedef {{ id: string, changed: number, [key: string]: unknown }} Row */
/** @typedef {import("../vendor/idb.js").IDBPDatabase<unknown>} Database */
/** @typedef {import("../vendor/idb.js").IDBPTransaction<unknown, string[], "readwrite">} Transaction */

/** The stores whose rows a reader exports and imports. @type {Store[]} */
export const STORES = ["reviews", "drafts", "interviews", "tasks", "quiz"];
/** Damaged rows, and parts of an import that only a newer version knows. */
const ASIDE = "aside";
const UNKNOWN = "unknown";

/**
 * The schema: the version is the number of upgrades. A new version adds an upgrade at the
 * end, which may read and rewrite rows, and changes none above it.
 * @type {((database: Database) => void)[]}
 */
const UPGRADES = [
  (database) => {
    for (const store of ["reviews", "drafts", "interviews", "tasks", UNKNOWN]) {
      database.createObjectStore(store, { keyPath: "id" });
    }
    database.createObjectStore(ASIDE, { autoIncrement: true });
  },
  (database) => { database.createObjectStore("quiz", { keyPath: "id" }); },
];

const LATEST = 8.64e15; // the last time that a date can have
/** @param {unknown} value @param {number} low @param {number} high */
const between = (value, low, high) => typeof value === "number" && value >= low && value <= high;

/**
 * What a row of each store must have besides its id and time; unknown keys are kept.
 * @type {Record<Store, (row: Record<string, unknown>) => boolean>}
 */
const COMPLETE = {
  reviews: (row) =>
    between(row.due, 1, LATEST) && between(row.stability, 1e-4, 1e6) &&
    between(row.difficulty, 1, 10) && [0, 1, 2, 3].includes(Number(row.state)) &&
    [row.step, row.reps, row.lapses].every((count) => Number.isInteger(count)) &&
    [1, 2, 3, 4].includes(Number(row.grade)),
  drafts: (row) => typeof row.text === "string",
  interviews: () => true,
  tasks: (row) =>
    typeof row.text === "string" && Number.isInteger(row.runs) && Number(row.runs) >= 0 &&
    (row.solved === undefined || between(row.solved, 1, LATEST)),
  quiz: (row) => typeof row.last === "boolean" && typeof row.card === "string" &&
    [row.right, row.answered].every(Number.isInteger) &&
    between(row.answered, 1, 1e9) && between(row.right, 0, Number(row.answered)),
};

/** @param {Row} before @param {Row} row */
const later = (before, row) => (before.changed >= row.changed ? before : row);

/** The later program; a task that either has solved stays solved. @param {Row} before @param {Row} row */
const laterProgram = (before, row) => {
  const program = later(before, row);
  const solved = program.solved ?? before.solved ?? row.solved;
  return solved === program.solved ? program : { ...program, solved };
};

/**
 * What an import makes of two rows with one id: `before` itself if nothing changes.
 * @type {Record<Store, (before: Row, row: Row) => Row>}
 */
const MERGE = { reviews: later, drafts: later, interviews: later, tasks: laterProgram, quiz: later };

/**
 * Whether a row can be used: nothing that was stored or imported is taken on trust.
 * @param {Store} store
 * @param {unknown} row
 * @returns {row is Row}
 */
export const valid = (store, row) => {
  if (typeof row !== "object" || row === null) return false;
  const { id, changed } = /** @type {Record<string, unknown>} */ (row);
  return typeof id === "string" && id.length > 0 && id.length <= 200 &&
    between(changed, 1, LATEST) && COMPLETE[store](/** @type {Row} */ (row));
};

export const PROBLEMS = {
  denied: "This browser stores nothing for this site: your progress lasts until you close the page.",
  full: "The browser's storage is full: new progress lasts until you close the page. Export it, or free some space.",
  failed: "The browser could not store the last change; it is kept until you close the page.",
  newer: "Your progress was stored by a newer version of this site: reload the page. Until then nothing is stored.",
  blocked: "Another tab has an older version of this site open: close it to continue.",
  damaged: "Some stored entries are damaged and were set aside; the start page offers them as a file.",
};

/**
 * A connection that opens itself when it is needed. Pages use `storage` below.
 * @param {string} [name]
 * @param {((database: Database) => void)[]} [upgrades]
 */
export const createStorage = (name = "model-paradigms", upgrades = UPGRADES) => {
  /** @type {Promise<Database | null> | undefined} */
  let opened;
  /** What could not be stored yet; undefined is a deletion. @type {Map<string, Row | undefined>} */
  const unsaved = new Map();
  /** @param {string} store @param {string} id */
  const key = (store, id) => `${store}/${id}`;
  const events = new EventTarget();
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(name) : undefined;
  channel?.addEventListener("message", () => events.dispatchEvent(new Event("change")));
  let problem = "";

  /** @param {keyof typeof PROBLEMS} kind */
  const tell = (kind) => {
    problem = PROBLEMS[kind];
    events.dispatchEvent(new Event("problem"));
  };

  const open = async () => {
    try {
      return await openDB(name, upgrades.length, {
        upgrade: (database, old) => upgrades.slice(old).forEach((upgrade) => upgrade(database)),
        blocked: () => tell("blocked"),
        blocking: (_, __, event) => { // a newer version waits: its tab goes first
          /** @type {IDBDatabase} */ (event.target).close();
          opened = undefined;
        },
        terminated: () => { opened = undefined; }, // such as data cleared by the reader
      });
    } catch (error) {
      tell(/** @type {Error} */ (error).name === "VersionError" ? "newer" : "denied");
      return null;
    }
  };

  /**
   * Work in one transaction; a connection that was lost is opened again, once.
   * @template T
   * @param {string[]} stores
   * @param {(transaction: Transaction) => Promise<T>} work
   * @returns {Promise<{ result: T } | null>} null where nothing can be stored
   */
  const transact = async (stores, work) => {
    for (let attempt = 0; ; attempt += 1) {
      const database = await (opened ??= open());
      if (!database) return null;
      try {
        const transaction = database.transaction(stores, "readwrite");
        const results = await Promise.all([work(transaction), transaction.done]);
        return { result: results[0] };
      } catch (error) {
        const { name: kind } = /** @type {Error} */ (error);
        if (attempt || kind === "QuotaExceededError") throw error;
        database.close();
        opened = undefined;
      }
    }
  };

  /** As `transact`, for what may fail: the reader is told. @type {typeof transact} */
  const attempt = async (stores, work) => {
    try {
      return await transact(stores, work);
    } catch (error) {
      tell(/** @type {Error} */ (error).name === "QuotaExceededError" ? "full" : "failed");
      return null;
    }
  };

  /** Write what earlier writes left. @param {Transaction} transaction @param {string} store */
  const catchUp = async (transaction, store) => {
    for (const [place, row] of unsaved) {
      const [owner, id] = [place.slice(0, place.indexOf("/")), place.slice(place.indexOf("/") + 1)];
      if (owner !== store) continue;
      if (row) await transaction.objectStore(store).put(row);
      else await transaction.objectStore(store).delete(id);
    }
  };
  /** @param {string} store */
  const caughtUp = (store) => {
    for (const place of unsaved.keys()) if (place.startsWith(`${store}/`)) unsaved.delete(place);
  };
  const changed = () => channel?.postMessage("");
  /** Keep a damaged row, which is offered as a file. @param {Transaction} transaction @param {Store} store @param {unknown} row */
  const setAside = (transaction, store, row) =>
    transaction.objectStore(ASIDE).add({ store, row, changed: Date.now() });

  /**
   * Every row of a store by its id. Damaged rows are set aside.
   * @param {Store} store
   * @returns {Promise<Map<string, Row>>}
   */
  const all = async (store) => {
    const read = await attempt([store], (transaction) => transaction.objectStore(store).getAll());
    const damaged = (read?.result ?? []).filter((row) => !valid(store, row));
    if (damaged.length && await attempt([store, ASIDE], async (transaction) => {
      for (const row of damaged) {
        await setAside(transaction, store, row);
        await transaction.objectStore(store).delete(row.id);
      }
    })) tell("damaged");
    const rows = new Map((read?.result ?? []).filter((row) => valid(store, row)).map((row) => [row.id, row]));
    for (const [place, row] of unsaved) {
      if (!place.startsWith(`${store}/`)) continue;
      if (row) rows.set(row.id, row);
      else rows.delete(place.slice(store.length + 1));
    }
    return rows;
  };

  /**
   * Change a row: `change` gets the newest one, also if another tab wrote it, and returns
   * what takes its place, undefined to delete it. It may be called more than once.
   * @template {Row} T
   * @param {Store} store
   * @param {string} id
   * @param {(before: T | undefined) => T | undefined} change
   * @returns {Promise<T | undefined>}
   */
  const update = async (store, id, change) => {
    /** @type {T | undefined} */
    let before;
    const written = await attempt([store, ASIDE], async (transaction) => {
      await catchUp(transaction, store);
      const row = await transaction.objectStore(store).get(id);
      if (row && !valid(store, row)) await setAside(transaction, store, row);
      before = valid(store, row) ? /** @type {any} */ (row) : undefined;
      const after = change(before);
      if (after) await transaction.objectStore(store).put(after);
      else await transaction.objectStore(store).delete(id);
      return after;
    });
    if (written) {
      caughtUp(store);
      changed();
      return written.result;
    }
    const place = key(store, id);
    const after = change(unsaved.has(place) ? /** @type {any} */ (unsaved.get(place)) : before);
    unsaved.set(place, after);
    return after;
  };

  /**
   * Take in rows of an export by the rule of their store in MERGE. All or nothing.
   * @param {Partial<Record<Store, Row[]>>} rows
   * @param {Record<string, unknown>} unknown parts of the file that this version cannot read
   * @returns {Promise<number | null>} how many rows are new or later; null if it failed
   */
  const merge = async (rows, unknown) => {
    const written = await attempt([...STORES, UNKNOWN, ASIDE], async (transaction) => {
      let count = 0;
      for (const store of STORES) {
        await catchUp(transaction, store);
        for (const row of rows[store] ?? []) {
          const before = await transaction.objectStore(store).get(row.id);
          if (before && !valid(store, before)) await setAside(transaction, store, before);
          const after = valid(store, before) ? MERGE[store](before, row) : row;
          if (after === before) continue;
          await transaction.objectStore(store).put(after);
          count += 1;
        }
      }
      for (const [id, value] of Object.entries(unknown)) {
        await transaction.objectStore(UNKNOWN).put({ id, value });
      }
      return count;
    });
    if (!written) return null;
    STORES.forEach(caughtUp);
    changed();
    return written.result;
  };

  /** Damaged rows, and parts of imports that this version cannot read. */
  const leftovers = async () => {
    const read = await attempt([ASIDE, UNKNOWN], async (transaction) => ({
      damaged: await transaction.objectStore(ASIDE).getAll(),
      unknown: await transaction.objectStore(UNKNOWN).getAll(),
    }));
    return read?.result ?? { damaged: [], unknown: [] };
  };

  /** Delete everything. @returns {Promise<boolean>} whether it is deleted */
  const clear = async () => {
    const stores = [...STORES, ASIDE, UNKNOWN];
    const written = await attempt(stores, async (transaction) => {
      for (const store of stores) await transaction.objectStore(store).clear();
    });
    unsaved.clear();
    changed();
    return written !== null;
  };

  return {
    all, update, merge, leftovers, clear,
    /** What the reader must know, in one line; empty if all is well. */
    problem: () => problem,
    /**
     * Call `listener` at a `problem`, or at a `change` in another tab.
     * @param {"problem" | "change"} event
     * @param {() => void} listener
     */
    on: (event, listener) => events.addEventListener(event, listener),
  };
};

/** @typedef {ReturnType<typeof createStorage>} Storage */

export const storage = createStorage();
