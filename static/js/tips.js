// One tool-tip for the whole page: what a button without a word does, why one is off, what a status means. It comes on
// hover, focus and touch, stays while the pointer or the focus is in it, and goes with Escape. What it says stands on the
// page once (#tips); rows only point there. Without this a button that is off opens its reason by itself.
"use strict";

(() => {
  const words = document.getElementById("tips")?.dataset ?? {};
  const status = ".status:is([data-state], [data-since])";
  const having = `button[popovertarget][aria-disabled], .act[aria-label], .acts > *, ${status}`;
  const [patience, grace, gap] = [250, 250, 6];
  const clock = (options) => new Intl.DateTimeFormat(document.documentElement.lang || "en", options);
  const main = document.getElementById("main");
  const tip = main.appendChild(Object.assign(document.createElement("div"), { id: "tip", className: "tip", popover: "manual" }));
  let shown, wanted, timer, dismissed;

  // --- what it says -------------------------------------------------------------------------------
  const textOf = (id) => document.getElementById(id)?.textContent ?? "";
  const stateOf = (element) => (element.closest("[data-live]") ?? main).querySelector(status);
  // most say no more than what they look like
  const nameOf = ({ dataset, className }) => dataset.state ?? className.match(/status--(\S+)/)[1];

  function holdersOf(element, slot) {
    const holders = stateOf(element)?.querySelectorAll(slot ? `[data-by="${slot}"]` : "[data-by]") ?? [];
    return [...holders].map((holder) => holder.textContent);
  }

  function since(status) {
    if (!status.dataset.since) return "";
    const at = new Date(status.dataset.since * 1000);
    const today = at.toDateString() === new Date().toDateString();
    return words.since.replace("{}", clock(today ? { timeStyle: "short" } : { dateStyle: "short", timeStyle: "short" }).format(at));
  }

  // a note follows the status in its row; here it stands by itself. Nothing else is changed: a name may come first
  const sentence = (note) => note.slice(0, 1).toLocaleUpperCase(document.documentElement.lang || "en") + note.slice(1);

  function whyOff(button) {
    const reason = document.getElementById(button.getAttribute("popovertarget"));
    const holders = reason.dataset.by ? holdersOf(button, reason.dataset.by) : [];
    return holders.length && "instead" in reason.dataset ? holders : [reason.textContent, ...holders];
  }

  function saidOf(element) {
    const label = element.getAttribute("aria-label") ?? element.textContent;
    if (element.matches("[popovertarget][aria-disabled]")) {
      return { title: words.off.replace("{}", label), lines: whyOff(element), state: stateOf(element) };
    }
    if (element.matches(".act, .acts > *")) return element.matches(".acts--words *") ? null : { title: label, lines: [] };
    const note = element.querySelector(".status__note")?.textContent ?? "";
    const lines = [textOf(`is-${nameOf(element).split("-")[0]}`), sentence(note), ...holdersOf(element), since(element)];
    return lines.some(Boolean) ? { title: element.querySelector(".status__text").textContent, lines, state: element } : null;
  }

  // A person who hears the page is told the same as one who sees the tool-tip.
  function describe() {
    for (const button of document.querySelectorAll("button[popovertarget][aria-disabled]")) {
      const text = whyOff(button).join(" ");
      if (button.getAttribute("aria-description") !== text) button.setAttribute("aria-description", text);
    }
  }

  function address(state) {
    const mode = state.dataset.mode ? `?mode=${encodeURIComponent(state.dataset.mode)}` : "";
    const kind = state.closest("[data-kind]")?.dataset.kind ?? words.kind;
    return `${words.url}${mode}#${kind}-${nameOf(state)}`;
  }

  const part = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });

  function fill() {
    const said = shown.isConnected && saidOf(shown);
    if (!said) return hide();
    const { title, lines, state } = said;
    const parts = [part("b", title), ...lines.filter(Boolean).map((line) => part("p", line))];
    if (words.url && state) parts.push(part("a", words.link, { href: address(state) }));
    const same = parts.length === tip.children.length && parts.every((one, i) => one.isEqualNode(tip.children[i]));
    if (!same) tip.replaceChildren(...parts);
    place();
  }

  function place() {
    const at = shown.getBoundingClientRect();
    const [width, height] = [tip.offsetWidth, tip.offsetHeight];
    const above = at.top - height - gap;
    tip.style.top = `${above > 0 ? above : at.bottom + gap}px`;
    const left = at.left + Math.min(at.width, width) / 2 - width / 2;
    tip.style.left = `${Math.max(gap, Math.min(left, document.documentElement.clientWidth - width - gap))}px`;
  }

  // --- when it comes and goes -----------------------------------------------------------------------
  function show(element) {
    clearTimeout(timer);
    if (shown !== element) hide();
    if (!saidOf(element)) return;
    shown = element;
    // whoever opens it is where the Tab key comes from and goes back to
    if (!tip.matches(":popover-open")) tip.showPopover({ source: element });
    fill();
  }

  function hide() {
    clearTimeout(timer);
    shown = wanted = undefined;
    if (tip.matches(":popover-open")) tip.hidePopover();
  }

  const holdsFocus = () => tip.contains(document.activeElement) || (shown === document.activeElement && shown.matches(":focus-visible"));

  document.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType === "touch") return;
    const element = target.closest?.(having);
    if (element !== dismissed) dismissed = undefined;
    if (element === wanted || element === dismissed && element) return;
    clearTimeout(timer);
    wanted = element;
    if (tip.contains(target)) return;
    if (element) timer = setTimeout(show, element === shown ? 0 : patience, element);
    else if (shown && !holdsFocus()) timer = setTimeout(hide, grace);
  });
  document.documentElement.addEventListener("pointerleave", () => { if (shown && !holdsFocus()) hide(); });

  document.addEventListener("focusin", ({ target }) => {
    if (tip.contains(target)) return clearTimeout(timer);
    const element = target.closest?.(having);
    if (element && element === target && element !== dismissed && element.matches(":focus-visible")) show(element);
    else if (shown && shown !== element) hide();
  });
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    if (target === dismissed) dismissed = undefined;
    if (shown && !relatedTarget && (target === shown || tip.contains(target))) hide();
  });

  // A button that is off, and a status, answer a touch; and a button that is off answers a click and the Enter key.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[popovertarget][aria-disabled]");
    if (button) event.preventDefault();
    const element = button ?? (event.target.closest?.("a, button, input, label") ? null : event.target.closest?.(status));
    if (element) show(element);
    else if (shown && !tip.contains(event.target)) hide();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !shown) return;
    event.preventDefault();
    event.stopPropagation();
    dismissed = shown;
    if (tip.contains(document.activeElement)) shown.focus();
    hide();
  }, true);

  addEventListener("scroll", () => { if (shown) place(); }, { capture: true, passive: true });
  addEventListener("resize", () => { if (shown) place(); });
  setInterval(() => { if (shown) fill(); }, 1000);

  describe();
  let due;
  new MutationObserver(() => {
    due ??= requestAnimationFrame(() => { due = undefined; describe(); });
  }).observe(main, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["popovertarget", "aria-description"] });
})();
