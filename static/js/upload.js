// form[data-upload]: the same form, sent with a bar that says how far it is. Whatever the panel answers is what the
// page shows afterwards; a file that is too large is not even sent.
"use strict";

(() => {
  const language = document.documentElement.lang || "en";
  const form = document.querySelector("form[data-upload]");
  if (!form) return;

  const number = (value) => value.toLocaleString(language, { maximumFractionDigits: value < 100 ? 1 : 0 });
  const size = (bytes) => {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    const unit = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
    return `${number(bytes / 1024 ** unit)} ${units[unit]}`;
  };
  const time = (seconds) => (seconds < 100 ? `${number(seconds)} s` : `${number(Math.ceil(seconds / 60))} min`);
  const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

  let request;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = form.querySelector("input[type=file]").files[0];
    for (const part of form.querySelectorAll(".field__error, .alert")) part.remove();
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    if (file && file.size > Number(form.dataset.most)) {
      panel.release(form);
      return panel.toast(form.dataset.tooLarge, "error");
    }
    send(new FormData(form));
  });

  function send(body) {
    const shown = form.querySelector("[data-upload-progress]");
    const said = form.querySelector("[data-upload-said]");
    const line = shown.querySelector("[data-upload-done]");
    const bar = shown.querySelector("progress");
    const began = performance.now();
    let told = -1;
    shown.hidden = false;
    request = new XMLHttpRequest();

    request.upload.addEventListener("progress", ({ loaded, total }) => {
      const speed = loaded / Math.max(0.2, (performance.now() - began) / 1000);
      const percent = Math.floor((100 * loaded) / total);
      bar.value = percent;
      const values = { done: size(loaded), total: size(total), speed: size(speed), left: time(Math.ceil((total - loaded) / speed)) };
      line.textContent = loaded < total ? filled(line.dataset.arriving, values) : line.dataset.checking;
      const quarter = Math.floor(percent / 25);
      if (quarter !== told) said.textContent = `${percent} %`;
      told = quarter;
    });
    request.addEventListener("load", () => arrive(request));
    request.addEventListener("error", () => {
      stop(shown);
      panel.toast(form.dataset.failed, "error");
    });
    request.addEventListener("abort", () => stop(shown));
    request.open("POST", form.action);
    request.send(body);
  }

  function stop(shown) {
    request = undefined;
    shown.hidden = true;
    panel.release(form);
  }

  function arrive({ responseURL, responseText }) {
    request = undefined;
    const page = panel.parse(responseText);
    if (new URL(responseURL).pathname !== location.pathname) return panel.leaveFor(responseURL, page);
    const fresh = page.querySelector("form[data-upload]");
    stop(form.querySelector("[data-upload-progress]"));
    if (!fresh) return panel.toast(panel.words.failed, "error");
    // the file stays chosen: only what is said about the fields comes anew
    for (const error of fresh.querySelectorAll(".field__error")) form.querySelector(`#${error.id.replace(/_error$/, "")}`)?.closest(".field").append(error);
    for (const alert of [...fresh.querySelectorAll(".alert")].reverse()) form.prepend(alert);
    for (const wrong of fresh.querySelectorAll("[aria-invalid=true]")) form.elements[wrong.name].setAttribute("aria-invalid", "true");
    form.querySelector("[aria-invalid=true]")?.focus();
  }

  // --- while it is on its way ---------------------------------------------------------------------
  const warn = (event) => {
    if (request) event.preventDefault();
  };
  addEventListener("beforeunload", warn);

  form.querySelector("[data-upload-cancel]").addEventListener("click", (event) => {
    if (!request) return;
    event.preventDefault();
    request.abort();
  });
})();
