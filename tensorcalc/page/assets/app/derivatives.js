// The answer to a derivative: its forms, and behind tabs its steps, code, LaTeX and diagram.

import { copyButton } from "./copying.js";
import { make } from "./dom.js";
import { python } from "./highlight.js";
import { maths, nameLatex, quotientLatex } from "./maths.js";
import { FORMS } from "./requests.js";
import { tabs } from "./tabs.js";

const TITLES = { matrix: "Matrix", index: "Index", kronecker: "Kronecker", einsum: "einsum" };
const LIBRARIES = { numpy: "NumPy", jax: "JAX", torch: "PyTorch" };

/** `m × n`, or what a number is called. */
export const shapeText = (shape) => shape.join(" × ") || "a number";

/** `∂C/∂X` out of `D_ijpq = ∂C_ij/∂X_pq · …`. */
function quotient(convention) {
  const line = convention.split(" · ").find((part) => part.includes("∂")) ?? "";
  return line.split(" = ").at(-1).replace(/_(\{[^}]*\}|[\p{L}\p{N}]+)/gu, "");
}

function quotientTitle(text) {
  return make("h2", { class: "quotient", "aria-label": text }, maths(quotientLatex(text), text));
}

/** All forms of a derivative that it has. */
export function derivative(answer) {
  const there = FORMS.filter((form) => answer[form] !== null);
  const missing = FORMS.filter((form) => answer[form] === null).map((form) => TITLES[form].replace("Matrix", "matrix").replace("Index", "index"));
  return make("div", { class: "card" },
    make("div", { class: "card-head" },
      quotientTitle(quotient(answer.convention)),
      make("span", { class: "shape" }, shapeText(answer.shape)),
      answer.formula?.latex ? make("div", { class: "asked" }, maths(answer.formula.latex, "")) : ""),
    there.map((form) => formRow(form, answer[form], answer.latex?.[form] ?? null)),
    whereRows(answer.where, answer.formula?.where ?? {}),
    (answer.notes ?? []).map((note) => make("p", { class: "note" }, note)),
    missing.length ? make("p", { class: "note" }, `This derivative has no ${missing.join(" and no ")} form.`) : "",
    make("p", { class: "convention" }, answer.convention));
}

function formRow(form, text, latex) {
  return make("section", { class: "form", "data-form": form, "aria-label": `${TITLES[form]} form` },
    make("h3", {}, TITLES[form]),
    make("div", { class: "form-body" }, latex ? maths(latex, "") : "", make("code", { class: latex ? "plain" : "plain alone" }, text)),
    copyButton(`the ${TITLES[form]} form`, () => text));
}

function whereRows(where, latex) {
  const names = Object.keys(where);
  return names.length ? make("section", { class: "form where", "aria-label": "Where" },
    make("h3", {}, "where"),
    make("div", { class: "form-body" }, names.map((name) => make("div", { class: "where-row" },
      latex[name] ? maths(`${nameLatex(name)} = ${latex[name]}`, "") : "", make("code", { class: "plain" }, `${name} = ${where[name]}`)))),
    copyButton("the where-list", () => names.map((name) => `${name} = ${where[name]}`).join("; "))) : "";
}

/** A step: the line, and the rule that leads to it. */
export function stepItem(step) {
  return make("li", {}, maths(step.latex, step.text),
    make("p", { class: "rule" }, make("span", { class: "rule-name" }, step.rule), make("span", { class: "rule-statement" }, step.statement),
      step.reference ? make("span", { class: "reference" }, step.reference.replace(/^MC /, "Matrix Cookbook ")) : ""));
}

/** Steps as a list, with their LaTeX to copy. */
export function stepList(steps) {
  const latex = () => `\\begin{gather*}\n${steps.map((step) => step.latex).join(" \\\\\n")}\n\\end{gather*}`;
  return [make("div", { class: "pane-tools" }, copyButton("all steps as LaTeX", latex)), make("ol", { class: "steps" }, steps.map(stepItem))];
}

/** What stands behind a tab. */
export const PANES = {
  steps: (answer) => stepList(answer.steps),
  code: (answer, state, changed) => codePane(answer.code, state, changed),
  latex: (answer) => latexPane(answer),
  diagram: (answer) => diagramPane(answer.diagram),
};

function codePane(code, state, changed) {
  const place = make("div", { id: "code-panel", role: "tabpanel", "aria-labelledby": `library-${state.library}` });
  const show = (library) => {
    const source = code[library];
    place.setAttribute("aria-labelledby", `library-${library}`);
    place.replaceChildren(source ? make("div", { class: "block" }, copyButton(`the ${LIBRARIES[library]} module`, () => source), python(source))
      : make("p", { class: "note" }, `${LIBRARIES[library]} does not have a function of this derivative.`));
  };
  const buttons = Object.entries(LIBRARIES).map(([key, title]) =>
    make("button", { type: "button", role: "tab", id: `library-${key}`, "data-key": key, "aria-controls": "code-panel" }, title));
  const choose = tabs(buttons, (button) => button.dataset.key, (library) => {
    changed(library);
    show(library);
  });
  const library = Object.hasOwn(LIBRARIES, state.library) ? state.library : "numpy";
  choose(library);
  show(library);
  return [make("div", { class: "small-tabs", role: "tablist", "aria-label": "Library" }, buttons), place];
}

function latexPane(answer) {
  const rows = Object.entries(answer.latex).filter(([, text]) => text !== null);
  return rows.map(([form, text]) => make("div", { class: "block" }, make("h3", {}, TITLES[form]), copyButton(`the LaTeX of the ${TITLES[form]} form`, () => text),
    make("pre", { class: "code", tabindex: "0", role: "group", "aria-label": `LaTeX, ${TITLES[form]} form` }, make("code", {}, text))));
}

/** A drawing in the colours of the page, as a picture: whatever is in it, nothing of it runs. */
function diagramPane(svg) {
  const drawing = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  const words = [...drawing.querySelectorAll(":scope > title, :scope > desc")].map((element) => element.textContent.trim());
  drawing.setAttribute("color", getComputedStyle(document.documentElement).getPropertyValue("--ink").trim());
  const image = make("img", { class: "diagram", alt: words.join(". ") || "The derivative as a tensor network" });
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  image.src = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(drawing)], { type: "image/svg+xml" }));
  return [make("div", { class: "pane-tools" }, copyButton("the diagram as SVG", () => svg)),
    make("div", { class: "diagram-place", tabindex: "0", role: "group", "aria-label": "Diagram" }, image)];
}
