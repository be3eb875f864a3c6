"""Aria snapshots are read as Playwright writes them."""

from runner.browser.aria_snapshot import nodes
from runner.browser.observe import bounded, elements
from runner.driver import Element


def test_a_snapshot_is_cut_between_lines() -> None:
    snapshot = "\n".join(f'- button "é {index}" [ref=e{index}]' for index in range(2000))
    cut = bounded(snapshot)
    assert len(cut.encode()) <= 20_100
    assert all(line.endswith("]") for line in cut.splitlines()[:-1])


def test_a_name_is_read_back_from_its_quotes() -> None:
    (node,) = nodes("""- 'button "It''s \\"5\\": \\\\ go" [ref=e1] [cursor=pointer]'""")
    assert (node.role, node.name, node.ref) == ("button", """It's "5": \\ go""", "e1")
    assert list(elements([node], {})) == [Element("button", node.name, """role=button[name="It's \\"5\\": \\\\ go"]""")]
