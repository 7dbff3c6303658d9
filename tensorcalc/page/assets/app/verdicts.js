// The answers to verify and to check: a verdict, why, and numbers that anybody can try.

import { copyButton } from "./copying.js";
import { make } from "./dom.js";
import { stepItem } from "./derivatives.js";
import { maths, nameLatex, numberText, numbersLatex } from "./maths.js";

const VERDICTS = {
  proved: ["✓", "Proved", "Both sides are equal wherever both are defined."],
  refuted: ["✕", "Refuted", "The two sides are not equal."],
  undecided: ["?", "Undecided", "Neither a proof nor a counterexample was found."],
};

const DIAGNOSES = {
  correct: "Correct",
  transposed: "Transposed",
  "other-layout": "The other layout",
  "other-vec-order": "The other order of vec",
  sign: "Wrong sign",
  factor: "Wrong by a factor",
  "symmetric-convention": "Another reading of symmetry",
  "missing-term": "A term is missing",
  "wrong-term": "A term is wrong",
  "wrong-shape": "Wrong shape",
  wrong: "Not the derivative",
};

const SIDES = { left: "From the left side", right: "From the right side", difference: "The difference of both sides" };

/** What verify answers. */
export function verdict(answer) {
  const [sign, title, sentence] = VERDICTS[answer.verdict];
  return make("div", { class: "card" }, banner(answer.verdict, sign, title, answer.diagnosis || sentence),
    proof(answer.steps),
    numbers(answer.counterexample),
    answer.evidence ? make("p", { class: "convention" }, answer.evidence) : "");
}

/** What check answers; `derivative` is the answer to the same question without a claim, or null. */
export function diagnosis(answer, derivative) {
  const good = answer.diagnosis === "correct";
  const kind = good ? "proved" : answer.verdict === "undecided" ? "undecided" : "refuted";
  const rows = [["Derivative", ...correct(answer, derivative)], ["Missing", answer.term, null], ["Factor", answer.factor, answer.factor]];
  return make("div", { class: "card" },
    banner(kind, VERDICTS[kind][0], DIAGNOSES[answer.diagnosis] ?? answer.diagnosis, answer.says),
    rows.filter(([, text]) => text).map(([title, text, typeset]) => make("section", { class: "form", "aria-label": title },
      make("h3", {}, title === "Missing" && answer.diagnosis !== "missing-term" ? "Term" : title),
      make("div", { class: "form-body" }, typeset ? maths(typeset, text) : "", make("code", { class: typeset ? "plain" : "plain alone" }, text)),
      copyButton(title.toLowerCase(), () => text))),
    proof(answer.steps),
    numbers(answer.counterexample, "derivative", "your claim"),
    answer.evidence ? make("p", { class: "convention" }, answer.evidence) : "");
}

/** The derivative as text and, where there is one, as LaTeX; both in one notation. */
function correct(answer, derivative) {
  if (!derivative) {
    return [answer.correct, null];
  }
  const form = ["matrix", "kronecker"].find((name) => derivative[name] === answer.correct) ?? "index";
  return [derivative[form], derivative.latex[form]];
}

function banner(kind, sign, title, said) {
  const sentence = said.toLowerCase() === title.toLowerCase() ? "" : said;
  return make("div", { class: `banner ${kind}` },
    make("span", { class: "banner-sign", "aria-hidden": "true" }, sign),
    make("div", {}, make("h2", {}, title), sentence ? make("p", {}, sentence) : ""));
}

/** The steps of a proof, under the side from which they start. */
function proof(steps) {
  const sides = [...new Set(steps.map((step) => step.side))];
  return sides.map((side) => {
    const own = steps.filter((step) => step.side === side);
    return make("section", { class: "proof" }, make("h3", {}, SIDES[side] ?? side),
      own[0].before === own[0].after ? "" : make("div", { class: "start" }, maths(own[0].latex_before, own[0].before)),
      make("ol", { class: "steps" }, own.map((step) => stepItem({ ...step, latex: step.latex_after, text: step.after }))));
  });
}

/** A counterexample: the values, and both sides there. */
function numbers(found, left = "left side", right = "right side") {
  if (!found) {
    return "";
  }
  const values = Object.entries(found.values);
  const sizes = Object.entries(found.dims).map(([name, size]) => `${name} = ${size}`).join(", ");
  const place = found.entry?.length ? ` at entry [${found.entry.join(", ")}]` : "";
  return make("section", { class: "counterexample" },
    values.length ? copyButton("the values as JSON", () => JSON.stringify(found.values)) : "",
    make("h3", {}, "Counterexample"),
    make("div", { class: "values" }, values.map(([name, value]) => valueOf(name, value))),
    sizes && !values.length ? make("p", {}, `Sizes: ${sizes}`) : "",
    found.lhs === null || found.lhs === undefined ? "" : make("dl", { class: "sides" },
      make("div", {}, make("dt", {}, `${left}${place}`), make("dd", {}, numberText(found.lhs))),
      make("div", {}, make("dt", {}, `${right}${place}`), make("dd", {}, numberText(found.rhs)))));
}

function valueOf(name, value) {
  const latex = typeof value === "string" ? null : numbersLatex(value);
  return latex ? maths(`${nameLatex(name)} = ${latex}`, name) : make("code", { class: "plain" }, `${name} = ${typeof value === "string" ? value : JSON.stringify(value)}`);
}
