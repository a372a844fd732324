// The place that an address names, as after `#`: what is folded around it opens, it comes
// into view, and the words that were searched for, after `?h=`, are marked in it.
{
  const target = () => {
    try {
      return document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch { // an address that cannot be decoded
      return null;
    }
  };

  const unfold = (place) => {
    const fold = place.closest("details:not([open])");
    if (fold) {
      fold.open = true;
      unfold(place);
    }
    const tab = place.closest(".tabbed-block");
    if (tab) {
      const number = [...tab.parentElement.children].indexOf(tab);
      tab.closest(".tabbed-set").querySelectorAll(":scope > input")[number].checked = true;
    }
  };

  // The place itself; of a heading, what stands below it.
  const parts = (place) => {
    const list = [place];
    if (!/^H[1-6]$/.test(place.tagName)) return list;
    for (let next = place.nextElementSibling; next; next = next.nextElementSibling) {
      if (/^H[1-6]$/.test(next.tagName)) break;
      list.push(next);
    }
    return list;
  };

  const mark = (place) => {
    const words = (new URLSearchParams(location.search).get("h") ?? "").split(" ").filter(Boolean);
    if (!words.length || !("highlights" in CSS)) return; // the place is marked all the same
    const either = words.map((word) => word.replace(/[\^$\\.*+?()[\]{}|\/]/g, "\\$&")).join("|");
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${either})(?![\\p{L}\\p{N}])`, "giu");
    const ranges = parts(place).flatMap((part) => {
      const hits = [];
      const texts = document.createNodeIterator(part, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        for (const { index, 0: word } of text.data.matchAll(pattern)) {
          const range = new Range();
          range.setStart(text, index);
          range.setEnd(text, index + word.length);
          hits.push(range);
        }
      }
      return hits;
    });
    CSS.highlights.set("searched", new Highlight(...ranges));
  };

  const reveal = () => {
    const place = location.hash && target();
    if (!place) return;
    unfold(place);
    place.scrollIntoView();
    mark(place);
  };
  addEventListener("hashchange", reveal);
  reveal();
}
