// a[data-dialog], and the links among a machine's buttons but for those to a page of its own (data-page): the page behind
// the link asks "are you sure?". Show its [data-dialog-body] in the one dialog, outside every table, so that a row redrawn
// meanwhile does not close it.
"use strict";

(() => {
  const dialog = document.getElementById("dialog");
  let asked = "";

  function show(body) {
    dialog.replaceChildren(body);
    const title = body.querySelector("h1, h2");
    if (title) {
      title.id ||= "ask-title";
      dialog.setAttribute("aria-labelledby", title.id);
    }
    if (!dialog.open) dialog.showModal();
    (body.querySelector("[aria-invalid=true]") ?? body.querySelector("[data-cancel]"))?.focus();
  }

  async function open(url) {
    asked = url;
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" } });
      const body = panel.parse(await answer.text()).querySelector("[data-dialog-body]");
      if (!body) return location.assign(url);
      show(body);
    } catch {
      panel.toast(panel.words.unreachable, "error");
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog], .acts > a:not([data-page])");
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (!link || elsewhere) return;
    event.preventDefault();
    open(link.href);
  });

  dialog.addEventListener("click", (event) => {
    if (!event.target.closest("[data-cancel]")) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => dialog.replaceChildren());

  dialog.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const body = new FormData(form, event.submitter);
    try {
      const answer = await fetch(form.getAttribute("action") || asked, { method: "POST", body });
      arrive(answer, panel.parse(await answer.text()));
    } catch {
      panel.toast(panel.words.unreachable, "error");
    } finally {
      panel.release(form);
    }
  });

  function arrive(answer, page) {
    const again = page.querySelector("[data-dialog-body]");
    if (again) return show(again);
    dialog.close();
    if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return panel.leaveFor(answer.url, page);
    panel.adoptMessages(page);
    panel.adoptRows(page);
    if (!answer.ok) panel.toast(panel.words.failed, "error");
  }
})();
