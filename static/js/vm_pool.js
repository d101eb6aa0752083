// The choice of a pool in a form: what it limits and fills in is taken over at once. Without this a button does so.
"use strict";

for (const part of document.querySelectorAll("[data-takes-over]")) {
  const button = part.querySelector("button");
  button.hidden = true;
  part.addEventListener("change", () => button.form.requestSubmit(button));
}
