// Who may use a machine: what is typed is searched at once, and only the list of those found changes. Search and Give
// bring the rest of the form anew, with all that was ticked and chosen; Save is left to the browser, or to the dialog.
"use strict";

(() => {
  const patience = 250;
  let timer, asking;

  // A later question makes the answers to earlier ones worthless.
  async function ask(form, submitter) {
    clearTimeout(timer);
    asking?.abort();
    asking = new AbortController();
    const query = new URLSearchParams(new FormData(form, submitter));
    try {
      const address = `${form.getAttribute("action")}?${query}`;
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: asking.signal });
      const page = answer.ok ? panel.parse(await answer.text()).querySelector("form[data-grants]") : null;
      if (!page) panel.toast(panel.words.failed, "error");
      return page;
    } catch (error) {
      if (error.name !== "AbortError") panel.toast(panel.words.unreachable, "error");
      return null;
    }
  }

  const tickedIn = (form) => new Set(new FormData(form).getAll("pick"));

  // Whoever was ticked while the answer was on its way is not in it: then it is asked for once more.
  async function search(form) {
    const asked = tickedIn(form);
    const page = await ask(form);
    if (!page) return;
    const ticked = tickedIn(form);
    if ([...ticked].some((value) => !asked.has(value))) {
      search(form);
      return;
    }
    const focused = document.activeElement?.name === "pick" ? document.activeElement.value : "";
    const boxes = [...page.querySelectorAll("[name=pick]")];
    for (const box of boxes) box.checked = ticked.has(box.value);
    for (const part of ["[data-found]", "[data-said]"]) {
      form.querySelector(part).replaceChildren(...page.querySelector(part).childNodes);
    }
    if (focused) (boxes.find((box) => box.value === focused) ?? form.elements.q).focus();
  }

  // The field keeps the focus and what was typed into it meanwhile.
  async function give(form, submitter) {
    const page = await ask(form, submitter);
    if (!page) return;
    const typed = form.elements.q.value;
    form.replaceChildren(...page.childNodes);
    form.elements.q.value = typed;
    form.elements.q.focus();
  }

  document.addEventListener("input", ({ target }) => {
    const form = target.form;
    if (!form?.matches("[data-grants]") || target.name !== "q") return;
    clearTimeout(timer);
    timer = setTimeout(() => search(form), patience);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-grants]") || event.submitter?.formMethod === "post") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.submitter?.name === "step") give(form, event.submitter);
    else search(form);
  }, true);

  // The dialog puts the focus on Cancel; here one begins by typing.
  const dialog = document.getElementById("dialog");
  new MutationObserver(() => {
    const field = dialog.querySelector("form[data-grants] [autofocus]");
    if (field && !dialog.querySelector("form[data-grants] .field__error")) field.focus();
  }).observe(dialog, { childList: true });
})();
