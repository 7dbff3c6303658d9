"""The page in a browser, used as people use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from page.conftest import PATIENT, Served

ENDLESS = "#do=derive&expr=tr(X%5E64)&wrt=X&order=4"   # takes far longer than anybody waits
QUICK = "#do=derive&expr=tr(A+X)&wrt=X"


class Page:
    """The page, and what one does with it. Everything waits until it is so."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver = driver
        self.address = address

    def open(self, hash_: str = "", width: int = 1280, dark: bool = False) -> Page:
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                                                  {"name": "prefers-reduced-motion", "value": "reduce"}]})
        self.driver.get("about:blank")   # so that the page is loaded, and not told of another hash
        self.driver.get(self.address + hash_)
        self.driver.execute_script("localStorage.clear(); delete document.documentElement.dataset.theme")
        return self

    def wait(self, so: Callable[[], Any]) -> Any:
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.driver, PATIENT, poll_frequency=0.05, ignored_exceptions=(StaleElementReferenceException,)).until(
            lambda _: so())

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.driver.find_elements("css selector", selector)
        return found

    def one(self, selector: str) -> Any:
        """The one visible element of a selector."""
        return self.wait(lambda: next((found for found in self.all(selector) if found.is_displayed()), None))

    def text(self, selector: str, expected: str) -> None:
        """An element comes to say something."""
        try:
            self.wait(lambda: self.one(selector).text == expected)
        except Exception:
            assert self.one(selector).text == expected
            raise

    def type(self, id_: str, text: str) -> None:
        """Replace what is in a field, as a keyboard does."""
        from selenium.webdriver.common.keys import Keys

        field = self.one(f"#{id_}")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text if text else Keys.DELETE)

    def choose(self, id_: str, value: str) -> None:
        from selenium.webdriver.support.select import Select

        self.wait(lambda: Select(self.one(f"#{id_}")).select_by_value(value) or True)

    def example(self, title: str) -> None:
        next(chip for chip in self.all(".examples .chip") if chip.get_attribute("textContent") == title).click()

    def form(self, form: str, expected: str) -> None:
        self.text(f"[data-form={form}] .plain", expected)

    def script(self, text: str, *values: Any) -> Any:
        return self.driver.execute_script(f"return {text}", *values)

    def settled(self) -> None:
        """No answer is on its way."""
        self.wait(lambda: self.script("document.querySelector('#answer').getAttribute('aria-busy') === 'false'"))


@pytest.fixture
def page(driver: Any, served: Served) -> Iterator[Page]:
    yield from looked_at(driver, served)


@pytest.fixture
def hasty_page(driver: Any, hasty: Served) -> Iterator[Page]:
    yield from looked_at(driver, hasty)


def looked_at(driver: Any, served: Served) -> Iterator[Page]:
    """A page; afterwards nothing stands in the console, and nobody else was asked for anything."""
    driver.get("about:blank")
    driver.get_log("browser")
    driver.get_log("performance")
    yield Page(driver, served.address)
    assert driver.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert any(url.startswith(served.address) for url in asked)
    others = {url for url in asked if not url.startswith((served.address, "blob:", "data:", "about:"))}
    assert {url for url in others if urlsplit(url).hostname != "127.0.0.1"} == set()
    assert others == set()


# -- derivatives -------------------------------------------------------------------------


def test_the_first_answer_is_there_after_loading(page: Page) -> None:
    page.open()
    page.form("matrix", "M - M y y' M")
    page.form("index", "D_ij = inv(S)_ij - y_k y_l inv(S)_ik inv(S)_jl")
    page.text(".where .plain", "M = inv(S)")
    page.text(".shape", "m × m")
    page.text(".convention", "D_ij = ∂f/∂S_ij · numerator layout · vec stacks columns")
    assert len(page.all(".form .katex-html")) == 3
    assert not page.all(".katex-error")


def test_an_answer_as_one_types(page: Page) -> None:
    page.open(QUICK)
    page.form("matrix", "A'")
    page.type("expr", "tr(A X B X)")
    page.form("matrix", "B' X' A' + A' X' B'")
    page.type("expr", "norm2(K z)^2")   # without X, so by another variable
    page.form("matrix", "2 K' K z")
    page.wait(lambda: page.one("#wrt").get_attribute("value") == "z")
    page.type("wrt", "K")
    page.form("matrix", "2 K z z'")
    page.type("wrt", "z")
    page.form("matrix", "2 K' K z")
    page.choose("order", "2")
    page.form("matrix", "2 K' K")
    page.choose("order", "1")
    page.type("expr", r"\frac{1}{2} z^\top K z")   # as papers write it
    page.form("matrix", "0.5 (K + K') z")


def test_every_example_of_every_mode_has_an_answer(page: Page) -> None:
    page.open()
    for mode in ("derive", "verify", "check"):
        page.one(f"#mode-{mode}").click()
        titles = [chip.get_attribute("textContent") for chip in page.all(".examples .chip")]
        assert len(titles) >= (12 if mode == "derive" else 7)
        for title in titles:
            page.example(title)
            page.settled()
            assert page.script("document.querySelector('#error').hidden"), title
            assert page.all("#result .quotient, #result .banner"), title
            assert not page.all(".katex-error, .maths > code"), title


def test_half_of_the_examples_are_in_index_notation(page: Page) -> None:
    page.open()
    page.settled()
    assert [len(group.find_elements("css selector", ".chip")) for group in page.all(".example-group")] == [6, 6]
    page.example("Matrix product")
    page.form("index", "D_ijpq = delta_ip Y_qj")
    page.form("kronecker", "Y' ⊗ eye(m)")
    page.form("einsum", "einsum('ik,lj->ijkl', eye(m), Y)")
    page.text(".note", "This derivative has no matrix form.")


def test_tabs(page: Page) -> None:
    page.open(QUICK)
    page.wait(lambda: len(page.all("#pane .steps li .katex")) == 3)
    page.choose("detail", "full")
    page.choose("notation", "index")
    page.wait(lambda: "_" in page.one("#pane").get_attribute("textContent"))
    page.one("#tab-code").click()
    page.wait(lambda: "return A.T" in page.one("#pane .code").text)
    page.one("#library-torch").click()
    page.wait(lambda: "import torch" in page.one("#pane .code").text)
    page.one("#library-jax").click()
    page.wait(lambda: "import jax.numpy as jnp" in page.one("#pane .code").text)
    page.one("#tab-latex").click()
    page.text("#pane .code", r"A^\top")


def test_the_diagram_is_a_picture(page: Page) -> None:
    page.open(QUICK + "&tab=diagram")
    page.wait(lambda: page.script("document.querySelector('.diagram')?.naturalWidth > 0"))
    before = page.one(".diagram")
    assert before.get_attribute("alt").startswith("Tensor network of ∂f/∂X_ij")
    page.one("#theme").click()   # and a new picture in other colours
    page.wait(lambda: page.one(".diagram") != before and page.script("document.querySelector('.diagram')?.naturalWidth > 0"))


def test_what_is_said_of_a_variable_counts(page: Page) -> None:
    page.open("#do=derive&expr=x'+S+x&wrt=x")
    page.form("matrix", "(S + S') x")
    page.choose("kind-S", "symmetric")
    page.form("matrix", "2 S x")
    page.type("size-S-0", "3")
    page.text(".shape", "3")
    page.wait(lambda: page.one("#size-x-0").get_attribute("placeholder") == "3")
    page.choose("kind-S", "")
    page.form("matrix", "(S + S') x")
    page.one("#by-S").click()
    page.form("matrix", "x x'")


def test_a_number_can_be_made_a_vector(page: Page) -> None:
    page.open("#do=derive&expr=norm2(A+x+-+y)%5E2&wrt=x")
    page.form("matrix", "2 A' (A x - y)")
    page.type("expr", "norm2(A x - b)^2")
    page.one("#error .carets")
    page.open("#do=derive&expr=norm2(A+x+-+b)%5E2&wrt=x&is.b=vector")
    page.form("matrix", "2 A' (A x - b)")


def test_conventions(page: Page) -> None:
    page.open("#do=derive&expr=A+X+B&wrt=X")
    page.form("kronecker", "B' ⊗ A")
    page.choose("layout", "denominator")
    page.form("kronecker", "B ⊗ A'")
    page.choose("vec", "C")
    page.form("kronecker", "A' ⊗ B")
    page.open("#do=derive&expr=logdet(S)&wrt=S&is.S=symmetric")
    page.form("matrix", "inv(S)")
    page.choose("reading", "structured")
    page.form("matrix", "2 inv(S) - inv(S) .* eye(m)")


def test_unknown_functions_and_contractions(page: Page) -> None:
    page.open("#do=derive&expr=sum(f(A+x))&wrt=x&functions=f+%3D+elementwise")
    page.form("matrix", "A' f'(A x)")
    page.open("#do=derive&expr=F_i+%3D+A_ij+x_j&wrt=x&is.A=:3,3&contract=c_i+%3D+eps_ijk+D_kj")
    page.form("index", "c_i = - A_kl eps_ikl")


def test_an_old_answer_never_follows_a_new_one(page: Page) -> None:
    for _ in range(4):   # more often than there are processes, each of which is at work on something endless
        page.open(ENDLESS)
        page.wait(lambda: page.script("document.querySelector('#answer').getAttribute('aria-busy') === 'true'"))
        page.example("Quadratic form")
        page.form("matrix", "(A + A') x")
    page.settled()
    page.form("matrix", "(A + A') x")


# -- verify and check --------------------------------------------------------------------


def test_proofs(page: Page) -> None:
    page.open()
    page.one("#mode-verify").click()
    page.text(".banner h2", "Proved")
    page.type("lhs", "inv(A B)")
    page.type("rhs", "inv(B) inv(A)")
    page.text("#result .steps .rule-name", "inverse.product")
    page.wait(lambda: len(page.all("#result .steps .katex")) == 1)
    page.text(".banner h2", "Proved")


def test_both_sides_in_one_field(page: Page) -> None:
    page.open("#do=verify&lhs=A&rhs=A")
    page.text(".banner h2", "Proved")
    page.type("lhs", "tr(A B) == tr(A' B)")
    page.text(".banner h2", "Refuted")
    assert page.one("#lhs").get_attribute("value") == "tr(A B)"
    assert page.one("#rhs").get_attribute("value").strip() == "tr(A' B)"


def test_counterexamples(page: Page) -> None:
    page.open("#do=verify&lhs=det(2+X)&rhs=2+det(X)")
    page.text(".banner h2", "Refuted")
    page.text(".banner p", "the sides differ: 16 and 8")
    assert len(page.all(".counterexample .katex")) == 1
    assert [found.text for found in page.all(".sides dd")] == ["16", "8"]


def test_what_is_undecided(page: Page) -> None:
    page.open("#do=verify&lhs=arcsin(x)+%2B+arccos(x)&rhs=2*arctan(1)*ones(n)")
    page.text(".banner h2", "Undecided")
    page.wait(lambda: "random points agreed" in page.one(".card .convention").text)


def test_a_gradient_is_diagnosed(page: Page) -> None:
    page.open("#do=check&expr=logdet(X)&wrt=X&claimed=inv(X)")
    page.text(".banner h2", "Transposed")
    page.text(".banner p", "the claim is the transpose of the derivative")
    page.text(".form .plain", "inv(X)'")
    page.wait(lambda: page.all(".form .katex"))
    page.type("claimed", "inv(X)'")
    page.text(".banner h2", "Correct")


# -- errors ------------------------------------------------------------------------------


def test_an_error_stands_under_its_place(page: Page) -> None:
    page.open("#do=derive&expr=C_ij+%3D+X_ik+Y_kj&wrt=X&is.X=matrix:3,4&is.Y=matrix:5,6")
    page.wait(lambda: page.one(".carets").get_attribute("textContent") == "C_ij = X_ik Y_kj\n       ^~~~ ^~~~")
    assert [mark.text for mark in page.all(".carets mark")] == ["X_ik", "Y_kj"]
    assert page.one(".error-message").text == "Formula: index k has two sizesTC103"
    assert page.one(".error-fact").text == "k is 4 in X_ik (X is 3 x 4) and 5 in Y_kj (Y is 5 x 6)"
    assert page.one("#expr").get_attribute("aria-invalid") == "true"
    page.type("size-Y-0", "4")
    page.form("index", "D_ijpq = delta_ip Y_qj")
    assert page.script("document.querySelector('#error').hidden")
    assert page.one("#expr").get_attribute("aria-invalid") is None


def test_the_last_answer_stays_in_sight(page: Page) -> None:
    page.open(QUICK)
    page.form("matrix", "A'")
    page.type("expr", "tr(A X")
    page.one(".carets")
    page.form("matrix", "A'")
    assert "stale" in page.one("#answer").get_attribute("class")
    page.type("expr", "tr(X A)")
    page.wait(lambda: "stale" not in page.one("#answer").get_attribute("class"))


def test_an_error_of_a_name_offers_others(page: Page) -> None:
    page.open(QUICK)
    page.form("matrix", "A'")
    page.type("wrt", "Q")
    page.text(".error-message", "By: Q is not a variable of the formulaTC204")
    next(chip for chip in page.all("#error .chip") if chip.text == "by A").click()
    page.form("matrix", "X'")


def test_characters_beyond_the_basic_plane_count_once(page: Page) -> None:
    page.open("#do=derive&expr=%F0%9D%94%B8+%2B+%24&wrt=X")
    page.wait(lambda: page.one(".carets").get_attribute("textContent").count("^") == 1)
    line, marks = page.one(".carets").get_attribute("textContent").split("\n")
    assert [*line][marks.index("^")] == page.one(".carets mark").text


def test_markup_in_a_formula_is_text(page: Page) -> None:
    page.open("#do=derive&expr=%3Cimg+src%3Dx+onerror%3D%22document.title%3D1%22%3E&wrt=%3Cb%3Ex")
    page.wait(lambda: "<img src=x onerror=" in page.one(".carets").get_attribute("textContent"))
    assert page.all("#error img, #error b") == []
    assert page.driver.title == "tensorcalc"


def test_a_formula_that_takes_too_long_is_cut_off(hasty_page: Page, hasty: Served) -> None:
    page = hasty_page.open(ENDLESS)
    page.text(".error-message", "there was no answer within 3 seconds, and it was stoppedTC431")
    assert hasty.ask(do="derive", expr="tr(A X)", wrt="X")["matrix"] == "A'"
    page.example("Quadratic form")
    page.form("matrix", "(A + A') x")


def test_others_are_answered_while_a_formula_takes_long(page: Page, served: Served) -> None:
    page.open(ENDLESS)
    page.wait(lambda: page.script("document.querySelector('#answer').getAttribute('aria-busy') === 'true'"))
    assert [served.ask(do="derive", expr="tr(A X)", wrt="X")["matrix"] for _ in range(3)] == ["A'"] * 3
    assert page.script("document.querySelector('#answer').getAttribute('aria-busy')") == "true"


def test_a_server_that_is_gone_is_told(driver: Any) -> None:
    served = Served("--processes", "1")
    page = Page(driver, served.address).open(QUICK)
    page.form("matrix", "A'")
    served.stop()
    page.type("expr", "tr(A X B)")
    page.text(".error-message", "the server does not answer")
    driver.get("about:blank")
    driver.get_log("browser")   # the browser itself complains, and may


# -- addresses, colours, sizes -----------------------------------------------------------


def test_an_address_shows_the_same_again(page: Page) -> None:
    page.open(QUICK)
    page.form("matrix", "A'")
    page.type("expr", "x' S x + b' x")
    page.type("wrt", "x")
    page.one(".error-message")   # b is a number
    page.type("expr", "x' S x + z' x")
    page.form("matrix", "(S + S') x + z")
    page.choose("kind-S", "spd")
    page.form("matrix", "2 S x + z")
    page.type("size-z-0", "7")
    page.text(".shape", "7")
    page.choose("order", "2")
    page.form("matrix", "2 S")
    page.one("#tab-code").click()
    page.wait(lambda: page.all("#pane .code"))
    shared = page.script("location.href")
    page.open(shared.removeprefix(page.address))
    page.form("matrix", "2 S")
    page.text(".shape", "7 × 7")
    assert page.one("#expr").get_attribute("value") == "x' S x + z' x"
    assert page.one("#kind-S").get_attribute("value") == "spd"
    assert page.one("#order").get_attribute("value") == "2"
    assert page.one("#tab-code").get_attribute("aria-selected") == "true"


def test_an_address_that_is_changed_by_hand(page: Page) -> None:
    page.open(QUICK)
    page.form("matrix", "A'")
    page.script("void (location.hash = '#do=verify&lhs=tr(A+B)&rhs=tr(B+A)')")
    page.text(".banner h2", "Proved")
    page.script("void (location.hash = '#do=nonsense&order=x&is.%3Cb%3E=1&expr=tr(A+X)&wrt=X&layout=up')")
    page.text(".error-message", "layout is one of numerator, denominator, not 'up'TC508")


def luminance(page: Page) -> float:
    red, green, blue = (int(part) for part in page.script("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)")[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_follow_the_system_and_then_the_switch(page: Page) -> None:
    assert luminance(page.open(QUICK)) > 200
    assert luminance(page.open(QUICK, dark=True)) < 50
    assert page.one("#theme").get_attribute("aria-pressed") == "true"
    page.one("#theme").click()
    assert luminance(page) > 200
    assert page.one("#theme").get_attribute("aria-pressed") == "false"
    page.driver.refresh()
    page.form("matrix", "A'")
    assert luminance(page) > 200
    page.one("#theme").click()
    assert luminance(page) < 50


CONTRAST = """(() => {
  const channel = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => { const [r, g, b] = rgba(text).map(channel); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgba(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const low = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility() || element.closest(".sr, .skip, noscript, option, [aria-hidden=true], .katex-mathml")) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(ground(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) low.push(`${walk.currentNode.data.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return low;
})()"""

SCENES = {
    "derive": "#do=derive&expr=logsumexp(A+x)&wrt=x&order=2", "code": "#do=derive&expr=C_ij+%3D+exp(X_ik+Y_kj)&wrt=X&tab=code",
    "latex": "#do=derive&expr=C_ij+%3D+exp(X_ik+Y_kj)&wrt=X&tab=latex", "verify": "#do=verify&lhs=inv(A+B)&rhs=inv(B)+inv(A)",
    "refuted": "#do=verify&lhs=inv(A+B)&rhs=inv(A)+inv(B)", "check": "#do=check&expr=f+%3D+A_ij+x_i+x_j&wrt=x&claimed=D_k+%3D+A_kj+x_j",
    "undecided": "#do=verify&lhs=arcsin(x)+%2B+arccos(x)&rhs=2*arctan(1)*ones(n)",
    "woodbury": "#do=verify&lhs=inv(A+%2B+U+C+V)&rhs=inv(A)+-+inv(A)+U+inv(inv(C)+%2B+V+inv(A)+U)+V+inv(A)",
    "tensor": "#do=derive&expr=f+%3D+T_ijkl+x_i+x_j+x_k+x_l&wrt=x",
    "error": f"#do=derive&expr={'C_ij+%3D+X_ik+Y_kj+%2B+' * 6}Z_ij&wrt=X&is.X=matrix:3,4&is.Y=matrix:5,6",
}


@pytest.mark.parametrize("hash_", SCENES.values(), ids=SCENES)
def test_every_text_can_be_read_and_nothing_is_wider_than_a_telephone(page: Page, hash_: str) -> None:
    page.open(hash_, width=360)
    page.wait(lambda: page.all("#result .card:not(.waiting), #error:not([hidden])"))
    page.settled()
    page.wait(lambda: not page.all("#pane[aria-busy=true]"))
    assert page.script("document.documentElement.scrollWidth") <= 360
    page.script("void document.querySelector('#answer').classList.remove('stale')")   # an answer that holds no more is paler
    for theme in ("light", "dark"):
        page.script(f"void (document.documentElement.dataset.theme = '{theme}')")
        assert page.script(CONTRAST) == []


# -- keyboards, screen readers, copies ---------------------------------------------------


def test_a_keyboard_is_enough(page: Page) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(*keys: str) -> str:
        ActionChains(page.driver).send_keys(*keys).perform()
        found: str = page.script("document.activeElement.id")
        return found

    page.open(QUICK)
    page.form("matrix", "A'")
    assert press(Keys.TAB) == "skip"
    assert press(Keys.ENTER) == "expr"
    ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).perform()
    press("tr(X)", Keys.ENTER)
    page.form("matrix", "eye(m)")
    assert press(Keys.TAB) == "wrt"
    assert press(Keys.TAB) == "order"
    page.script("document.querySelector('#mode-derive').focus()")
    assert press(Keys.ARROW_RIGHT) == "mode-verify"
    page.text(".banner h2", "Proved")
    assert press(Keys.END) == "mode-check"
    page.wait(lambda: page.one("#claimed"))
    assert press(Keys.HOME) == "mode-derive"
    page.form("matrix", "eye(m)")
    page.wait(lambda: page.all("#pane .steps"))
    page.script("document.querySelector('#tab-steps').focus()")
    assert press(Keys.ARROW_RIGHT) == "tab-code"
    page.wait(lambda: page.all("#pane .code"))
    assert press(Keys.ARROW_LEFT, Keys.ARROW_LEFT) == "tab-diagram"


def test_everything_has_a_name_and_answers_are_read_out(page: Page) -> None:
    page.open(QUICK)
    page.text("#result .form .plain", "A'")
    page.wait(lambda: page.one("#status").get_attribute("textContent") == "Answer: A'")
    page.wait(lambda: page.all("#pane .steps"))
    nameless = page.script("""[...document.querySelectorAll("button, input, select, textarea, [role=tab], [role=tablist], img")].filter((element) =>
      element.checkVisibility() && !(element.getAttribute("aria-label") || element.labels?.length || element.textContent.trim() || element.alt))
      .map((element) => element.outerHTML)""")
    assert nameless == []
    for group in page.all("[role=tablist]"):
        tabs = group.find_elements("css selector", "[role=tab]")
        assert [tab.get_attribute("aria-selected") for tab in tabs].count("true") == 1
        assert [tab.get_attribute("tabindex") for tab in tabs].count("0") == 1
    ids = page.script("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))
    page.type("expr", "tr(A X")
    page.wait(lambda: page.one("#status").get_attribute("textContent") == "Error: '(' is never closed")


def test_every_form_can_be_copied(page: Page) -> None:
    page.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
                                                             "origin": page.address.rstrip("/")})
    page.open("#do=derive&expr=tr(A+X)&wrt=X&tab=latex")
    page.wait(lambda: page.all("#pane .block"))
    read = "const done = arguments[0]; navigator.clipboard.readText().then(done, (error) => done(String(error)))"
    for what, text in {"the Matrix form": "A'", "the Index form": "D_ij = A_ji", "the einsum form": "einsum('ji->ij', A)", "the LaTeX of the Matrix form": r"A^\top",
                       "the LaTeX of the Index form": "D_{ij} = A_{ji}"}.items():
        button = page.one(f'[aria-label="Copy {what}"]')
        assert button.text == "Copy"
        button.click()
        page.wait(lambda button=button: button.text == "Copied")
        assert page.driver.execute_async_script(read) == text
        assert page.one("#status").get_attribute("textContent") == f"Copied {what}"
    page.one("#share").click()
    page.text("#share", "Copied")
    assert page.driver.execute_async_script(read) == page.script("location.href")
