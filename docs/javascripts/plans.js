// Boxes to tick in the plans of a page; without this script they are lists of links.
// Every item is kept by itself, by its id: plans share items, and a second window or a
// new order of the list disturbs nothing.
(() => {
  const prefix = "model-paradigms.done.";
  const last = "model-paradigms.left"; // the item whose link was followed last
  const choice = "model-paradigms.plan"; // the plan that plan-bar.js shows on its pages
  const done = new Set();
  let kept = true; // false where the browser stores nothing: ticks last until reload
  const rows = [...document.querySelectorAll(".plan [data-item]")];

  // Nothing is forgotten if reading fails.
  const load = () => {
    try {
      const found = rows.filter((row) => localStorage.getItem(prefix + row.dataset.item));
      done.clear();
      found.forEach((row) => done.add(row.dataset.item));
    } catch {
      kept = false;
    }
  };
  const store = (key, value) => {
    try {
      if (value) localStorage.setItem(key, value);
      else localStorage.removeItem(key);
    } catch {
      kept = false;
    }
  };
  const keep = (item, ticked) => {
    done[ticked ? "add" : "delete"](item);
    store(prefix + item, ticked && "1");
  };
  const recall = () => {
    try {
      return localStorage.getItem(last);
    } catch {
      return null;
    }
  };
  const choose = (plan) => store(choice, plan.dataset.plan);

  const minutes = (list) => list.reduce((sum, row) => sum + Number(row.dataset.minutes), 0);
  const left = (list) => minutes(list.filter((row) => !done.has(row.dataset.item)));
  const inside = (element) => rows.filter((row) => element.contains(row));
  const say = (element, text) => {
    if (element.textContent !== text) element.textContent = text; // else it is read out
  };
  const show = () => {
    for (const row of rows) row.querySelector("input").checked = done.has(row.dataset.item);
    for (const plan of document.querySelectorAll(".plan")) {
      const all = inside(plan);
      const ticked = all.filter((row) => done.has(row.dataset.item)).length;
      const fate = kept ? "" : "; this browser will not keep it";
      say(
        plan.querySelector("output"),
        `${ticked} of ${all.length} done, ` +
          `${left(all).toLocaleString("en")} of ${minutes(all).toLocaleString("en")} minutes left${fate}`,
      );
      for (const day of plan.querySelectorAll("details")) {
        const mine = inside(day);
        const rest = left(mine);
        const text = rest < minutes(mine) ? `${rest} min left` : `${rest} min`;
        say(day.querySelector("summary small"), rest ? text : "✓ done");
      }
    }
  };

  for (const row of rows) {
    const box = Object.assign(document.createElement("input"), { type: "checkbox" });
    box.id = `${row.id}-box`;
    box.addEventListener("change", () => {
      keep(row.dataset.item, box.checked);
      choose(row.closest(".plan"));
      show();
    });
    // A link stays a link: the label is the box alone, and takes its name from the link.
    const name = row.querySelector(".name");
    name.id = `${row.id}-name`;
    box.setAttribute("aria-labelledby", name.id);
    const label = document.createElement("label");
    label.className = "tick";
    label.append(box);
    row.prepend(label);
    if (name.localName !== "a") {
      const text = document.createElement("label");
      text.htmlFor = box.id;
      text.append(...name.childNodes);
      name.append(text);
      text.addEventListener("click", (event) => {
        if (event.target.closest("abbr")) event.preventDefault(); // it shows its words
      });
    }
    row.addEventListener("click", (event) => {
      if (!event.target.closest("a")) return;
      store(last, row.dataset.item);
      choose(row.closest(".plan"));
    });
  }
  load();
  for (const plan of document.querySelectorAll(".plan")) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "Clear" });
    button.addEventListener("click", () => {
      const ticked = inside(plan).filter((row) => done.has(row.dataset.item));
      if (!ticked.length || !confirm("Remove every tick of this plan?")) return;
      ticked.forEach((row) => keep(row.dataset.item, false));
      show();
    });
    plan.querySelector(".state").append(button);
    // Who comes back finds the day that was left by a link, or the next that is not done.
    const days = [...plan.querySelectorAll("details")];
    const place = days.findIndex((day) => day.querySelector(`[data-item="${CSS.escape(recall() ?? "")}"]`));
    const unfinished = (day) => left(inside(day));
    const today = days.slice(Math.max(place, 0)).find(unfinished) ?? days.find(unfinished) ?? days[0];
    days.forEach((day) => (day.open = day === today));
  }
  show();
  // The plans are the blocks of one set of tabs, in the order of its inputs.
  for (const set of document.querySelectorAll(".tabbed-set:has(.plan)")) {
    const tabs = [...set.querySelectorAll(":scope > input")];
    const plans = [...set.querySelectorAll(".plan")];
    tabs.forEach((tab, index) => tab.addEventListener("change", () => choose(plans[index])));
  }
  const again = () => {
    load();
    show();
  };
  addEventListener("storage", again);
  addEventListener("pageshow", (event) => event.persisted && again());
  addEventListener("load", () => {
    // Back from a page, days may have folded above: what was left comes into sight again.
    if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
      const row = rows.find((row) => row.dataset.item === recall() && row.offsetParent);
      requestAnimationFrame(() => row?.scrollIntoView({ block: "nearest" }));
      return;
    }
    // The bar of a page links to an item, whose day may be folded.
    const row = rows.find((row) => `#${row.id}` === location.hash);
    if (!row) return;
    row.closest("details").open = true;
    requestAnimationFrame(() => row.scrollIntoView({ block: "center" }));
  });
})();
