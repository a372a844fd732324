// Paper has no clicks: everything that is folded opens before printing, and closes after.
addEventListener("beforeprint", () => {
  document.querySelectorAll("details:not([open])").forEach((element) => {
    element.open = true;
    element.dataset.openedForPrint = "";
  });
});
addEventListener("afterprint", () => {
  document.querySelectorAll("details[data-opened-for-print]").forEach((element) => {
    element.open = false;
    delete element.dataset.openedForPrint;
  });
});

// Material leaves these without names of their own, and adds the last ones late.
const nameLandmarks = () => {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  document.querySelector(".md-tags")?.setAttribute("aria-label", "Tags");
  document.querySelectorAll(".md-code__nav:not([aria-label])").forEach((element) => {
    element.setAttribute("aria-label", `Code of ${element.parentElement.id}`);
  });
};
new MutationObserver(nameLandmarks).observe(document.body, { childList: true, subtree: true });
nameLandmarks();

// A link to a folded question opens it.
const openTarget = () => {
  document.getElementById(location.hash.slice(1))?.closest("details")?.setAttribute("open", "");
};
addEventListener("hashchange", openTarget);
openTarget();
