// Formulas arrive as LaTeX; KaTeX, from this folder, puts type in their place.
for (const place of document.querySelectorAll(".math")) {
  katex.render(place.textContent, place, { displayMode: place.tagName === "DIV", throwOnError: false });
}
