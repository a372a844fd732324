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
  main: 1.8, question: 1.5, term: 1.5, claim: 1, task: 0.9, page: 0.9, section: 0.7, change: 0.7,
  figure: 0.6, derivation: 0.5, reference: 0.2,
};
// A query that is put as a question, or compares, looks for a question.
const ASKING = /^\s*(?:are|can|could|did|do|does|how|is|should|when|which|why|would)\b|\b(?:compare|compared|differ|difference|differences|or|versus|vs)\b/i;
const ASKED = 1.5;
const WHOLE = 1.5; // the title or phrasing has the words of the query, and no others
const PHRASED = 0.3; // of a phrasing, as long as few of its words are in the query
const OTHER_NAME = 0.9;
const IN_PAGE = 0.5; // of a word that only the title of the page has
const IN_TEXT = 0.7; // of a word that only the text of a section has: long texts have many
const HOLDS = 2; // the answer has the form that the query names
const LONG = new Set(["page", "section", "derivation"]);
const LONG_WORD = 8; // letters: two slips leave enough of it
const HITS = 20;
const TEASER = 30; // words
// They say how a question is put, and not what it is about.
const STOP_WORDS = new Set(`a about actually all also always am an and any are aren't as at basics
  be been between but by calculate calculated called can can't cannot compare compared concept
  could deal define defined definition describe did didn't difference differences do does doesn't
  don't each everything exactly example examples explain for from get give had handle handles
  handling happen happens has have how i if in instead into intuition is isn't it its itself just
  keep keeps kept like many me mean meaning means much my not of on or our overview please problem
  problems really shall should simply so some such tell than that the their them themselves then
  there these they this those to too up us use used using versus very vs was we were what what's
  when where which while who why will with won't work works would you your`
  .split(/\s+/).map((word) => word.replace("'", "")));

// They say in which way it is put: a title with the same ones answers in this way.
const WAYS = new Set(["difference", "how", "instead", "many", "much", "when", "where", "which",
  "who", "why"]);

// Words without accents, apostrophes and capitals: "Can’t" is "cant", "Bayes'" is "bayes".
const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu;
const plain = (word) => word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
  .replace(/['’]s$/, "").replace(/['’]/g, "");
const words = (text) => (text.match(WORD) ?? []).map(plain);

// One form for singular and plural, verb and noun, British and American spelling.
const ENDINGS = [
  [/z/g, "s"], [/ies$/, "y"], [/([^sui])s$/, "$1"], [/sses$/, "ss"],
  [/^(.{2,}?[^aeiou])(?:ation|at(?:e|ed|ing|or)|ion)$/, "$1"], [/^(.{5,}?)[ea]n(?:t|ce|cy)$/, "$1"],
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
const ways = (list) => list.filter((word) => WAYS.has(word));

// They name the form of the answer; what holds it needs no such word.
const FORM_WORDS = {
  code: ["code", "coding", "implement", "implementation", "numpy", "python", "pytorch", "scratch",
    "snippet", "torch"],
  derivation: ["derivation", "derive", "proof", "prove"],
};
const FORM_OF = new Map(Object.entries(FORM_WORDS)
  .flatMap(([name, list]) => list.map((word) => [stem(word), name])));
const TRAINED = /\b(?:pre-?)?(?:learn|train)/i; // "from scratch" is then no code

// The rows of a table that came in columns, which compress better.
const rows = (columns) => columns.kind.map((_, at) => Object.fromEntries(
  Object.entries(columns).map(([name, values]) => [name, values[at]])));

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

  // A question is in the index once for each of its phrasings; what is shown is its title.
  add(passages, pages) {
    for (const { kind, page, anchor, title, text, phrasings, holds } of passages) {
      const [url, pageTitle] = pages[page];
      // The id and the verdict of a claim are no words of what was claimed.
      const [, before, said] = kind === "claim" ? title.match(/^(.*?: )(.*)$/) : [0, "", title];
      const shown = {
        kind, holds, title, text, page: pageTitle, url: anchor ? `${url}#${anchor}` : url,
        textStems: stems(words(before + text)),
        pageStems: kind === "page" ? [] : stems(words(pageTitle)),
      };
      for (const line of [said, ...phrasings]) {
        const passage = {
          ...shown, id: this.passages.length, phrased: line !== said,
          titleStems: stems(words(line)), ways: ways(words(line)),
        };
        this.passages.push(passage);
        this.index.add(passage);
      }
      for (const word of words([title, text, ...phrasings].join(" "))) {
        if (!STOP_WORDS.has(word)) this.spellings.set(word, stem(word));
      }
    }
    this.vocabulary = new Set(this.spellings.values());
  }

  // The score of each passage that contains one of the forms of a concept: the best of them.
  concept({ forms, holds }) {
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
        const fields = Object.values(hit.match);
        const titled = fields.filter((list) => list.includes("title")).length >= terms.length;
        const part = this.part(hit.id, fields.flat());
        scores.set(hit.id, { score, terms: hit.terms, titled, part });
      }
    }
    if (holds) this.credit(holds, scores);
    return scores;
  }

  // A word for a form of answer is covered by what holds it; the word itself adds to no other.
  credit(form, scores) {
    for (const { id, holds } of this.passages) {
      const hit = scores.get(id);
      if (holds.includes(form)) {
        scores.set(id, { score: 0, terms: [], ...hit, titled: true, part: 1 });
      } else if (hit) {
        hit.score = 0;
      }
    }
  }

  // How much of a word counts by where it stands.
  part(id, fields) {
    if (fields.includes("title")) return 1;
    if (!fields.includes("text")) return IN_PAGE;
    return LONG.has(this.passages[id].kind) ? IN_TEXT : 1;
  }

  search(query) {
    const { concepts } = query;
    const totals = new Map();
    const found = concepts.map((concept) => this.concept(concept));
    const rarity = ({ size }) => Math.sqrt(Math.log(1 + this.passages.length / (1 + size)));
    const whole = found.reduce((sum, scores) => sum + rarity(scores), 0);
    for (const scores of found) {
      const weight = rarity(scores);
      for (const [id, { score, terms, titled, part }] of scores) {
        const total = totals.get(id) ?? { score: 0, covered: 0, titled: 0, terms: new Set() };
        total.score += score;
        total.covered += part * weight / whole;
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
// above all; a title that says nothing else, numbers aside, and begins with it; words side by
// side; an answer to a question, put in the same way.
const fit = (passage, { covered, titled, terms }, query) => {
  const { titleStems, textStems, kind } = passage;
  const share = (list, test) => list.filter(test).length / (list.length || 1);
  const titleWords = [...new Set(titleStems)].filter((term) => terms.has(term) || /\D/.test(term));
  const close = share(titleWords, (term) => terms.has(term));
  const begins = 1 / (1 + titleStems.findIndex((term) => terms.has(term)));
  const beside = (list) => {
    const line = ` ${list.join(" ")} `;
    return share(query.pairs, (pair) => line.includes(` ${pair} `));
  };
  const order = 1 + 0.2 * (close && begins) + 0.2 * beside(titleStems) + 0.1 * beside(textStems);
  const way = 1 + 0.4 * share(query.ways, (word) => passage.ways.includes(word));
  const form = query.asks && (kind === "question" || kind === "main") ? ASKED : 1;
  const held = query.holds.every((name) => passage.holds.includes(name)) ? HOLDS : 1;
  const several = query.concepts.length > 1; // a word alone is a term, and no phrasing
  const whole = close === 1 && titled > 0.99 && (several || kind === "term") ? WHOLE : 1;
  const phrased = passage.phrased ? several * (PHRASED + (1 - PHRASED) * close) : 1;
  return covered ** 2 * (1 + titled * (0.5 + close)) * order * way * form * whole * phrased * held;
};

// What was asked for, word by word: each word or name with the other forms that will do.
const understand = (query, { names, spellings }, shelf) => {
  const typed = words(query);
  const asked = typed.some((word) => !STOP_WORDS.has(word))
    ? typed.map((word) => (STOP_WORDS.has(word) ? "" : stem(word))) : typed.map(stem);
  const every = typed.map((word) => inName(word, spellings, shelf));
  const trained = TRAINED.test(query);
  const concepts = [];
  for (let at = 0; at < typed.length;) {
    const group = longest(every, at, names);
    if (group) {
      concepts.push({ forms: group.forms });
      at += group.length;
    } else if (!asked[at]) {
      at += 1;
    } else {
      const joined = asked[at + 1] && stem(typed[at] + typed[at + 1]);
      if (joined && shelf.vocabulary.has(joined)) {
        concepts.push({ forms: [form([asked[at], asked[at + 1]]), form([joined])] });
        at += 2;
      } else {
        const holds = trained && typed[at] === "scratch" ? undefined : FORM_OF.get(asked[at]);
        concepts.push({ forms: forms(typed[at], asked[at], shelf, at === typed.length - 1), holds });
        at += 1;
      }
    }
  }
  const content = asked.filter(Boolean);
  const pairs = content.slice(1).map((term, n) => `${content[n]} ${term}`);
  const asks = typed.length > 2 && ASKING.test(query);
  // A form of answer alone is what is looked for.
  const topics = concepts.filter((concept) => !concept.holds);
  if (!topics.length) concepts.forEach((concept) => delete concept.holds);
  const holds = [...new Set(concepts.flatMap((concept) => concept.holds ?? []))];
  return { concepts, pairs, asks, holds, ways: ways(typed) };
};

// The stem of a word; if it is unknown, that of the word of a name that is meant.
const inName = (word, spellings, { vocabulary }) => {
  const term = stem(word);
  if (word.length < 4 || STOP_WORDS.has(word) || spellings.has(word)
    || vocabulary.has(term)) return term;
  return meanings(word, spellings)[0] ?? term;
};

const form = (terms, options = {}) => ({ terms: [...new Set(terms)], options });

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

// A word; while it is being typed the words that begin so; if it is unknown, slips undone.
const forms = (word, term, { vocabulary, spellings }, last) => {
  const used = vocabulary.has(term);
  const list = [form([term])];
  if (word.length > 2 && (last || !used)) list.push(form([word], { prefix: true }));
  if (used || word.length < 4) return list;
  list.push(...meanings(word, spellings).map((meant) => form([meant])));
  for (let at = 3; at < word.length - 2; at += 1) {
    const parts = [stem(word.slice(0, at)), stem(word.slice(at))];
    if (parts.every((part) => vocabulary.has(part))) list.push(form(parts));
  }
  return list;
};

// The stems of the words that a misspelt one may mean: one slip away, or two if it is long.
const meanings = (word, spellings) => {
  const term = stem(word);
  for (const slips of word.length < LONG_WORD ? [1] : [1, 2]) {
    const meant = [...spellings].filter(([spelling, other]) => (
      slipped(word, spelling, slips) || slipped(term, other, 1)));
    if (meant.length) return [...new Set(meant.map(([, other]) => other))];
  }
  return [];
};

// Whether so many letters, or fewer, are wrong, missing, too many, or swapped with the next.
const slipped = (typed, meant, slips) => {
  if (Math.abs(typed.length - meant.length) > slips) return false;
  let n = 0;
  while (n < typed.length && typed[n] === meant[n]) n += 1;
  const [wrong, right] = [typed.slice(n), meant.slice(n)];
  if (!slips) return wrong === right;
  const after = (left, other) => slipped(wrong.slice(left), right.slice(other), slips - 1);
  return wrong === right || after(1, 1) || after(0, 1) || after(1, 0)
    || (wrong[0] === right[1] && wrong[1] === right[0] && after(2, 2));
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
const terms = { names: [], spellings: new Map() }; // of the synonyms, and of their words

const search = (query) => {
  const understood = understand(query, terms, answers);
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
    terms.names = synonyms.map((group) => group.map((name) => (
      { every: words(name).map(stem), terms: stems(words(name)) })));
    for (const word of words(synonyms.flat().join(" "))) terms.spellings.set(word, stem(word));
    answers.add(rows(passages), pages);
    postMessage({ ready: "answers" });
    const more = rows((await load("text.json")).passages);
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
