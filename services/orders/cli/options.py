"""What the sub-commands are given: arguments and options, and what they come to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from infra.commands import Terminal

Reference = Annotated[str, typer.Argument(help="The order's reference, such as order-123.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="The data folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Facts for a program.")]
KeyOption = Annotated[
    str | None, typer.Option("--key", help="Idempotency key: the same key is the same signal.")
]
ByOption = Annotated[str, typer.Option("--by", help="Who says so: it is kept in the history.")]
ApproveOption = Annotated[bool, typer.Option("--approve", help="It goes on.")]
RejectOption = Annotated[bool, typer.Option("--reject", help="It does not.")]
PaymentOption = Annotated[
    str | None, typer.Option("--payment-id", help="Of the payment; derived from the order.")
]
ItemOption = Annotated[
    list[str] | None,
    typer.Option("--item", help="A product, perhaps how many; repeatable.", metavar="ID[:QTY]"),
]
StreetOption = Annotated[str | None, typer.Option("--street", help="Where it goes: street.")]
CityOption = Annotated[str | None, typer.Option("--city", help="City.")]
StateOption = Annotated[str | None, typer.Option("--state", help="State, where there are any.")]
ZipOption = Annotated[str | None, typer.Option("--zip-code", help="Zip or postal code.")]
CountryOption = Annotated[
    str | None, typer.Option("--country", help="Country (ISO 3166-1), such as DE.")
]

_ADDRESS = ("street", "city", "state", "zip_code", "country")
OPTIONS: Final = {
    "#/items": "--item",
    "#/payment_id": "--payment-id",
    "#/reason": "--reason",
    **{f"#/{by}_by": "--by" for by in ("cancelled", "updated", "reviewed")},
    **{
        f"#/{address}/{part}": f"--{part.replace('_', '-')}"
        for address in ("initial_address", "new_address")
        for part in _ADDRESS
    },
}
"""Which option each place of what is sent came from."""


def items(terminal: Terminal, given: Sequence[str] | None) -> list[dict[str, int]] | None:
    """What `--item` names; raises what ends the command."""
    if not given:
        return None
    found: list[dict[str, int]] = []
    for text in given:
        product, _, quantity = text.partition(":")
        try:
            found.append({"product_id": int(product), "quantity": int(quantity or 1)})
        except ValueError:
            reason = f"--item {text}: write a product's number, perhaps how many, such as 3:2"
            raise terminal.mistaken(reason) from None
    return found


def address(
    street: str | None,
    city: str | None,
    state: str | None,
    zip_code: str | None,
    country: str | None,
) -> dict[str, Any] | None:
    """The parts of an address that are given; None where there is none."""
    parts = dict(zip(_ADDRESS, (street, city, state, zip_code, country), strict=True))
    return {name: part for name, part in parts.items() if part is not None} or None
