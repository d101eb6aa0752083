// Live rows. The stream says only what changed; the page asks for the rows it shows, in one request, and morphs
// them in place. A row is an element with id="vm-<uuid>" and data-live (what it is and what it also depends on,
// "node:3"; empty if that is just what its id says), inside an element with data-rows-url. Parts with data-live-page="<kind> ..." come anew from
// the page's own address when something of that kind changed; data-live-list="<kind>" only when it is not shown yet.
"use strict";

(() => {
  const { liveUrl, lastEventId } = document.body.dataset;
  const waiting = new Set();
  const pageEvery = 3000;
  let last = lastEventId;
  let timer, busy, source, retry, pageTimer;
  let pageAt = 0, failures = 0, beat = 0, lostAt = 0, awake = Date.now();
  const fresh = document.getElementById("fresh");
  const lateAfter = 15;
  let state = fresh?.dataset.state ?? "live", late = state === "late";
  const stale = new Set();

  // --- morphing ---------------------------------------------------------------------------------
  const keyOf = (row) => row.dataset.live.split(" ")[0] || row.id.replace("-", ":");
  const ownId = (row) => keyOf(row).split(/:(.*)/s)[1];
  const nameOf = (element) => element.getAttribute("aria-label") ?? element.textContent;
  const said = (row) => [...row.querySelectorAll(".status__text, .glow")].map((part) => part.textContent).join("|");

  async function morph(old, fresh) {
    const before = said(old);
    const held = old.contains(document.activeElement) && nameOf(document.activeElement);
    await htmx.swap({ text: fresh.outerHTML, target: old, swap: "outerMorph", sourceElement: old });
    const row = document.getElementById(fresh.id);
    if (!row) return;
    // a button that became a link is another element: give the focus back to what has the same word
    if (held && document.activeElement === document.body) [...row.querySelectorAll("a, button")].find((it) => nameOf(it) === held)?.focus();
    if ("live" in row.dataset && said(row) !== before) glow(row);
  }

  function glow(row) {
    row.classList.add("is-fresh");
    setTimeout(() => row.classList.remove("is-fresh"), 1700);
  }

  function gone(row) {
    row.classList.add("is-gone");
    row.inert = true;
    setTimeout(() => row.remove(), 4000);
  }

  const inFragment = (html) => {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    return [...holder.content.children].filter((element) => element.id);
  };

  // A row that is opened here has come closed: it is asked for by itself.
  panel.adoptRows = async (page) => {
    const opened = [];
    for (const fresh of page.querySelectorAll("[data-live][id]")) {
      const old = document.getElementById(fresh.id);
      if (old?.querySelector('a[aria-expanded="true"]')) opened.push(old);
      else if (old) await morph(old, fresh);
    }
    await refetch(opened);
    panel.tick();
  };

  // --- fetching ---------------------------------------------------------------------------------
  async function fetched(url) {
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    if (answer.redirected) {
      // a form that is on its way, or whose answer leads elsewhere, decides where to go
      if (document.querySelector(".is-busy, [data-leaving]")) throw new Error("leaving");
      // logged out, or what the page is about was removed: let the page itself find the way there, and touch nothing
      // until then
      location.reload();
      return new Promise(() => {});
    }
    if (!answer.ok) throw new Error(`answer ${answer.status}`);
    return answer.text();
  }

  async function fetchRows(container, rows) {
    const url = new URL(container.dataset.rowsUrl, location.href);
    const opened = new Set(new URLSearchParams(location.search).getAll("open"));
    for (const row of rows) {
      url.searchParams.append("id", ownId(row));
      if (opened.has(ownId(row))) url.searchParams.append("open", ownId(row));
    }
    const fresh = new Map(inFragment(await fetched(url)).map((element) => [element.id, element]));
    for (const row of rows) {
      if (fresh.has(row.id)) await morph(row, fresh.get(row.id));
      else gone(row);
    }
  }

  async function fetchPage() {
    clearTimeout(pageTimer);
    pageTimer = undefined;
    const parts = [...stale];
    stale.clear();
    pageAt = Date.now();
    const page = panel.parse(await fetched(location.href));
    for (const part of parts) {
      const fresh = page.getElementById(part);
      const old = document.getElementById(part);
      if (old && fresh) await morph(old, fresh);
    }
    panel.tick();
  }

  // Counting a whole list again costs the panel more than a row: at once, but not more often than every few seconds.
  function pageSoon(parts) {
    for (const part of parts) stale.add(part.id);
    if (!stale.size) return;
    const wait = Math.max(0, pageAt + pageEvery - Date.now());
    pageTimer ??= setTimeout(() => fetchPage().catch(later), wait);
  }

  const rowsOf = (key) => 
    [...document.querySelectorAll(`:is([data-live~="${CSS.escape(key)}"], #${CSS.escape(key.replace(":", "-"))}[data-live=""]):not(.is-gone)`)];
  const about = (element, name, kinds) => element.dataset[name].split(" ").some((kind) => kinds.has(kind));
  const kindOf = (key) => key.split(":")[0];

  function pageParts(keys, unseen) {
    const changed = new Set(keys.map(kindOf));
    const fresh = new Set(unseen.map(kindOf));
    return [
      ...[...document.querySelectorAll("[data-live-page]")].filter((part) => about(part, "livePage", changed)),
      ...[...document.querySelectorAll("[data-live-list]")].filter((part) => about(part, "liveList", fresh)),
    ];
  }

  async function refetch(rows) {
    const sets = Map.groupBy([...new Set(rows)].filter((row) => row.closest("[data-rows-url]")), (row) => row.closest("[data-rows-url]"));
    for (const [container, all] of sets) {
      for (let start = 0; start < all.length; start += 50) await fetchRows(container, all.slice(start, start + 50));
    }
    panel.tick();
  }

  async function flush() {
    timer = undefined;
    if (busy) return;
    busy = true;
    const keys = [...waiting];
    waiting.clear();
    try {
      const seen = new Map(keys.map((key) => [key, rowsOf(key)]));
      pageSoon(pageParts(keys, keys.filter((key) => !seen.get(key).length)));
      await refetch([...seen.values()].flat());
      failures = 0;
    } catch {
      keys.forEach((key) => waiting.add(key));
      failures += 1;
    }
    busy = false;
    if (waiting.size) soon();
  }

  const pause = () => Math.min(30000, 1000 * 2 ** failures);
  const soon = () => { timer ??= setTimeout(flush, failures ? pause() : 40); };
  const later = () => { failures += 1; setTimeout(resync, pause()); };

  // Everything on the page: after sleep, a gap in the stream, or when nobody knows what was missed.
  function resync() {
    for (const row of document.querySelectorAll("[data-live]")) waiting.add(keyOf(row));
    pageSoon(document.querySelectorAll("[data-live-page], [data-live-list]"));
    tellOthers(null);
    soon();
  }

  // --- the stream -------------------------------------------------------------------------------
  function hear(event) {
    alive(event);
    const { changed } = JSON.parse(event.data);
    for (const [kind, id] of changed) waiting.add(`${kind}:${id}`);
    tellOthers(changed);
    soon();
  }

  // Other scripts of the page: what changed, or null when nobody knows what was missed.
  const tellOthers = (changed) => document.dispatchEvent(new CustomEvent("panel:changed", { detail: changed }));

  function alive(event) {
    if (event.lastEventId) last = event.lastEventId;
    lostAt = 0;
    say();
  }

  function lost() {
    lostAt ||= Date.now();
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(retry);
    failures += 1;
    retry = setTimeout(connect, pause());
  }

  function connect() {
    source?.close();
    beat = 0;
    source = new EventSource(`${liveUrl}?last=${encodeURIComponent(last)}`);
    source.addEventListener("open", (event) => { failures = 0; alive(event); });
    source.addEventListener("message", hear);
    source.addEventListener("resync", (event) => { alive(event); resync(); });
    source.addEventListener("tick", (event) => { beat = Date.now(); seen(JSON.parse(event.data).seen); alive(event); });
    source.addEventListener("error", lost);
  }

  // How many seconds ago there could last have been news, as the server says; null if nobody can tell.
  function seen(seconds) {
    if (seconds === null) return;
    late = seconds > lateAfter;
    if (late && !lostAt) at(Date.now() - seconds * 1000);
  }

  const at = (time) => fresh?.querySelector("time").setAttribute("datetime", new Date(time).toISOString());

  // A blink is not worth a word; three seconds without the stream are. The time is for the eye: it is said once.
  function say() {
    const now = lostAt && Date.now() - lostAt > 3000 ? "lost" : late ? "late" : "live";
    if (!fresh || now === state) return;
    if (now === "lost") at(lostAt);
    state = fresh.dataset.state = now;
    const said = document.getElementById("fresh-said");
    said.textContent = said.dataset[now];
    panel.tick();
  }

  // A machine that slept, or a network that went away without a word, leaves a stream that looks open and is dead.
  function watch() {
    const slept = Date.now() - awake > 20000;
    const silent = beat && Date.now() - beat > 60000;
    awake = Date.now();
    say();
    if (silent) lostAt ||= beat;
    if (slept || silent) connect();
  }

  // --- "+": opens a row in place, and the address remembers it -----------------------------------
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[aria-expanded]");
    const row = link?.closest("[data-live]");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey || !row.closest("[data-rows-url]")) return;
    event.preventDefault();
    const here = new URL(location.href);
    const others = here.searchParams.getAll("open").filter((id) => id !== ownId(row));
    here.searchParams.delete("open");
    if (link.getAttribute("aria-expanded") !== "true") others.push(ownId(row));
    others.forEach((id) => here.searchParams.append("open", id));
    history.replaceState(history.state, "", here);
    await refetch([row]).catch(() => location.assign(link.href));
  });

  if (!liveUrl) return;
  connect();
  setInterval(watch, 2000);
  addEventListener("online", connect);
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && lostAt) connect(); });
})();
