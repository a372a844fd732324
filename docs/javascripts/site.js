// Material leaves these without names of their own, and adds some late.
const nameLandmarks = () => {
  document.querySelector(".md-tags")?.setAttribute("aria-label", "Tags");
  document.querySelectorAll(".md-code__nav:not([aria-label])").forEach((element) => {
    element.setAttribute("aria-label", `Code of ${element.parentElement.id}`);
  });
};
new MutationObserver(nameLandmarks).observe(document.body, { childList: true, subtree: true });
nameLandmarks();
