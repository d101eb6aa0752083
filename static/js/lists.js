// Rows are opened without loading the page anew, so its links know nothing of it: whoever follows one to another
// page, order or filter of the same list takes the opened rows along.
"use strict";

addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="?"]:not([aria-expanded])');
  if (!link) return;
  const url = new URL(link.getAttribute("href"), location.href);
  url.searchParams.delete("open");
  new URLSearchParams(location.search).getAll("open").forEach((id) => url.searchParams.append("open", id));
  link.href = url.search || "?";
}, true);
