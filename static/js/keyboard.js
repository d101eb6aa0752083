// Single keys. A row is reached by putting the focus into it, so that Enter, screen readers and the eye agree where
// one is. They can be switched off, because somebody who dictates would press them by speaking.
"use strict";

(() => {
  const help = document.getElementById("keys");
  const box = document.getElementById("keys-on");
  const off = () => localStorage.getItem("keys") === "off";
  const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

  const rows = () => [...document.querySelectorAll(".table > tbody[data-live]:not(.is-gone)")];
  const current = () => document.activeElement.closest(".table > tbody[data-live]");

  function go(step) {
    const all = rows();
    const row = all[current() ? all.indexOf(current()) + step : 0];
    const place = row?.querySelector("a[aria-expanded]") ?? row?.querySelector("th a, td a");
    place?.focus();
    row?.scrollIntoView({ block: "nearest" });
  }

  function search(key) {
    const field = document.querySelector(`input[data-key="${key}"]`) ?? document.querySelector("input[data-key]");
    if (!field) return;
    if (!field.checkVisibility()) return document.querySelector(".top__find")?.click();
    field.focus();
    field.select();
  }

  const does = {
    "/": () => search("/"),
    g: () => search("g"),
    j: () => go(1),
    k: () => go(-1),
    x: () => current()?.querySelector("input[name=vm]")?.click(),
    o: () => current()?.querySelector("th a")?.click(),
    "?": () => help.togglePopover(),
  };

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (key === "Escape" && target.matches("input[data-key]")) return target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (off() || typing(target) || !Object.hasOwn(does, key) || document.querySelector("dialog:modal")) return;
    event.preventDefault();
    does[key]();
  });

  box.checked = !off();
  box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
})();
