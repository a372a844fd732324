// A question on a page, once it is open: its key points can be ticked, and it is graded.
import { button } from "./dom.js";
import { outcome, panel, store } from "./grading.js";
import { problems } from "./notice.js";
import { storage } from "./storage.js";

/**
 * @param {HTMLElement} question a `details.question` of the page
 */
export const mount = async (question) => {
  const list = /** @type {HTMLElement} */ (question.querySelector(".key-points"));
  const reviews = await storage.all("reviews");
  const review = /** @type {any} */ (reviews.get(question.id));
  const { node, hint, grades } = panel({
    list,
    review,
    grade: async (grade) => {
      grades.hidden = true;
      const { after, undo } = await store(question.id, grade);
      hint.textContent = outcome(after);
      const back = button("Undo", async () => {
        hint.textContent = await undo() ? "Undone." : "The card was graded again in another tab: nothing was undone.";
        grades.hidden = false;
        back.remove();
      });
      hint.after(back);
    },
  });
  list.after(node);
  node.append(problems());
};
