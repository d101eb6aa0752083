// Ticked rows and the bar under the list. Without this the bar is always there and its buttons do the same.
// [data-tick-all] ticks the whole page; a click with Shift ticks everything since the last one.
"use strict";

(() => {
  const part = document.querySelector("#my-vms") ?? document.getElementById("sheet");
  if (!part) return;
  // the bar comes and goes with the rights of whoever looks
  const bar = () => document.getElementById("bulk");
  const allOf = (form) => form.querySelector("[name=all]");
  const number = new Intl.NumberFormat(document.documentElement.lang || "en");
  const boxes = () => [...document.querySelectorAll("input[name=vm][form=bulk]")];
  const heads = () => document.querySelectorAll("[data-tick-all]");
  let lastTouched;

  function tell() {
    const form = bar();
    if (!form) return;
    const all = allOf(form);
    const count = form.querySelector("[data-ticked]");
    const ticked = boxes().filter((box) => box.checked).length;
    const total = Number(form.dataset.total);
    form.classList.toggle("is-on", ticked > 0 || all.checked);
    all.closest("label").hidden = total <= boxes().length && !all.checked;
    const text = number.format(all.checked ? total : ticked);
    if (count.textContent !== text) count.textContent = text;
    for (const head of heads()) {
      head.checked = ticked > 0 && ticked === boxes().length;
      head.indeterminate = ticked > 0 && !head.checked;
    }
  }

  function tick(these, checked) {
    for (const box of these) box.checked = checked;
    if (!checked) allOf(bar()).checked = false;
    tell();
  }

  document.addEventListener("change", ({ target }) => {
    if (target.matches("#bulk [name=all]")) tick(boxes(), target.checked);
    else if (target.matches("[data-tick-all]")) tick(boxes(), target.checked);
    else if (target.matches("input[name=vm][form=bulk]")) {
      if (!target.checked) allOf(bar()).checked = false;
      tell();
    }
  });

  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("input[name=vm][form=bulk]");
    if (!box) return;
    const every = boxes();
    const [from, to] = [every.indexOf(lastTouched), every.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) tick(every.slice(from, to + 1), box.checked);
    lastTouched = box;
  });

  document.addEventListener("reset", (event) => {
    if (event.target !== bar()) return;
    event.preventDefault();
    tick(boxes(), false);
  });

  document.addEventListener("keydown", (event) => {
    const elsewhere = event.defaultPrevented || document.querySelector("dialog[open], :popover-open");
    if (event.key === "Escape" && !elsewhere && bar()?.classList.contains("is-on") && !event.target.matches("input[type=search]")) {
      tick(boxes(), false);
    }
  });

  // rows come and go by themselves; a page that is taken out of the cache still has its ticks
  new MutationObserver(tell).observe(part, { childList: true, subtree: true });
  addEventListener("pageshow", tell);
  tell();
})();
