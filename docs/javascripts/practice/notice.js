// The one line that tells a reader what is wrong with the storage.
import { status } from "./dom.js";
import { storage } from "./storage.js";

/** The line with what the storage has to say, kept up to date. */
export const problems = () => {
  const line = status(storage.problem());
  storage.on("problem", () => { line.textContent = storage.problem(); });
  return line;
};
