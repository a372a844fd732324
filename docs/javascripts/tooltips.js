// The words of an abbreviation, under the mouse or a finger. The theme would prepare a box
// for each of them while the page loads; here one is made when it is needed.
{
  const box = Object.assign(document.createElement("div"), { className: "tooltip", id: "tooltip" });
  box.setAttribute("role", "tooltip");
  let owner = null;

  const hide = () => {
    if (!owner) return;
    box.remove();
    owner.title = box.textContent;
    owner.removeAttribute("aria-describedby");
    owner = null;
  };
  const show = (abbreviation) => {
    hide();
    owner = abbreviation;
    box.textContent = owner.title;
    owner.removeAttribute("title"); // else the browser shows it, too
    owner.setAttribute("aria-describedby", box.id);
    document.body.append(box);
    const place = owner.getClientRects()[0];
    const room = document.documentElement.clientWidth - box.offsetWidth - 8;
    box.style.left = `${Math.max(8, Math.min(place.left, room))}px`;
    box.style.top = `${place.bottom + 4}px`;
  };

  addEventListener("pointerover", (event) => {
    const abbreviation = event.target.closest?.("abbr");
    if (abbreviation === owner || event.target === box) return;
    if (abbreviation?.title) show(abbreviation);
    else hide();
  });
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("scroll", hide, { passive: true });
  addEventListener("beforeprint", hide);
}
