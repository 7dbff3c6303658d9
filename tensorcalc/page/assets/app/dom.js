// Elements from words. Text becomes text and never markup.

/** The element with an id. */
export const byId = (id) => document.getElementById(id);

/** An element with attributes and children; texts are children like elements, and nothing is left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  return fill(element, ...children);
}

/** Put children into an element, in place of those that it has. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const MOST_HEARD = 300; // characters that are read out

/** Say something to those who listen to the page. */
export function announce(text) {
  byId("status").textContent = text.length > MOST_HEARD ? `${text.slice(0, MOST_HEARD)} …` : text;
}
