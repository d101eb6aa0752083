// The table of states is one stop of the Tab key; the arrow keys go from reason to reason inside it.
"use strict";

(() => {
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

  function next(table, cell, [down, right]) {
    let [row, column] = [cell.parentElement.rowIndex + down, cell.cellIndex + right];
    while (table.rows[row]?.cells[column]) {
      const button = table.rows[row].cells[column].querySelector("button");
      if (button) return button;
      [row, column] = [row + down, column + right];
    }
    return null;
  }

  for (const table of document.querySelectorAll(".matrix")) {
    const buttons = [...table.querySelectorAll("td button")];
    const only = (one) => buttons.forEach((button) => { button.tabIndex = button === one ? 0 : -1; });
    only(buttons[0]);
    table.addEventListener("focusin", ({ target }) => { if (target.matches("td button")) only(target); });
    table.addEventListener("keydown", (event) => {
      const cell = event.target.closest("td");
      const button = cell && steps[event.key] && next(table, cell, steps[event.key]);
      if (!button) return;
      event.preventDefault();
      button.focus();
    });
  }
})();
