// Chooses the tabs that a reader chose before, and the tab that an address names, before
// the theme's bundle reads which are chosen. The theme has this inline.
{
  const titles = __md_get("__tabs");
  for (const set of Array.isArray(titles) ? document.querySelectorAll(".tabbed-set") : []) {
    const labels = [...set.querySelector(".tabbed-labels").getElementsByTagName("label")];
    const label = titles
      .map((title) => labels.find((other) => other.innerText.trim() === title))
      .find(Boolean);
    if (label) document.getElementById(label.htmlFor).checked = true;
  }
  const target = document.getElementById(location.hash.slice(1));
  if (target?.name?.startsWith("__tabbed_")) target.checked = true;
}
