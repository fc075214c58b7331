"use strict";
(() => {
  // Nothing is folded on paper.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    closed.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));

  const panel = document.getElementById("filters");
  if (!panel) return;

  const search = document.getElementById("search");
  const selects = Array.from(document.querySelectorAll("[data-filter]"));
  const shown = document.getElementById("shown");
  const noMatch = document.getElementById("no-match");
  const fold = document.getElementById("fold");
  const rests = document.querySelectorAll(".rest");
  // What is filtered, with the group and the image that it belongs to, whose numbers count as well.
  const leaves = Array.from(document.querySelectorAll(panel.dataset.leaves), (leaf) => {
    const branch = [leaf];
    let parent = leaf.parentElement.closest(".risk, .image");
    for (; parent; parent = parent.parentElement.closest(".risk, .image")) branch.push(parent);
    return { branch, numbers: Object.assign({}, ...branch.map((each) => each.dataset)) };
  });

  const textOf = ({ branch: [leaf, ...above] }) =>
    [leaf, ...above.map((each) => each.querySelector(".head"))]
      .map((each) => each.textContent.toLowerCase()).join(" ");

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = selects
      .filter((select) => select.value !== "")
      .map((select) => [select.dataset.filter, select.value]);
    const visible = new Set();
    let number = 0;
    for (const leaf of leaves) {
      // Made for the first search: most visits need none.
      if (words.length) leaf.text ??= textOf(leaf);
      const matches =
        chosen.every(([name, value]) => leaf.numbers[name] === value) &&
        words.every((word) => leaf.text.includes(word));
      if (!matches) continue;
      number += 1;
      leaf.branch.forEach((each) => visible.add(each));
    }
    for (const { branch } of leaves) {
      branch.forEach((each) => { each.hidden = !visible.has(each); });
    }
    rests.forEach((rest) => { rest.open = words.length + chosen.length > 0; });
    noMatch.hidden = number > 0;
    shown.textContent = [number, leaves.length].map((n) => n.toLocaleString("en")).join(" of ") + " shown";
  };

  const clear = () => {
    search.value = "";
    selects.forEach((select) => { select.value = ""; });
    filter();
  };

  search.addEventListener("input", filter);
  selects.forEach((select) => select.addEventListener("change", filter));
  document.getElementById("clear").addEventListener("click", () => {
    clear();
    search.focus();
  });

  fold?.addEventListener("click", () => {
    const open = fold.dataset.open === undefined;
    document.querySelectorAll(".risk details, .image > details")
      .forEach((details) => { details.open = open; });
    if (open) fold.dataset.open = "";
    else delete fold.dataset.open;
    fold.textContent = open ? "Close all details" : "Open all details";
  });

  // A number or a name elsewhere on the page leads to what it is about.
  document.querySelectorAll("main a").forEach((link) => {
    link.addEventListener("click", () => {
      clear();
      search.value = link.dataset.search ?? "";
      selects.forEach((select) => { select.value = link.dataset[select.dataset.filter] ?? ""; });
      filter();
    });
  });

  panel.hidden = false;
  // Browsers fill in again what was chosen before the page was loaded anew.
  filter();
})();
