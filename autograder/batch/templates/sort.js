"use strict";
const collator = new Intl.Collator(undefined, { numeric: true });

function key(row, column) {
  const cell = row.cells[column];
  return cell.dataset.sort ?? cell.textContent.trim();
}

function sort(heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const compare = heading.classList.contains("number") ? (one, other) => one - other : collator.compare;
  const body = heading.closest("table").tBodies[0];
  const rows = Array.from(body.rows, (row) => [key(row, heading.cellIndex), row]);
  rows.sort(([one], [other]) => (descending ? compare(other, one) : compare(one, other)));
  body.append(...rows.map(([, row]) => row));
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sort(button.closest("th")));
}
