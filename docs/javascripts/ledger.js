// Filters of the table that this script stands in; without it, the whole table shows.
// What is chosen stands in the address, so that a filtered list can be linked.
(() => {
  const script = document.currentScript;
  const table = script.closest("table");
  const rows = [...table.tBodies[0].rows];
  const columns = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const filters = ["Verdict", "Evidence"];
  // A verdict has a sign before its word.
  const word = (row, name) =>
    row.cells[columns.indexOf(name)].textContent.replace(/^[^a-z]+/, "");

  const form = document.createElement("form");
  form.className = "filters";
  const fieldset = form.appendChild(document.createElement("fieldset"));
  fieldset.append(Object.assign(document.createElement("legend"), { textContent: "Show" }));
  for (const name of filters) {
    const label = document.createElement("label");
    const select = document.createElement("select");
    select.name = name.toLowerCase();
    select.add(new Option("all", ""));
    for (const value of new Set(rows.map((row) => word(row, name)))) {
      select.add(new Option(value, value));
    }
    label.append(name, " ", select);
    fieldset.append(label);
  }
  const count = fieldset.appendChild(document.createElement("output"));

  const show = () => {
    for (const row of rows) {
      row.hidden = filters.some((name) => {
        const wanted = form.elements[name.toLowerCase()].value;
        return wanted && wanted !== word(row, name);
      });
    }
    const shown = rows.filter((row) => !row.hidden).length;
    count.textContent = `${shown} of ${rows.length} claims`;
  };
  // A value that no row has leaves its list at "all".
  const restore = () => {
    const asked = new URLSearchParams(location.search);
    for (const select of form.querySelectorAll("select")) {
      const value = asked.get(select.name) ?? "";
      select.value = [...select.options].some((o) => o.value === value) ? value : "";
    }
    show();
  };
  const remember = () => {
    const chosen = [...new FormData(form)].filter(([, value]) => value);
    const query = new URLSearchParams(chosen).toString();
    history.replaceState(null, "", location.pathname + (query && `?${query}`));
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    show();
    remember();
  });
  addEventListener("pageshow", restore);
  restore();
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("../stylesheets/ledger.css", script.src);
  document.head.append(style);
  table.parentElement.before(form);
})();
