// What every page has: messages, buttons that act at once, the guard against a second click,
// relative times, theme and navigation. Everything here improves a page that works without it.
"use strict";

const panel = (() => {
  const root = document.documentElement;
  const toasts = document.getElementById("toasts");
  const words = toasts.dataset;
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");
  // A table's row by itself is only kept inside a table; whatever else comes along moves out before it.
  const parseAny = (html) => parse(/<html/i.test(html) ? html : `<table>${html}</table>`);

  // --- messages -------------------------------------------------------------------------------
  function toast(text, level = "info") {
    const box = document.createElement("div");
    box.className = `alert alert--${level}`;
    const body = document.createElement("div");
    body.className = "alert__body";
    body.textContent = text;
    const close = document.createElement("button");
    close.className = "alert__close";
    close.setAttribute("aria-label", words.close);
    close.textContent = "✕";
    close.addEventListener("click", () => box.remove());
    box.append(body, close);
    toasts.append(box);
    if (level !== "error" && level !== "warning") setTimeout(() => box.remove(), 7000);
  }

  const messagesIn = (page) =>
    [...page.querySelectorAll("#messages > .alert")].map((box) => [box.textContent.trim(), box.dataset.level]);

  // A page we fetched but do not show has used up its messages: show them here, or where we go next.
  const adoptMessages = (page) => messagesIn(page).forEach(([text, level]) => toast(text, level));

  function leaveFor(url, page) {
    if (page) sessionStorage.setItem("messages", JSON.stringify(messagesIn(page)));
    root.dataset.leaving = "";
    location.assign(url);
  }

  JSON.parse(sessionStorage.getItem("messages") || "[]").forEach(([text, level]) => toast(text, level));
  sessionStorage.removeItem("messages");

  // --- a second click does nothing while the first is on its way --------------------------------
  const sent = new Set();
  const keyOf = (form, submitter) => (form.id === "act" ? submitter : form);

  function release(key) {
    sent.delete(key);
    for (const element of [key, ...(key?.querySelectorAll?.(".is-busy") ?? [])]) element?.classList?.remove("is-busy");
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("method") !== "post") return;
    const key = keyOf(form, event.submitter);
    if (sent.has(key)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    sent.add(key);
    event.submitter?.classList.add("is-busy");
  }, true);

  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    delete root.dataset.leaving;
    [...sent].forEach(release);
  });

  // --- buttons of rows: one form, the button says where to, its row takes the answer -------------
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    const button = ctx.request.submitter;
    if (ctx.sourceElement.id !== "act" || !button) return;
    ctx.request.action = button.getAttribute("formaction");
    ctx.button = button;
    const row = button.closest("[data-live]");
    ctx.row = row?.id;
    if (row) ctx.target = row;
    // an opened row comes back opened
    const opened = row?.querySelector('a[aria-expanded="true"]');
    if (opened) ctx.request.action += opened.search;
  });

  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement.id !== "act") return;
    const page = parseAny(ctx.text);
    const answered = ctx.row && page.getElementById(ctx.row);
    if (!answered && ctx.response.raw.redirected && new URL(ctx.response.raw.url).pathname !== location.pathname) {
      event.preventDefault();
      leaveFor(ctx.response.raw.url, page);
      return;
    }
    adoptMessages(page);
    if (answered) ctx.text = answered.outerHTML;
    else event.preventDefault();
    if (ctx.response.status >= 400 && !answered && !messagesIn(page).length) toast(words.failed, "error");
  });

  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    release(ctx.button ?? ctx.sourceElement);
    tick();
  });
  document.addEventListener("htmx:error", () => toast(words.unreachable, "error"));

  // --- a form that stays where it is: form[data-stays] is answered by messages ---------------------
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-stays]") || event.defaultPrevented) return;
    event.preventDefault();
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", headers: { "HX-Request": "true" }, body: new FormData(form) });
      const page = parse(await answer.text());
      adoptMessages(page);
      if (!answer.ok && !messagesIn(page).length) toast(words.failed, "error");
    } catch {
      toast(words.unreachable, "error");
    }
    release(form);
  });

  // --- relative times: <time datetime="..." data-relative> --------------------------------------
  const relative = new Intl.RelativeTimeFormat(root.lang || "en", { numeric: "auto", style: "narrow" });
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

  function tick() {
    const now = Date.now();
    renumber();
    for (const time of document.querySelectorAll("time[data-relative]")) {
      // clocks differ a little: what just happened never lies in the future
      const seconds = Math.max(0, (now - Date.parse(time.dateTime)) / 1000);
      if (Number.isNaN(seconds)) continue;
      const [unit, size] = units.find(([, length]) => seconds >= length) ?? ["second", 1];
      const text = relative.format(-Math.floor(seconds / size), unit);
      if (time.textContent !== text) time.textContent = text;
    }
  }
  setInterval(tick, 1000);
  tick();

  // --- the number of a row is its place in the list, and only the list knows that -----------------
  function renumber() {
    for (const list of document.querySelectorAll("[data-first]")) {
      let number = Number(list.dataset.first);
      for (const cell of list.querySelectorAll("[data-number]")) {
        const text = (number++).toLocaleString(root.lang);
        if (cell.textContent !== text) cell.textContent = text;
      }
    }
  }

  // --- navigation, theme, pop-overs --------------------------------------------------------------
  const fold = document.getElementById("fold");
  fold.checked = root.classList.contains("nav-toggled");
  fold.addEventListener("change", () => {
    root.classList.toggle("nav-toggled", fold.checked);
    if (innerWidth >= 1120) localStorage.setItem("nav", fold.checked ? "toggled" : "");
  });

  const themes = document.getElementById("menu-theme");
  themes?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = event.submitter.value;
    if (chosen) root.dataset.theme = chosen;
    else delete root.dataset.theme;
    for (const button of themes.querySelectorAll("button")) button.setAttribute("aria-pressed", button.value === chosen);
    themes.hidePopover();
    const body = new FormData(themes, event.submitter);
    await fetch(themes.getAttribute("action"), { method: "POST", body }).catch(() => toast(words.unreachable, "error"));
    release(themes);
  });

  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && innerWidth < 1120 && fold.checked) fold.click();
  });

  return { adoptMessages, leaveFor, parse, release, tick, toast, words };
})();
