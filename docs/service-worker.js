// Answers from the copy of the site that a reader keeps offline. It stores no file itself:
// javascripts/practice/offline-copy.js fills a cache for each version of the site, and notes in
// the cache MARKS which of them is the copy. A reader chooses when that changes.
const MARKS = `offline ${registration.scope}`;

/** The copy: its cache, and the hash of each page. Undefined if there is none. */
const copy = async () => {
  const name = await (await (await caches.open(MARKS)).match("copy"))?.text();
  if (!name || !(await caches.has(name))) return undefined;
  const cache = await caches.open(name);
  const { parts } = await (await cache.match(new URL("offline-files.json", registration.scope))).json();
  return { cache, hashes: new Map(parts.site.map(([path, , hash]) => [path, hash])) };
};

const sha256 = async (response) => {
  const digest = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** Without its query, and as the list of the build has it. */
const addressOf = (url) => {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/(?<=\/)index\.html$/, "");
};

/**
 * Pages come from the network while there is one. If one of them differs from the copy,
 * the site has a new version, whose pages need its own files: then everything comes from
 * the network, and the copy is for the time without one.
 */
const answer = async (request) => {
  const stored = await copy();
  if (!stored) return fetch(request);
  const address = addressOf(request.url);
  const marks = await caches.open(MARKS);
  const page = request.mode === "navigate";
  if (!page && !(await marks.match("newer"))) {
    return (await stored.cache.match(address)) ?? fetch(request);
  }
  try {
    const response = await fetch(request);
    const hash = stored.hashes.get(address.slice(registration.scope.length));
    if (page && response.ok && hash && hash !== await sha256(response.clone())) {
      await marks.put("newer", new Response());
    }
    return response;
  } catch {
    const missing = "This is not part of the offline copy of the site: go online, and try again.";
    return (await stored.cache.match(address)) ?? new Response(missing, { status: 503 });
  }
};

addEventListener("fetch", (event) => {
  const { method, url, headers } = event.request;
  if (method !== "GET" || !url.startsWith(registration.scope)) return;
  if (headers.has("Offline-Copy")) return; // offline-copy.js asks what the site has now
  event.respondWith(answer(event.request));
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

// Which pages of the site are open, for those who ask through a port.
addEventListener("message", (event) => event.waitUntil((async () => {
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  event.ports[0]?.postMessage(windows.map(({ url }) => url));
})()));
