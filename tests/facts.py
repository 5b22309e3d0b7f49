"""What tests of the engine ask of transitions."""

from orchestrator.engine.facts import Transition
from orchestrator.engine.inputs import Reply
from tests.world import World


def kinds(transition: Transition) -> list[str]:
    """The names of its facts."""
    return [type(fact).__name__ for fact in transition.facts]


def only(transition: Transition, kind: type) -> object:
    """Its one fact of this kind."""
    [fact] = [fact for fact in transition.facts if isinstance(fact, kind)]
    return fact


def again(saga: World, name: str, **changes: object) -> Reply:
    """The last reply of this step, changed."""
    last = next(r for r in reversed(saga.replies) if r.step == name)
    fields = {field: getattr(last, field) for field in last.__struct_fields__}
    return Reply(**{**fields, **changes})  # type: ignore[arg-type]
