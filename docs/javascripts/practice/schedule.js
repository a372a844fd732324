// When a question comes back: FSRS-6 with its default weights, a retention of 0.9 and no
// random days. Times are milliseconds since 1970, as numbers.
import { createEmptyCard, fsrs } from "../vendor/ts-fsrs.js";
import { DAY } from "./time.js";

/**
 * What is kept of a question. `changed` is the time of the last review.
 * @typedef {object} Review
 * @property {string} id of the question
 * @property {number} changed
 * @property {number} due
 * @property {number} stability in days
 * @property {number} difficulty 1 to 10
 * @property {0 | 1 | 2 | 3} state new, learning, in review, learning again
 * @property {number} step of learning
 * @property {number} reps
 * @property {number} lapses
 * @property {Grade} grade the last one
 */

/** @typedef {1 | 2 | 3 | 4} Grade again, hard, good, easy */

/** @type {readonly ["Again", "Hard", "Good", "Easy"]} */
export const GRADES = ["Again", "Hard", "Good", "Easy"];
const scheduler = fsrs({ request_retention: 0.9, enable_fuzz: false });

/**
 * The card as the library wants it. The library counts changes of the date in UTC, which
 * fall into the afternoon of some readers; we count periods of 24 hours, as the reference
 * implementation does, so the last review is moved to the same time of day.
 * @param {Review | undefined} review
 * @param {number} now
 */
const card = (review, now) => {
  if (!review) return createEmptyCard(new Date(now));
  const days = Math.max(0, Math.floor((now - review.changed) / DAY));
  return {
    due: new Date(review.due),
    stability: review.stability,
    difficulty: review.difficulty,
    elapsed_days: 0,
    scheduled_days: 0,
    learning_steps: review.step,
    reps: review.reps,
    lapses: review.lapses,
    state: review.state,
    last_review: new Date(now - days * DAY),
  };
};

/**
 * The review that follows from a grade; `before` is not changed.
 * @param {Review | undefined} before
 * @param {string} id
 * @param {Grade} grade
 * @param {number} [now]
 * @returns {Review}
 */
export const nextReview = (before, id, grade, now = Date.now()) => {
  const time = Math.max(now, before?.changed ?? 0); // a clock may have been set back
  const next = scheduler.next(card(before, time), new Date(time), grade).card;
  return {
    ...before, // what a newer version has written
    id,
    changed: time,
    due: next.due.getTime(),
    stability: next.stability,
    difficulty: next.difficulty,
    state: next.state,
    step: next.learning_steps,
    reps: next.reps,
    lapses: next.lapses,
    grade,
  };
};

/**
 * Milliseconds until the question comes back, for each grade in order.
 * @param {Review | undefined} before
 * @param {number} [now]
 */
export const intervals = (before, now = Date.now()) =>
  GRADES.map((_, place) => {
    const after = nextReview(before, "", /** @type {Grade} */ (place + 1), now);
    return after.due - after.changed;
  });

/**
 * The grade that ticks suggest: Again below half of the key points, Good with all of them.
 * Easy is for the reader to say.
 * @param {number} ticked
 * @param {number} total
 * @returns {Grade}
 */
export const suggestGrade = (ticked, total) => (ticked === total ? 3 : ticked * 2 >= total ? 2 : 1);
