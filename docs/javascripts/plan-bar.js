// On a page of the chosen plan: its item there, done or not, and the next one. "Next" in
// the footer follows the plan. navigation.js loads this only if a plan was chosen.
(async () => {
  const root = new URL("..", document.currentScript.src).href;
  const choice = "model-paradigms.plan";
  const prefix = "model-paradigms.done.";
  const { items, plans } = await (await fetch(`${root}javascripts/plans.json`)).json();
  const name = localStorage.getItem(choice);
  const ids = plans[name]?.items ?? [];
  const here = () => location.href.replace(/[?#].*/, "").replace(/index\.html$/, "").slice(root.length);
  const mine = ids.filter((id) => items[id].pages.includes(here()));
  if (!mine.length) return;

  const done = (id) => localStorage.getItem(prefix + id) !== null;
  const inPlan = (id) => `${root}#plan-${name}-${id}`;
  const address = (id) => (items[id].url ? root + items[id].url : inPlan(id));
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const box = make("input", { type: "checkbox" });
  const title = make("span", { className: "plan-bar__title" });
  const plan = make("a", { className: "plan-bar__plan" });
  const next = make("a", { className: "plan-bar__next" });
  const close = make("button", { type: "button", title: "Hide the bar", textContent: "✕" });
  const label = make("label", { className: "plan-bar__done" }, box, "Done", title);
  const bar = make("nav", { className: "plan-bar" }, plan, label, next, close);
  bar.setAttribute("aria-label", `Plan: ${plans[name].title}`);
  close.setAttribute("aria-label", "Hide the bar of the plan");

  // Of several items on one page: what the address names, else what is to do first.
  const linked = () => mine.find((id) => location.hash && address(id) === location.href);
  let current;
  const choose = () => {
    current = linked() ?? mine.find((id) => !done(id)) ?? mine.at(-1);
  };
  const following = () => {
    const place = ids.indexOf(current);
    return [...ids.slice(place + 1), ...ids.slice(0, place)].find((id) => !done(id));
  };

  const footer = document.querySelector(".md-footer__link--next");
  const order = footer && {
    href: footer.href,
    label: footer.getAttribute("aria-label"),
    direction: footer.querySelector(".md-footer__direction").textContent,
    title: footer.querySelector(".md-ellipsis").textContent,
  };
  const point = (target) => {
    if (!footer) return;
    footer.href = target.href;
    footer.setAttribute("aria-label", target.label);
    footer.querySelector(".md-footer__direction").textContent = target.direction;
    footer.querySelector(".md-ellipsis").textContent = target.title;
  };

  const show = () => {
    const id = following();
    plan.textContent = `${plans[name].title}: ${ids.indexOf(current) + 1} of ${ids.length}`;
    plan.href = inPlan(current);
    box.checked = done(current);
    title.textContent = `: ${items[current].title}`;
    next.textContent = id ? `Next: ${items[id].title}` : "All done: back to the plan";
    next.href = id ? address(id) : inPlan(current);
    const direction = `Next in the plan: ${plans[name].title}`;
    const target = id && { href: address(id), title: items[id].title, direction };
    point(target ? { ...target, label: `${direction}: ${target.title}` } : order);
  };
  box.addEventListener("change", () => {
    if (box.checked) localStorage.setItem(prefix + current, "1");
    else localStorage.removeItem(prefix + current);
    show();
  });
  close.addEventListener("click", () => {
    localStorage.removeItem(choice);
    bar.remove();
    point(order);
  });
  addEventListener("hashchange", () => {
    if (!linked()) return; // another heading of the page changes nothing
    choose();
    show();
  });
  addEventListener("storage", show);
  addEventListener("pageshow", (event) => event.persisted && show());
  choose();
  show();
  document.querySelector(".md-footer").before(bar);
})();
