// What folds by itself: code on a phone, a follow-up, and answers on paper.
{
  // On a phone the code of a question page waits folded. Without this script it is open.
  if (matchMedia("(max-width: 480px)").matches) {
    document.querySelectorAll("details.show").forEach((element) => { element.open = false; });
  }

  // A follow-up is attempted before it is opened, even if it has been open before.
  const closeFollowUp = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target?.matches(".ask")) target.nextElementSibling.open = false;
  };
  addEventListener("hashchange", closeFollowUp);
  closeFollowUp();

  // Paper has no clicks, so Material opens everything that is folded. But questions are
  // printed without their answers, which follow on a new page, except on the question
  // pages; evidence and solutions are printed only if they are open on the screen.
  const UNPRINTED = "details.question, details:is(.evidence, .solution):not([open])";
  const answerOf = (question) => {
    const item = document.createElement("li");
    item.append(...question.cloneNode(true).children);
    item.querySelectorAll("summary, .evidence").forEach((element) => element.remove());
    item.querySelectorAll("[id]").forEach((element) => element.removeAttribute("id"));
    return item;
  };
  const addAnswers = () => {
    const questions = [...document.querySelectorAll("article details.question")];
    if (!questions.length || document.querySelector("article > .spoken")) return;
    const answers = document.createElement("section");
    answers.className = "printed-answers";
    answers.innerHTML = "<h2>Answers</h2><ol></ol>";
    answers.lastChild.append(...questions.map(answerOf));
    const last = [...document.querySelector("article").children].findLast((child) => child.contains(questions.at(-1)));
    last.after(answers);
  };
  const tidy = () => {
    document.querySelector(".printed-answers")?.remove();
    document.querySelectorAll(".unprinted").forEach((e) => e.classList.remove("unprinted"));
  };
  addEventListener("beforeprint", () => {
    tidy(); // some browsers tell it twice
    addAnswers();
    document.querySelectorAll(UNPRINTED).forEach((e) => e.classList.add("unprinted"));
  }, true);
  addEventListener("afterprint", tidy);
}
