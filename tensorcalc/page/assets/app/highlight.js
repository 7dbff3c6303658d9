// Python in colours: keywords, texts, numbers, comments.

import { make } from "./dom.js";

const TOKENS = new RegExp([
  String.raw`(?<text>"""[\s\S]*?"""|"[^"\n]*"|'[^'\n]*')`,
  String.raw`(?<comment>#.*)`,
  String.raw`(?<keyword>\b(?:import|from|as|def|return|if|else|for|in|is|not|and|or|None|True|False|lambda|while|raise)\b)`,
  String.raw`(?<number>\b\d+(?:\.\d*)?(?:e[+-]?\d+)?\b)`,
].join("|"), "g");

/** The lines of a module as an element. */
export function python(source) {
  const code = make("code", {});
  let at = 0;
  for (const match of source.matchAll(TOKENS)) {
    const [kind] = Object.entries(match.groups).find(([, text]) => text !== undefined);
    code.append(source.slice(at, match.index), make("span", { class: `token-${kind}` }, match[0]));
    at = match.index + match[0].length;
  }
  code.append(source.slice(at));
  return make("pre", { class: "code", tabindex: "0", role: "group", "aria-label": "Python code" }, code);
}
