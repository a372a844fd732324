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
// A link to a folded question opens it.
const openTarget = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  target?.closest("details")?.setAttribute("open", "");
};
addEventListener("hashchange", openTarget);
openTarget();
