"use strict";
(() => {
  const table = document.getElementById("table");
  if (!table) return;

  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const search = document.getElementById("search");
  const selects = Array.from(document.querySelectorAll("[data-filter]"));
  const shown = document.getElementById("shown");
  const noMatch = document.getElementById("no-match");
  const fold = document.getElementById("fold");
  // What rows are filtered and sorted by: numbers, in the order of the controls' choices.
  const keys = new Map(
    rows.map((row, at) => {
      const numbers = { at };
      for (const name in row.dataset) numbers[name] = Number(row.dataset[name]);
      return [row, numbers];
    }),
  );
  let texts = null;

  const filter = () => {
    // Made for the first search: most visits need none.
    if (search.value && !texts) texts = rows.map((row) => row.textContent.toLowerCase());
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = selects
      .filter((select) => select.value !== "")
      .map((select) => [select.dataset.filter, Number(select.value)]);
    let number = 0;
    for (const [row, numbers] of keys) {
      const matches =
        chosen.every(([name, value]) => numbers[name] === value) &&
        words.every((word) => texts[numbers.at].includes(word));
      row.hidden = !matches;
      number += matches;
    }
    table.hidden = !number;
    noMatch.hidden = number > 0;
    shown.textContent = [number, rows.length].map((n) => n.toLocaleString("en")).join(" of ") + " shown";
  };

  const clear = () => {
    search.value = "";
    selects.forEach((select) => { select.value = ""; });
    filter();
  };

  const sort = (heading) => {
    const key = heading.dataset.sort;
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const sign = descending ? -1 : 1;
    const sorted = Array.from(keys).sort(
      ([, one], [, other]) => sign * (one[key] - other[key]) || one.at - other.at,
    );
    body.replaceChildren(...sorted.map(([row]) => row));
  };

  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sort(heading));
  }

  search.addEventListener("input", filter);
  selects.forEach((select) => select.addEventListener("change", filter));
  document.getElementById("clear").addEventListener("click", () => {
    clear();
    search.focus();
  });

  fold.addEventListener("click", () => {
    const open = fold.dataset.open === undefined;
    rows.forEach((row) => {
      if (!row.hidden) row.querySelector("details").open = open;
    });
    if (open) fold.dataset.open = "";
    else delete fold.dataset.open;
    fold.textContent = open ? "Close all details" : "Open all details";
  });

  // A number of the chart leads to its findings.
  document.querySelectorAll(".chart a").forEach((link) => {
    link.addEventListener("click", () => {
      clear();
      selects.forEach((select) => { select.value = link.dataset[select.dataset.filter] ?? ""; });
      filter();
    });
  });

  document.getElementById("filters").hidden = false;
  // Browsers fill in again what was chosen before the page was loaded anew.
  filter();
})();
