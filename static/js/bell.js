// The bell: my operations in a pop-over, and a message when one of them ends while I look at any page.
// Without this the bell is a link to the list of operations.
"use strict";

(() => {
  const box = document.getElementById("bell-box");
  if (!box) return;
  const gather = 400, atLeast = 2000;
  let timer, askedAt = 0;

  const kept = (name) => JSON.parse(sessionStorage.getItem(name) || "null");
  const keep = (name, value) => sessionStorage.setItem(name, JSON.stringify(value));
  let since = kept("bell-since") ?? box.dataset.now;
  const told = new Set(kept("bell-told") ?? []);

  async function ask() {
    timer = undefined;
    askedAt = Date.now();
    const url = new URL(box.dataset.url, location.href);
    url.searchParams.set("since", since);
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = panel.parse(await answer.text()).querySelector("[data-now]");
    if (!fresh) return;
    keep("bell-since", (since = fresh.dataset.now));
    fresh.querySelectorAll("[data-news]").forEach(tell);
    if (box.matches(":popover-open")) show(fresh);
  }

  function tell(news) {
    news.remove();
    if (told.has(news.dataset.news)) return;
    told.add(news.dataset.news);
    keep("bell-told", [...told].slice(-100));
    panel.toast(news.textContent, news.dataset.level);
  }

  // the link that has the focus keeps it when the list comes anew
  function show(fresh) {
    const held = box.contains(document.activeElement) && document.activeElement.getAttribute("href");
    box.replaceChildren(...fresh.childNodes);
    if (held) box.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus();
  }

  function soon() {
    const wait = Math.max(gather, askedAt + atLeast - Date.now());
    timer ??= setTimeout(() => ask().catch(() => {}), wait);
  }

  document.addEventListener("panel:changed", ({ detail }) => {
    if (!detail || detail.some(([kind]) => kind === "operation" || kind === "bulk")) soon();
  });

  document.addEventListener("click", async (event) => {
    const bell = event.target.closest("#bell");
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (!bell || elsewhere) return;
    event.preventDefault();
    if (box.matches(":popover-open")) return box.hidePopover();
    box.showPopover({ source: bell });
    try {
      await ask();
      box.querySelector("a")?.focus();
    } catch {
      location.assign(bell.href);
    }
  });

  // a click on the bell itself is ours, not the "elsewhere" that closes a pop-over
  document.addEventListener("pointerdown", (event) => {
    const bell = event.target.closest?.("#bell");
    if (bell && box.matches(":popover-open")) {
      box.hidePopover();
      bell.addEventListener("click", stop, { once: true, capture: true });
    }
  }, true);
  const stop = (event) => { event.preventDefault(); event.stopPropagation(); };

  box.addEventListener("toggle", ({ newState }) => {
    const bell = document.getElementById("bell");
    bell.setAttribute("aria-expanded", String(newState === "open"));
    if (newState === "closed" && box.contains(document.activeElement)) bell.focus();
  });
  document.getElementById("bell").setAttribute("aria-expanded", "false");
  document.getElementById("bell").setAttribute("aria-controls", "bell-box");

  // what ended while the next page was on its way
  if (kept("bell-since")) soon();
  else keep("bell-since", since);
})();
