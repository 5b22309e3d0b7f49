"""How a rollout looks."""

from typing import Any

from rich.text import Text

Json = dict[str, Any]


def rule_words(rule: Json) -> str:
    """What a rule says, in a line."""
    if rule["off"]:
        return "no rule: new sagas get the version of the program"
    some = [f"{rule['percent']:g} %"] if rule["percent"] or not _named(rule) else []
    some += [f"request keys {', '.join(rule['keys'])}"] if rule["keys"] else []
    some += [f"tenants {', '.join(map(str, rule['tenants']))}"] if rule["tenants"] else []
    return f"{rule['version']} for {' and '.join(some)} of new sagas, {rule['base']} for the others"


def _named(rule: Json) -> bool:
    return bool(rule["keys"] or rule["tenants"])


def rolled_out_view(found: Json) -> Text:
    """The rule, and which partitions go by it."""
    rule = found["rollout"]
    if rule is None:
        return Text("asked, and not in the log of any partition yet: `saga deploy status`")
    lines = [f"{found['definition']}: {rule_words(rule)}"]
    if found["pending"]:
        pending = ", ".join(map(str, found["pending"]))
        lines.append(
            f"not yet in partition {pending}: ask again with --key {rule['request']}, which tells"
            " it to those that do not have it"
        )
    else:
        count = len(found["partitions"])
        lines.append(f"in force in all {count} partitions" if count > 1 else "in force")
    return Text("\n".join(lines))
