// The form of a schedule: when it would run next, and what would be kept, as one types. Without this a button shows the
// same. Lists of machines can be searched.
"use strict";

(() => {
  const form = document.querySelector("form[data-schedule]");
  if (!form) return;
  const TOLD = /^(rhythm|time|weekday|day|keep_\w+)$/;
  const patience = 200;
  let timer, asking;

  // A later question makes the answers to earlier ones worthless.
  async function tell() {
    asking?.abort();
    asking = new AbortController();
    const entered = [...new FormData(form)].filter(([name]) => TOLD.test(name));
    try {
      const address = `${form.dataset.schedule}?${new URLSearchParams(entered)}`;
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: asking.signal });
      if (!answer.ok || answer.redirected) throw new Error(`answer ${answer.status}`);
      for (const told of panel.parse(await answer.text()).querySelectorAll("[data-words]")) {
        const shown = form.querySelector(`[data-words="${told.dataset.words}"]`);
        // it is read aloud only when it is another
        if (told.textContent.trim() !== shown.textContent.trim()) shown.replaceChildren(...told.childNodes);
      }
    } catch (error) {
      if (error.name !== "AbortError") panel.toast(panel.words.unreachable, "error");
    }
  }

  form.addEventListener("input", ({ target }) => {
    if (!TOLD.test(target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(tell, patience);
  });

  // What is ticked stays in sight, whatever is searched.
  for (const list of form.querySelectorAll("[data-pick]")) {
    const search = list.querySelector("[type=search]");
    if (!search) continue;
    search.hidden = false;
    search.addEventListener("input", () => {
      const text = search.value.trim().toLowerCase();
      for (const row of list.querySelectorAll("li")) {
        row.hidden = !row.querySelector("input").checked && !row.textContent.toLowerCase().includes(text);
      }
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }
})();
