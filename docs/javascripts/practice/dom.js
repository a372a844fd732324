// What every tool needs to put itself on a page.

/** The address of the start page: every path in the bank is relative to it. */
export const ROOT = new URL("../..", import.meta.url);

/**
 * An element with properties and children. Strings become text, never HTML.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<HTMLElementTagNameMap[T]> | string} [properties] a string is the class
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export const element = (tag, properties = {}, ...children) => {
  const node = document.createElement(tag);
  Object.assign(node, typeof properties === "string" ? { className: properties } : properties);
  node.append(...children);
  return node;
};

/**
 * A button.
 * @param {string} label
 * @param {() => void} action
 */
export const button = (label, action) => {
  const node = element("button", { type: "button", className: "practice-button" }, label);
  node.addEventListener("click", action);
  return node;
};

/**
 * HTML that the build wrote, with its links made relative to this page. Never pass what
 * a reader typed or imported: that is text, for `element`.
 * @param {string} html
 */
export const trustedHtml = (html) => {
  const { content } = element("template", { innerHTML: html });
  for (const link of content.querySelectorAll("a[href]")) {
    link.setAttribute("href", new URL(link.getAttribute("href") ?? "", ROOT).href);
  }
  return content;
};

/**
 * A choice of the reader as a labelled list.
 * @param {string} label
 * @param {[value: string, text: string][]} options
 * @param {() => void} changed
 */
export const choice = (label, options, changed) => {
  const id = `practice-${label.toLowerCase().replaceAll(" ", "-")}`;
  const select = element("select", { id }, ...options.map(([value, text]) => new Option(text, value)));
  select.addEventListener("change", changed);
  return { select, node: element("span", "practice-choice", element("label", { htmlFor: id }, label), select) };
};

/**
 * Options of a filter: any of some values, or of some keys with their texts.
 * @param {readonly (string | [value: string, text: string])[]} values
 * @returns {[value: string, text: string][]}
 */
export const anyOf = (values) =>
  [["", "any"], ...values.map((value) => /** @type {[string, string]} */ (typeof value === "string" ? [value, value] : value))];

/**
 * A line that tells the reader one thing at a time, and is read out.
 * @param {string} [text]
 */
export const status = (text = "") => {
  const line = element("p", "practice-status", text);
  line.setAttribute("role", "status");
  return line;
};

/**
 * The focus and the screen go to the top of what has been replaced.
 * @param {HTMLElement} place
 */
export const attend = (place) => {
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
  if (place.getBoundingClientRect().top < 0) place.scrollIntoView();
};

/**
 * Offer a text as a file.
 * @param {string} name
 * @param {string} text
 * @param {string} [type]
 */
export const download = (name, text, type = "application/json") => {
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};
