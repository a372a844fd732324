// What this browser knows of the reader, on the start page; export, import, reset.
import { VISITED, exportText, importFile, marks, reset } from "./backup.js";
import { ROOT, button, download, element, status } from "./dom.js";
import { problems } from "./notice.js";
import { quantity } from "./numbers.js";
import { storage } from "./storage.js";
import { endOfDay } from "./time.js";

/** @param {HTMLElement} place */
export const mount = async (place) => {
  const list = element("ul");
  const line = status();
  const file = element("input", { type: "file", accept: ".json,application/json", hidden: true });
  const damaged = button("Download damaged entries", async () => {
    download("model-paradigms-damaged.json", JSON.stringify((await storage.leftovers()).damaged, null, 1));
  });

  const show = async () => {
    const [reviews, interviews, tasks, quiz] = await Promise.all([
      storage.all("reviews"), storage.all("interviews"), storage.all("tasks"), storage.all("quiz"),
    ]);
    const tonight = endOfDay();
    const due = [...reviews.values()].filter((row) => Number(row.due) < tonight).length;
    const link = (/** @type {string} */ path, /** @type {string} */ text) =>
      element("a", { href: new URL(path, ROOT).href }, text);
    const attempts = [...tasks.values()];
    const solved = attempts.filter((row) => row.solved).length;
    const tried = attempts.filter((row) => row.runs).length;
    list.replaceChildren(
      element("li", {}, link("practice/review/", "Cards"), `: ${due} due today, ${reviews.size} seen`),
      element("li", {}, `Mock interviews: ${interviews.size}`),
      element("li", {}, link("practice/whiteboard/", "Whiteboard tasks"), `: ${solved} solved, ${tried} tried`),
      element("li", {}, link("practice/quiz/", "Quiz"),
        `: ${quiz.size} answered, ${[...quiz.values()].filter(({ last }) => last).length} right the last time`));
    damaged.hidden = !(await storage.leftovers()).damaged.length;
  };

  // navigation.js has counted the pages before their marks were imported or deleted.
  const recount = () => {
    const line = document.querySelector("[data-visited]");
    const pages = marks().filter((key) => key.startsWith(VISITED)).length;
    if (line) line.textContent = `${quantity(pages, "page")} visited`;
    return show();
  };

  file.addEventListener("change", async () => {
    const [chosen] = file.files ?? [];
    if (!chosen) return;
    line.textContent = ""; // the same words twice are read out twice
    const text = await importFile(storage, chosen);
    file.value = "";
    await recount();
    line.textContent = text;
  });
  const buttons = [
    button("Export", async () => {
      const name = "model-paradigms-progress.json";
      line.textContent = "";
      download(name, await exportText(storage));
      line.textContent = `Exported: ${name} is among your downloads.`;
    }),
    button("Import", () => file.click()),
    button("Reset", async () => {
      if (!confirm("Delete your cards, drafts, interviews, tasks, quiz results and marks in this browser?")) return;
      const text = await reset(storage);
      await recount();
      line.textContent = text;
    }),
    damaged,
  ];
  await show();
  storage.on("change", show);
  addEventListener("pageshow", (event) => event.persisted && show());
  place.replaceChildren(list, element("div", "practice-row", ...buttons, file), line, problems());
};
