// Typeset mathematics, by KaTeX, in elements.

import { make } from "./dom.js";

const LONGEST = 6000; // characters of LaTeX; more takes longer to typeset than anybody reads
const OPTIONS = { displayMode: true, throwOnError: true, strict: "ignore", trust: false, maxExpand: 20000, maxSize: 40 };

/** LaTeX as an element that scrolls by itself where it is wide; the text in its place where KaTeX cannot. */
export function maths(latex, text = latex) {
  const element = make("div", { class: "maths" });
  try {
    if (latex.length <= LONGEST) {
      window.katex.render(latex, element, OPTIONS);
      return element;
    }
  } catch {
    // What KaTeX does not know is shown as text.
  }
  element.replaceChildren(...(text ? [make("code", { class: "plain" }, text)] : []));
  return element;
}

/** Numbers in nested lists as LaTeX: a number, a column, a matrix; null for what has more axes. */
export function numbersLatex(value) {
  if (!Array.isArray(value)) {
    return numberLatex(value);
  }
  if (!value.some(Array.isArray)) {
    return matrixLatex(value.map((entry) => [entry]));
  }
  return value.every((row) => Array.isArray(row) && !row.some(Array.isArray)) ? matrixLatex(value) : null;
}

/** A number with as many digits as tell it from others. */
export function numberText(value) {
  return typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(6))) : String(value);
}

function numberLatex(value) {
  const [digits, exponent] = numberText(value).split("e");
  return exponent ? `${digits} \\cdot 10^{${Number(exponent)}}` : digits;
}

function matrixLatex(rows) {
  return `\\begin{bmatrix} ${rows.map((row) => row.map(numberLatex).join(" & ")).join(" \\\\ ")} \\end{bmatrix}`;
}

const POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `∂²f/∂x∂x` as a fraction. */
export function quotientLatex(text) {
  const parts = text.split("/").map((part) => part
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g, (digits) => `^${[...digits].map((digit) => POWERS.indexOf(digit)).join("")}`)
    .replace(/\^(\d+)|(vech?)(?=\()|(\p{L}[\p{L}\d]*)|∂/gu, (all, power, vec, name) =>
      (power ? `^{${power}}` : vec ? `\\operatorname{${vec}}` : name ? nameLatex(name) : "\\partial ")));
  return parts.length === 2 ? `\\frac{${parts[0]}}{${parts[1]}}` : parts.join("/");
}

/** A name as it is set in a formula: `W1` with an index, long names upright. */
export function nameLatex(name) {
  const [, letters, digits] = /^(\p{L}+?)(\d*)$/u.exec(name) ?? [null, name, ""];
  const base = letters.length === 1 ? letters : `\\mathrm{${letters}}`;
  return digits ? `${base}_{${digits}}` : base;
}
