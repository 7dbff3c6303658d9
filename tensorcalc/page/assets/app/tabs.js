// Lists of tabs as keyboards and screen readers know them: one stop, arrows move, what is chosen is shown.

/** Make tabs of buttons. `chosen(key)` is called when another is chosen; returns a function that chooses one. */
export function tabs(buttons, keyOf, chosen) {
  const choose = (key) => {
    for (const button of buttons) {
      const is = keyOf(button) === key;
      button.setAttribute("aria-selected", String(is));
      button.tabIndex = is ? 0 : -1;
    }
  };
  const go = (button) => {
    choose(keyOf(button));
    button.focus();
    button.scrollIntoView({ block: "nearest", inline: "nearest" });
    chosen(keyOf(button));
  };
  buttons.forEach((button, at) => {
    button.addEventListener("click", () => go(button));
    button.addEventListener("keydown", (event) => {
      const moves = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 };
      if (event.key in moves) {
        event.preventDefault();
        go(buttons[(moves[event.key] + buttons.length) % buttons.length]);
      }
    });
  });
  return choose;
}
