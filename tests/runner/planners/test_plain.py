"""The plain planner on real pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest
import pytest_asyncio

from control.protocol.actions import Action, ActionType
from runner.browser.page_driver import PageDriver
from runner.driver import Driver, StepFailed
from runner.planners.base import Failure, Idea, Repair, Stuck
from runner.planners.element_lookup import ElementLookup
from runner.planners.intents import Thing
from runner.planners.plain import PlainPlanner
from tests.runner.planners.planner_harness import NO_PAGE, Showing, failed, task

SHOP = """
<h1>Checkout</h1>
<button>Checkout</button> <a href="#">checkout</a> <a href="#terms">Terms</a>
<button>Proceed to payment</button> <button style="display:none">Terms</button>
<label>Full name <input></label> <label>Nickname<input></label> <label hidden>E-mail<input></label>
<label>E-mail<input type=email></label>
<input placeholder="Search products"> <input type=password aria-label="Password">
<label>Delivery <select><option>Standard<option>Express</select></label>
<label><input type=checkbox> I agree to "all" \\ terms >> now</label>
<img alt="Company logo" width=10 height=10 src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<button title="Close window">x</button> <span data-testid="cart-count">3</span>
<ul><li>Mug <button>Add to cart</button><li>Cup <button>Add to cart</button></ul>
<label>Resume <input type=file></label> <div onclick="this.textContent='opened'">Show   details</div>
<p>Total</p><output aria-label="Sum">42</output>
"""


async def proposed(driver: Driver, sentence: str, *, wait_ms: int = 30_000) -> Idea:
    idea = await PlainPlanner(wait_ms=wait_ms, settle_ms=50).propose(task(sentence), driver)
    assert idea is not None
    return idea


@pytest.mark.parametrize(
    "cases",
    [
        {
            "Click 'Checkout'": 'role=button[name="Checkout"]',
            "Click 'checkout'": 'role=link[name="checkout"]',
            "Click 'CHECKOUT' button": 'role=button[name="CHECKOUT" i]',
            "Click 'Proceed'": 'role=button[name*="Proceed" i]',
            "Click the 'Terms' link": 'role=link[name="Terms"]',
            "Click 'Show details'": 'internal:text="Show details"s',
            "Click 'Company logo'": 'internal:attr=[alt="Company logo"s]',
            "Click 'close window'": "internal:attr=[title=/^\\s*close\\s+window\\s*$/i]",
            "Click 'cart-count'": 'internal:testid=[data-testid="cart-count"s]',
            "Click the second 'Add to cart'": 'role=button[name="Add to cart"] >> visible=true >> nth=1',
            "Click the last 'add to cart' button": 'role=button[name="add to cart" i] >> visible=true >> nth=-1',
            "Click `#pay`": "#pay",
        },
        {
            "Type 'A' into 'Full name'": 'role=textbox[name="Full name"]',
            "Type 'A' into 'search'": 'role=textbox[name*="search" i]',
            "Type 'A' into 'E-mail'": 'role=textbox[name="E-mail"]',
            "Type 'A' into 'password' field": 'role=textbox[name="password" i]',
            "Select 'Express' in 'Delivery'": 'role=combobox[name="Delivery"]',
            "Upload 'a.txt' to 'Resume'": 'internal:label="Resume"s',
            "Check 'I agree to \"all\" \\ terms >> now'": (
                'role=checkbox[name="I agree to \\"all\\" \\\\ terms >> now"]'
            ),
            "Expect to see 'total'": "internal:text=/^\\s*total\\s*$/i",
            "Expect to see 'Add to'": 'internal:text="Add to"i',
            "Expect to see 'Order #'": 'internal:text="Order #"i',
            "Expect the 'Pay' button to be visible": 'role=button[name*="Pay" i]',
            "Expect 'Sum' to contain '42'": 'role=status[name="Sum"]',
            "Hover over 'Total'": 'internal:text="Total"s',
        },
    ],
    ids=["pointer", "others"],
)
async def test_names_are_found_on_the_page(cases: dict[str, str], showing: Showing) -> None:
    async with showing(SHOP) as driver:
        found = {sentence: (await proposed(driver, sentence)).action.selector for sentence in cases}
        assert found == cases


async def test_what_is_proposed_can_be_done(showing: Showing) -> None:
    text = """Click 'Show details'. Expect to see 'opened'. Type 'Ada' into 'Full name'
    Expect 'Full name' to contain 'Ada'. Type 'a@b' into 'E-mail'. Check 'I agree'. Click 'Add to cart'
    Select 'Express' in 'Delivery'. Expect 'Delivery' to contain 'Express'. Scroll up. Press Tab in 'Password'
    Expect not to see 'Thank you'. Wait for the 'Thank you' button to disappear. Expect url to contain 127.0.0.1"""
    async with showing(SHOP) as driver:
        planner = PlainPlanner(wait_ms=30_000, settle_ms=50)
        total = planner.remaining(task(text))
        assert total == 14
        for consumed in range(total):
            idea = await planner.propose(task(text, consumed=consumed), driver)
            assert idea is not None
            assert idea.remaining == total - consumed
            await driver.perform(idea.action, timeout_ms=15_000)
        assert await planner.propose(task(text, consumed=total), driver) is None


async def test_absence_is_an_expectation_that_can_fail(showing: Showing) -> None:
    async with showing(SHOP) as driver:
        idea = await proposed(driver, "Expect not to see 'Proceed to payment'")
        with pytest.raises(StepFailed):
            await driver.perform(idea.action, timeout_ms=300)


async def test_several_of_one_name_are_told(showing: Showing) -> None:
    async with showing(SHOP) as driver:
        idea = await proposed(driver, "Click 'Add to cart'")
        assert idea.action.selector == 'role=button[name="Add to cart"] >> visible=true >> nth=0'
        assert "2 elements are called 'Add to cart'" in (idea.reasoning or "")


async def test_hidden_twins_are_left_out(showing: Showing) -> None:
    async with showing("<p hidden>Same</p><p>Same</p>") as driver:
        assert (await proposed(driver, "Hover over 'Same'")).action.selector == 'internal:text="Same"s >> visible=true'


LATE = """<p>Payment</p><script>setTimeout(() => document.body.append(
  Object.assign(document.createElement('button'), {textContent: 'Pay'})), 150)</script>"""


async def test_an_element_that_comes_late_is_waited_for(showing: Showing) -> None:
    async with showing(LATE) as driver:
        planner = PlainPlanner(wait_ms=30_000, settle_ms=30_000)
        idea = await planner.propose(task("Click 'Pay'"), driver)
        assert idea is not None
        assert idea.action.selector == 'role=button[name="Pay"]'


@pytest.mark.parametrize(
    ("late", "sentence"),
    [
        ("<a href=# onclick=\"document.title='done'\">See more</a>", "Click 'See more'"),
        ("<div role=option onclick=\"document.title='done'\">See more</div>", "Click 'See more'"),
        ("<b>See more</b><button onclick=\"document.title='done'\">see more</button>", "Click 'See more'"),
        ("<div onclick=\"document.title='done'\">See more</div>", "Click 'See more'"),
        ("<i data-testid='See more' onclick=\"document.title='done'\">x</i>", "Click 'See more'"),
        ("<input placeholder='See more' oninput=\"document.title='done'\">", "Type 'x' into 'See more'"),
        (
            "<select aria-label='See more' onchange=\"document.title='done'\"><option>a<option>x</select>",
            "Select 'x' in 'See more'",
        ),
        (
            "<label>See more<input type=file hidden onchange=\"document.title='done'\"></label>",
            "Upload 'data:,x' to 'See more'",
        ),
    ],
)
async def test_what_comes_after_the_proposal_is_met_as_whatever_it_is(
    late: str, sentence: str, showing: Showing
) -> None:
    async with showing(f"<main></main><template>{late}</template>") as driver:
        idea = await proposed(driver, sentence, wait_ms=50)
        assert idea.description == sentence
        grow = "const append = () => document.querySelector('main').append(document.querySelector('template').content)"
        page = cast(Any, driver)._tabs.active
        await page.evaluate(f"() => {{ {grow}; setTimeout(append, 300); }}")
        await driver.perform(idea.action, timeout_ms=10_000)
        assert await page.title() == "done"


def test_the_selector_of_what_is_not_there_yet_is_never_too_long_for_an_action() -> None:
    for length in (1, 40, 200, 900):
        for type in (ActionType.CLICK, ActionType.HOVER, ActionType.EXPECT_TEXT):
            selector = ElementLookup(NO_PAGE, Thing('"' * length), type).late
            assert Action(type=type, selector=selector, value="x").selector == selector


async def test_what_never_comes_is_proposed_all_the_same(showing: Showing) -> None:
    async with showing(SHOP) as driver:
        idea = await proposed(driver, "Click the 'Buy' button", wait_ms=50)
        assert idea.action.selector == 'role=button[name="Buy" i] >> visible=true >> nth=0'
        assert "Nothing called 'Buy'" in (idea.reasoning or "")


async def test_addresses_and_scrolls(showing: Showing) -> None:
    async with showing(SHOP) as driver:
        cases = {
            "Go to /cart": "http://shop.test/cart",
            "Go to https://other.test/": "https://other.test/",
            "Go to {{secret:LINK}}": "{{secret:LINK}}",
            "Expect URL to be /thanks": "/thanks",
            "Expect URL to be thanks.html": "http://shop.test/thanks.html",
            "Expect URL to contain order=": "*order=*",
            "Scroll up": -600.0,
            "Scroll down": None,
        }
        assert {sentence: (await proposed(driver, sentence)).action.value for sentence in cases} == cases


async def test_an_unknown_sentence_is_stuck() -> None:
    with pytest.raises(Stuck, match=r'I do not understand "Frobnicate the page" \(line 2\)'):
        await PlainPlanner().propose(task("\nFrobnicate the page"), NO_PAGE)
    with pytest.raises(Stuck, match=r"^Line 1: the quote"):
        await PlainPlanner().propose(task("Click 'Pay"), NO_PAGE)


# New instructions


async def sentences_from(planner: PlainPlanner, text: str, *, version: int, consumed: int) -> str | None:
    idea = await planner.propose(task(text, version=version, consumed=consumed), NO_PAGE)
    return idea.description if idea else None


async def test_settled_leading_sentences_are_not_done_again() -> None:
    planner = PlainPlanner(wait_ms=10)
    assert await sentences_from(planner, "Go back\nReload\nScroll to the top", version=1, consumed=2) == "Go back"
    assert (
        await sentences_from(planner, "Go back\nReload\nScroll to the top", version=1, consumed=4)
        == "Scroll to the top"
    )
    text = "Go back\nReload\nScroll to the bottom\nGo forward"
    assert await sentences_from(planner, text, version=2, consumed=4) == "Scroll to the bottom"
    assert planner.remaining(task(text, version=2, consumed=4)) == 2
    assert await sentences_from(planner, text, version=2, consumed=5) == "Go forward"
    assert await sentences_from(planner, "Go back", version=3, consumed=5) is None


def test_what_is_to_come_is_known_ahead_with_its_lines() -> None:
    planner = PlainPlanner(wait_ms=10)
    text = "# Buy\nGo back, then reload\n\nClick 'Pay'"

    def ahead(text: str, *, version: int, consumed: int) -> list[tuple[str, int | None]]:
        return [(entry.words, entry.line) for entry in planner.plan(task(text, version=version, consumed=consumed))]

    assert ahead(text, version=1, consumed=0) == [("Go back, then reload", 2), ("Click 'Pay'", 4)]
    assert ahead(text, version=1, consumed=1) == [("Click 'Pay'", 4)]
    assert ahead("Go back, then reload\nReload", version=2, consumed=1) == [("Reload", 2)]
    assert ahead("Click 'Pay", version=3, consumed=1) == []


async def test_unlike_instructions_begin_at_their_beginning() -> None:
    planner = PlainPlanner(wait_ms=10)
    planner.remaining(task("Go back\nReload", version=1))
    assert await sentences_from(planner, "Reload\nGo back", version=2, consumed=2) == "Reload"


async def test_unreadable_instructions_in_between_lose_nothing() -> None:
    planner = PlainPlanner(wait_ms=10)
    planner.remaining(task("Go back\nReload", version=1))
    with pytest.raises(Stuck):
        await sentences_from(planner, "Click 'Pay", version=2, consumed=1)
    assert await sentences_from(planner, "Go back\nScroll to the top", version=3, consumed=1) == "Scroll to the top"


# After a failure


async def test_what_is_there_now_is_retried_once(showing: Showing) -> None:
    async with showing(SHOP) as driver:
        planner, told = PlainPlanner(wait_ms=30_000), task("Click 'Checkout'")
        action = Action(type=ActionType.CLICK, selector='role=button[name="Checkout"]')
        repair = await planner.repair(told, driver, failed(action, "Click 'Checkout'"))
        assert repair.retry is not None
        assert repair.retry.action == action
        again = await planner.repair(told, driver, failed(action, "Click 'Checkout'", attempt=2))
        assert (again.retry, again.suggestions) == (None, ())


RENAMED = (
    "<h1>Cart</h1><button>Proceed to checkout</button><button>Continue shopping</button><a href=#>Check-out help</a>"
)


async def test_a_renamed_button_gives_near_matches(showing: Showing) -> None:
    async with showing(RENAMED.replace("checkout", "payment")) as driver:
        action = Action(type=ActionType.CLICK, selector='role=button[name="Checkout"]')
        repair = await PlainPlanner(wait_ms=100).repair(
            task("Click the 'Checkout' button"), driver, failed(action, "Click the 'Checkout' button")
        )
        assert repair.retry is None
        assert repair.reason == (
            "No button is called 'Checkout'. The page has: 'Proceed to payment', 'Continue shopping'."
        )
    async with showing(RENAMED) as driver:
        failure = failed(action, "Click the 'Check out' button")
        repair = await PlainPlanner(wait_ms=100).repair(task("Click the 'Check out' button"), driver, failure)
        (suggestion,) = repair.suggestions
        assert suggestion.description == "Click button 'Proceed to checkout'"
        await driver.perform(suggestion.action, timeout_ms=15_000)


async def test_a_field_and_a_text_that_are_missing(showing: Showing) -> None:
    async with showing(SHOP) as driver:
        typing = Action(type=ActionType.TYPE, selector='role=textbox[name="Nick"]', value="x")
        repair = await PlainPlanner(wait_ms=10).repair(
            task("Type 'x' into 'Nick name'"), driver, failed(typing, "Type 'x' into 'Nick name'")
        )
        assert repair.suggestions[0].action == typing.model_copy(update={"selector": 'role=textbox[name="Nickname"]'})
        assert (repair.reason or "").startswith("No field is called 'Nick name'. The page has: textbox 'Nickname'")
        seeing = Action(type=ActionType.EXPECT_VISIBLE, selector='internal:text="Order #"i')
        repair = await PlainPlanner().repair(
            task("Expect to see 'Order #'"), driver, failed(seeing, "Expect to see 'Order #'")
        )
        assert (repair.reason or "").startswith("The page does not show 'Order #'. The page has: ")


async def test_a_person_s_override_that_fails_gives_near_matches(showing: Showing) -> None:
    async with showing(RENAMED) as driver:
        action = Action(type=ActionType.CLICK, selector="#continue-shop")
        repair = await PlainPlanner().repair(task("Reload"), driver, failed(action, "Click #continue-shop"))
        assert [idea.description for idea in repair.suggestions] == ["Click button 'Continue shopping'"]


@pytest.mark.parametrize(("reason", "retried"), [("did not load within 15 s", True), ("no such host is known", False)])
async def test_what_names_nothing_is_retried_where_it_may_pass(reason: str, retried: bool) -> None:
    action = Action(type=ActionType.NAVIGATE, value="http://shop.test/cart")
    repair = await PlainPlanner().repair(task("Go to /cart"), NO_PAGE, failed(action, "Go to /cart", reason=reason))
    assert (repair.retry is not None) is retried


async def test_what_a_person_wants_is_tried_again_whatever_the_page_looks_like() -> None:
    action = Action(type=ActionType.EXPECT_URL, value="/thanks")
    failure = replace(failed(action, "Expect the URL to be /thanks", reason="it is another"), retry=True)
    repair = await PlainPlanner().repair(task("Expect the URL to be /thanks"), NO_PAGE, failure)
    assert repair.retry is not None
    assert repair.retry.action == action
    other = replace(failed(Action(type=ActionType.RELOAD), "Reload"), retry=True)
    repair = await PlainPlanner().repair(task("Go back"), NO_PAGE, other)
    assert repair.retry is not None
    assert repair.retry.action == Action(type=ActionType.RELOAD)


def test_an_expectation_is_known_before_it_is_proposed() -> None:
    told = "Go back\nExpect to see 'Thanks'\nFrob"
    planner = PlainPlanner()
    assert [planner.expects(task(told, consumed=consumed)) for consumed in range(4)] == [False, True, False, False]


async def test_no_step_no_repair() -> None:
    assert await PlainPlanner().repair(task("Frob"), NO_PAGE, Failure("stuck", None, 1)) == Repair()


# Frames


FRAMED = {
    "/": "<h1>Pay</h1><button>Cancel order</button><iframe src=/other></iframe><iframe id=till src=/till></iframe>",
    "/other": "<p>An advertisement</p><iframe src=/inner></iframe>",
    "/inner": "<button>Close</button>",
    "/till": """<label>Card number <input></label><button onclick="this.remove(); card.hidden = true">Pay now</button>
        <p id=card>Card only</p><button>Cancel</button>""",
}


@pytest_asyncio.fixture(loop_scope="session")
async def framed(showing: Showing) -> AsyncIterator[Driver]:
    async with showing(FRAMED) as driver:
        yield driver


TILL = "#till >> internal:control=enter-frame >> "


IN_FRAMES = {
    "Type '4111' into 'Card number'": TILL + 'role=textbox[name="Card number"]',
    "Click 'pay now'": TILL + 'role=button[name="pay now" i]',
    "Click 'Cancel'": TILL + 'role=button[name="Cancel"]',
    "Click 'order'": 'role=button[name*="order" i]',
    "Click 'Cancel order'": 'role=button[name="Cancel order"]',
    "Expect to see 'Card only'": TILL + 'internal:text="Card only"s',
}


async def test_names_are_found_in_frames_and_what_they_name_is_used(framed: Driver) -> None:
    for sentence, selector in IN_FRAMES.items():
        assert (await proposed(framed, sentence)).action.selector == selector
    for sentence in (
        "Click 'Close'",
        "Type '4111' into 'Card number'",
        "Expect to see 'Card only'",
        "Click 'Pay now'",
        "Expect not to see 'Card only'",
    ):
        idea = await proposed(framed, sentence, wait_ms=500)
        await framed.perform(idea.action, timeout_ms=15_000)


async def test_what_comes_late_in_a_frame_is_waited_for(framed: Driver) -> None:
    asked = asyncio.ensure_future(proposed(framed, "Click 'Receipt'"))
    page = cast(PageDriver, framed).page
    await (
        page.frame_locator("#till")
        .locator("body")
        .evaluate("body => body.insertAdjacentHTML('beforeend', '<button>Receipt</button>')")
    )
    assert (await asked).action.selector == TILL + 'role=button[name="Receipt"]'


ASKED_TWICE = {
    "/": "<iframe id=one src=/one></iframe><iframe id=two src=/two></iframe><iframe id=three src=/three></iframe>",
    "/one": "<p>Cookies?</p><button disabled>Accept</button>",
    "/two": "<button>Yes</button><button>Accept</button><label>Terms <select><option>No<option>Never</select></label>",
    "/three": "<button>Yes</button><button>Yes</button><label>News <select><option>No<option>Once</select></label>",
}
SEVERAL = "3 elements are called 'Yes'; this is the first. Write, for example, \"the second 'Yes'\" for another."


async def test_a_name_counts_over_all_frames(showing: Showing) -> None:
    two, three = (f"#{frame} >> internal:control=enter-frame >> role=button" for frame in ("two", "three"))
    async with showing(ASKED_TWICE) as driver:
        for sentence, selector, note in (
            ("Click 'Yes'", f'{two}[name="Yes"] >> visible=true', SEVERAL),
            ("Click the second 'Yes'", f'{three}[name="Yes"] >> visible=true >> nth=0', None),
            ("Click the last 'Yes'", f'{three}[name="Yes"] >> visible=true >> nth=-1', None),
            (
                "Click 'Accept'",
                f'{two}[name="Accept"] >> visible=true',
                "2 elements are called 'Accept'; this is the only one that can be used now.",
            ),
        ):
            idea = await proposed(driver, sentence)
            assert (idea.action.selector, idea.reasoning) == (selector, note)
        with pytest.raises(Stuck, match="2 lists offer 'No'"):
            await proposed(driver, "Choose 'No'")
        idea = await proposed(driver, "Choose 'Once'")
        assert "#three" in (idea.action.selector or "")
