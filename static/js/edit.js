// The form in which a machine is edited: what was changed and not saved is not lost by a slip.
"use strict";

(() => {
  const form = document.querySelector("form[data-edit]");
  if (!form) return;
  let changed = Boolean(form.querySelector(".is-new"));

  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
})();
