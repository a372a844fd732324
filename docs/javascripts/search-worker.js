// The search itself, in a worker. It loads the direct answers, then the text of all sections,
// and posts `ready` after each, or `failed`. To a query it answers with the best hits.
const load = async (file) => {
  const response = await fetch(new URL(`../search/${file}`, location.href));
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response.json();
};
const first = load("answers.json"); // on its way while the library loads
first.catch(() => {}); // reported where it is awaited
importScripts("vendor/minisearch.min.js");

// What answers comes before what derives, proves or lists.
const WEIGHTS = {
  main: 1.8, question: 1.5, term: 1.5, claim: 1, page: 0.9, section: 0.7, change: 0.7, figure: 0.6,
  derivation: 0.5, reference: 0.2,
};
// A query that is put as a question, or compares, looks for a question.
const ASKING = /^\s*(?:are|can|could|did|do|does|how|is|should|when|which|why|would)\b|\b(?:compare|compared|differ|difference|differences|or|versus|vs)\b/i;
const ASKED = 1.5;
const OTHER_NAME = 0.9;
const HITS = 20;
const TEASER = 30; // words
// They say how a question is put, and not what it is about.
const STOP_WORDS = new Set(`a about all also am an and any are aren't as at be been between but by
  can can't cannot compare compared could did didn't difference differences do does doesn't
  don't each explain for from get give had has have how i if in instead into is isn't it its itself just like
  many me mean means much my not of on or our shall should so some such tell than that the
  their them themselves then there these they this those to too up us use used using versus very vs was
  we were what what's when where which while who why will with won't would you your`
  .split(/\s+/).map((word) => word.replace("'", "")));

// Words without accents, apostrophes and capitals: "Can’t" is "cant", "Bayes'" is "bayes".
const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu;
const plain = (word) => word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
  .replace(/['’]s$/, "").replace(/['’]/g, "");
const words = (text) => (text.match(WORD) ?? []).map(plain);

// One form for singular and plural, verb and noun, British and American spelling.
const ENDINGS = [
  [/z/g, "s"], [/ies$/, "y"], [/([^sui])s$/, "$1"], [/sses$/, "ss"],
  [/^(.{3,})(?:ation|at(?:e|ed|ing|or)|ion)$/, "$1"], [/^(.{5,}?)[ea]n(?:t|ce|cy)$/, "$1"],
  [/^(.*[aeiouy].*)(?:ing|ed)$/, "$1"], [/^(.{3,})e$/, "$1"], [/ll$/, "l"],
];
const known = new Map(); // words repeat
const stem = (word) => {
  if (word.length < 4 || /\d/.test(word)) return word;
  if (!known.has(word)) {
    known.set(word, ENDINGS.reduce((form, [ending, rest]) => form.replace(ending, rest), word));
  }
  return known.get(word);
};
const stems = (list) => list.filter((word) => !STOP_WORDS.has(word)).map(stem);

// Passages that can be searched; the worker has two of these: answers, and texts.
class Shelf {
  constructor() {
    this.passages = [];
    this.spellings = new Map(); // each word, and its stem
    this.vocabulary = new Set();
    this.index = new MiniSearch({
      fields: ["title", "text", "page"],
      extractField: (passage, field) => passage[field === "id" ? "id" : `${field}Stems`],
      stringifyField: (list) => list,
      tokenize: (list) => list,
      processTerm: (term) => term,
      searchOptions: {
        tokenize: (query) => query.split(" "),
        boost: { title: 3, page: 0.3 },
        boostDocument: (id) => WEIGHTS[this.passages[id].kind],
        weights: { fuzzy: 0, prefix: 0.35 },
        combineWith: "AND",
      },
    });
  }

  add(rows, pages) {
    for (const [kind, page, anchor, title, text] of rows) {
      const [url, pageTitle] = pages[page];
      const passage = {
        id: this.passages.length, kind, title, text, page: pageTitle,
        url: anchor ? `${url}#${anchor}` : url,
        titleStems: stems(words(title)), textStems: stems(words(text)),
        pageStems: kind === "page" ? [] : stems(words(pageTitle)),
      };
      this.passages.push(passage);
      for (const word of words(`${title} ${text}`)) {
        if (!STOP_WORDS.has(word)) this.spellings.set(word, stem(word));
      }
      this.index.add(passage);
    }
    this.vocabulary = new Set(this.spellings.values());
  }

  // The score of each passage that contains one of the forms of a concept: the best of them.
  concept(forms) {
    const scores = new Map();
    let best = 0; // of the first form; a rare name is no better than a common one
    for (const { terms, options } of forms) {
      const hits = this.index.search(terms.join(" "), options);
      // MiniSearch sums the scores of the terms, and multiplies by their number.
      const value = (hit) => hit.score / hit.queryTerms.length ** 2;
      const top = hits.length ? value(hits[0]) : 0;
      const scale = best ? OTHER_NAME * Math.min(1, best / top) : 1;
      best ||= top;
      for (const hit of hits) {
        const score = value(hit) * scale;
        const before = scores.get(hit.id);
        if (before && before.score >= score) continue;
        const titled = Object.values(hit.match).filter((fields) => fields.includes("title")).length;
        scores.set(hit.id, { score, terms: hit.terms, titled: titled >= terms.length });
      }
    }
    return scores;
  }

  search(query) {
    const { concepts } = query;
    const totals = new Map();
    const found = concepts.map((forms) => this.concept(forms));
    const rarity = ({ size }) => Math.sqrt(Math.log(1 + this.passages.length / (1 + size)));
    const whole = found.reduce((sum, scores) => sum + rarity(scores), 0);
    for (const scores of found) {
      const weight = rarity(scores);
      for (const [id, { score, terms, titled }] of scores) {
        const total = totals.get(id) ?? { score: 0, covered: 0, titled: 0, terms: new Set() };
        total.score += score;
        total.covered += weight / whole;
        total.titled += titled ? weight / whole : 0;
        terms.forEach((term) => total.terms.add(term));
        totals.set(id, total);
      }
    }
    return [...totals].map(([id, total]) => {
      const passage = this.passages[id];
      return { ...passage, terms: total.terms, score: total.score * fit(passage, total, query) };
    });
  }
}

// How well a passage fits beyond its words: how much of the query it covers, in its title
// above all; a title that says nothing else; words side by side; an answer to a question.
const fit = (passage, { covered, titled, terms }, { pairs, asks }) => {
  const { titleStems, textStems, kind } = passage;
  const close = titleStems.filter((term) => terms.has(term)).length / (titleStems.length || 1);
  const beside = (list) => {
    const line = ` ${list.join(" ")} `;
    return pairs.filter((pair) => line.includes(` ${pair} `)).length / (pairs.length || 1);
  };
  const order = 1 + 0.2 * beside(titleStems) + 0.1 * beside(textStems);
  const form = asks && (kind === "question" || kind === "main") ? ASKED : 1;
  return covered ** 2 * (1 + titled * (0.5 + close)) * order * form;
};

// What was asked for, word by word: each word or name with the other forms that will do.
const understand = (query, names, shelf) => {
  const typed = words(query);
  const asked = typed.some((word) => !STOP_WORDS.has(word))
    ? typed.map((word) => (STOP_WORDS.has(word) ? "" : stem(word))) : typed.map(stem);
  const every = typed.map(stem);
  const concepts = [];
  for (let at = 0; at < typed.length;) {
    const group = longest(every, at, names);
    if (group) {
      concepts.push(group.forms);
      at += group.length;
    } else if (!asked[at]) {
      at += 1;
    } else {
      const joined = asked[at + 1] && stem(typed[at] + typed[at + 1]);
      if (joined && shelf.vocabulary.has(joined)) {
        concepts.push([form([asked[at], asked[at + 1]]), form([joined])]);
        at += 2;
      } else {
        concepts.push(forms(typed[at], asked[at], shelf, at === typed.length - 1));
        at += 1;
      }
    }
  }
  const content = asked.filter(Boolean);
  const pairs = content.slice(1).map((term, n) => `${content[n]} ${term}`);
  const asks = typed.length > 2 && ASKING.test(query);
  return { concepts, pairs, asks };
};

const form = (terms, options = {}) => ({ terms, options });

// The longest name of a term that begins at a place of the query, with all names of the term.
const longest = (every, at, names) => {
  let best = null;
  for (const group of names) {
    for (const name of group) {
      const fits = name.every.every((term, n) => every[at + n] === term);
      if (fits && name.every.length > (best?.length ?? 0)) {
        best = { length: name.every.length, forms: group.map(({ terms }) => form(terms)) };
      }
    }
  }
  return best;
};

// A word; while it is being typed the words that begin so; if it is unknown, one slip undone.
const forms = (word, term, { vocabulary, spellings }, last) => {
  const used = vocabulary.has(term);
  const list = [form([term])];
  if (word.length > 2 && (last || !used)) list.push(form([word], { prefix: true }));
  if (used || word.length < 4) return list;
  for (const [spelling, meant] of spellings) {
    if (slipped(word, spelling) || slipped(term, meant)) list.push(form([meant]));
  }
  for (let at = 3; at < word.length - 2; at += 1) {
    const parts = [stem(word.slice(0, at)), stem(word.slice(at))];
    if (parts.every((part) => vocabulary.has(part))) list.push(form(parts));
  }
  return list;
};

// Whether a letter is wrong, missing or too many, or two are swapped.
const slipped = (typed, meant) => {
  if (Math.abs(typed.length - meant.length) > 1) return false;
  let n = 0;
  while (n < typed.length && typed[n] === meant[n]) n += 1;
  const [wrong, right] = [typed.slice(n), meant.slice(n)];
  return wrong.slice(1) === right.slice(1) || wrong === right.slice(1) || wrong.slice(1) === right
    || (wrong[0] === right[1] && wrong[1] === right[0] && wrong.slice(2) === right.slice(2));
};

// A text in pieces, every second one to be marked, from shortly before the first of these.
const marked = (text, terms, length = Infinity) => {
  const found = [...text.matchAll(WORD)];
  const hits = found.map((match) => terms.has(stem(plain(match[0]))));
  const first = Math.max(0, Math.min(hits.indexOf(true) - 5, found.length - length));
  const pieces = [first ? "… " : ""];
  let end = first ? found[first].index : 0;
  const last = Math.min(found.length, first + length);
  for (let n = first; n < last; n += 1) {
    if (!hits[n]) continue;
    pieces[pieces.length - 1] += text.slice(end, found[n].index);
    end = found[n].index + found[n][0].length;
    pieces.push(found[n][0], "");
  }
  const stop = last < found.length ? found[last].index : text.length;
  pieces[pieces.length - 1] += text.slice(end, stop) + (last < found.length ? "…" : "");
  return pieces;
};

const answers = new Shelf();
const texts = new Shelf();
let names = [];

const search = (query) => {
  const understood = understand(query, names, answers);
  const best = new Map();
  for (const hit of [...answers.search(understood), ...texts.search(understood)]) {
    const before = best.get(hit.url);
    if (!before || before.score < hit.score) best.set(hit.url, hit);
  }
  const ranked = [...best.values()].sort((a, b) => b.score - a.score);
  const hits = ranked.slice(0, HITS).map((hit) => {
    const title = marked(hit.title, hit.terms);
    const text = marked(hit.text, hit.terms, TEASER);
    return { url: hit.url, kind: hit.kind, page: hit.page, title, text };
  });
  return { hits, total: ranked.length };
};

(async () => {
  try {
    const { pages, synonyms, passages } = await first;
    names = synonyms.map((group) => group.map((name) => (
      { every: words(name).map(stem), terms: stems(words(name)) })));
    answers.add(passages, pages);
    postMessage({ ready: "answers" });
    const more = (await load("text.json")).passages;
    // In portions, so that a query does not wait for all of it.
    for (let at = 0; at < more.length; at += 20) {
      texts.add(more.slice(at, at + 20), pages);
      await new Promise((resume) => { setTimeout(resume); });
    }
    postMessage({ ready: "all" });
  } catch (error) {
    postMessage({ failed: String(error) });
  }
})();

addEventListener("message", ({ data: query }) => postMessage({ query, ...search(query) }));
