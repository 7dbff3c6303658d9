// From the state of the page to requests.

import { kindOf } from "./kinds.js";
import { saidOf } from "./state.js";

export const FORMS = ["matrix", "index", "kronecker", "einsum"];

/** Sizes as the service takes them: whole numbers as numbers. */
const size = (text) => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : text.trim());

/** All sizes where some are given: equal ones stay equal, and the rest are those that were found. */
function completed(dims, axes, inferred, square) {
  const given = Array.from({ length: axes }, (_, at) => dims[at]?.trim() ?? "");
  const any = given.find(Boolean);
  return given.map((dim, at) => {
    const twin = given.find((other, k) => other && inferred[k] === inferred[at]);
    return dim || (square ? any : twin ?? (String(inferred[at] ?? "") || any));
  });
}

/** What is said of names, as fields of a request; sizes that nobody gave are those of `found`. */
function declarations(state, found) {
  const vars = {};
  const orders = {};
  const assume = {};
  for (const [name, { kind, dims }] of saidOf(state)) {
    const choice = kindOf(kind);
    const axes = choice?.axes ?? found[name]?.length ?? dims.length;
    if (axes !== undefined && dims.some((dim) => dim?.trim())) {
      vars[name] = completed(dims, axes, found[name] ?? [], choice?.square ?? false).map(size);
    } else if (choice) {
      orders[name] = choice.axes;
    }
    if (choice?.fact) {
      assume[name] = [choice.fact];
    }
  }
  return { vars, orders, assume };
}

/** `f = elementwise; g = log(1+exp(z))` as an object. */
function functionsOf(text) {
  const pairs = text.split(";").map((part) => part.split(/=(.*)/s, 2).map((word) => word.trim()));
  return Object.fromEntries(pairs.filter(([name]) => name).map(([name, kind]) => [name.replace(/\(.*\)$/, ""), kind || "elementwise"]));
}

/** The fields that requests of all kinds have. */
function common(state, found) {
  const request = declarations(state, found);
  const equations = state.equations.split(";").map((text) => text.trim()).filter(Boolean);
  if (equations.length) {
    request.assume.equations = equations;
  }
  if (state.functions.trim()) {
    request.functions = functionsOf(state.functions);
  }
  if (state.reading !== "free") {
    request.wrt_convention = state.reading;
  }
  return request;
}

function byWhat(state) {
  const names = state.wrt.split(",").map((name) => name.trim()).filter(Boolean);
  const wrt = names.length > 1 ? { wrt: names } : { wrt: names[0] ?? "" };
  return { ...wrt, ...(state.order > 1 && names.length < 2 ? { order: state.order } : {}), layout: state.layout, vec: state.vec };
}

/** A derivative in the forms of `want`. */
export function deriveRequest(state, found, want) {
  const contract = state.contract.trim() ? { contract: state.contract } : {};
  return { do: "derive", expr: state.expr, ...byWhat(state), ...common(state, found), ...contract, want,
    ...(want.includes("steps") ? { detail: state.detail, notation: state.notation } : {}) };
}

/** What the page asks first in each mode. */
export function mainRequest(state, found) {
  if (state.do === "verify") {
    return { do: "verify", lhs: state.lhs, rhs: state.rhs, ...common(state, found) };
  }
  if (state.do === "check") {
    return { do: "check", expr: state.expr, claimed: state.claimed, ...byWhat(state), ...common(state, found) };
  }
  return deriveRequest(state, found, [...FORMS, "latex", "formula"]);
}
