// Times are milliseconds since 1970, as numbers.
import { quantity } from "./numbers.js";

export const DAY = 86_400_000;

/**
 * A span of time in a word or two: `10 min`, `3 days`, `2.5 months`.
 * @param {number} span in milliseconds
 */
export const readable = (span) => {
  const days = span / DAY;
  if (days < 1 / 24) return `${Math.max(1, Math.round(span / 60_000))} min`;
  if (days < 1) return quantity(Math.round(days * 24), "hour");
  if (days < 45) return quantity(Math.round(days), "day");
  if (days < 548) return quantity(Math.round(days / 30.4), "month");
  return quantity(Math.round(days / 36.525) / 10, "year");
};

/**
 * The end of the reader's day: what is due before it is due today.
 * @param {number} [now]
 */
export const endOfDay = (now = Date.now()) => new Date(now).setHours(24, 0, 0, 0);
