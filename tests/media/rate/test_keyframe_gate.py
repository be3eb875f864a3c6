"""How often an encoder makes a keyframe."""

from media.rate.keyframe_gate import KeyframeGate


def test_keyframes_two_a_second_and_none_lost() -> None:
    gate = KeyframeGate()
    assert gate.allowed_at() is None
    for at in (10.0, 10.1):
        gate.request()
        due = gate.allowed_at()
        assert due is not None
        assert due <= at
        gate.on_sent(at)
    gate.request()
    assert gate.allowed_at() == 11.0
    gate.on_sent(11.0)
    gate.request()
    gate.request()
    assert gate.allowed_at() == 11.1


def test_a_keyframe_answers_every_request_before_it() -> None:
    gate = KeyframeGate()
    gate.request()
    gate.on_sent(1.0)
    assert gate.allowed_at() is None
