// The form that makes VMs from another machine: only the storage pools of the chosen node, and the names as they
// will be. Without this every pool stands under its node, and the next page shows the names.
"use strict";

(() => {
  const form = document.querySelector("form[data-copying]");
  if (!form) return;
  const { name, count, first, node, pool } = form.elements;
  const preview = form.querySelector("[data-names]");
  const COUNTER = /%(?:0([1-9]))?d/;
  const SHOWN = 4;

  function offerPools() {
    for (const group of pool.querySelectorAll("optgroup")) group.hidden = group.disabled = group.label !== node.value;
    if (!pool.selectedOptions[0]?.parentElement.disabled) return;
    pool.value = pool.querySelector("optgroup:not([disabled]) option")?.value ?? "";
  }

  function names() {
    const pattern = name.value.trim();
    const begin = Number(first.value);
    const number = Math.min(Number(count.value), Number(count.max));
    if (!COUNTER.test(pattern) || !Number.isInteger(begin) || !Number.isInteger(number)) return [];
    return Array.from({ length: Math.max(number, 0) }, (_, offset) =>
      pattern.replace(COUNTER, (_whole, width) => String(begin + offset).padStart(Number(width ?? 0), "0")));
  }

  function tellNames() {
    const all = names();
    const shown = all.length > SHOWN ? [...all.slice(0, SHOWN - 1), "…", all.at(-1)] : all;
    preview.textContent = shown.join(", ");
    preview.parentElement.hidden = !all.length;
  }

  node.addEventListener("change", offerPools);
  form.addEventListener("input", tellNames);
  offerPools();
  tellNames();
})();
