// The button that copies the code of a lab says for a second that it has done so.
document.addEventListener("clipboard-copy", ({ target }) => {
  const notice = target.querySelector(".notice");
  notice.hidden = false;
  setTimeout(() => { notice.hidden = true; }, 1000);
});
