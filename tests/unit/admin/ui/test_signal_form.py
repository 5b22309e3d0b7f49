"""A signal's contract as a form: models in it are taken apart, and put together again."""

from contracts.lifecycle import UpdateAddress
from infra.http.forms import Form
from orchestrator.admin.ui import fields
from orchestrator.admin.ui.fields import Field
from orchestrator.admin.ui.signal_form import SignalForm
from orchestrator.definition.catalogue import Catalogue
from sagas.order_lifecycle import order_lifecycle
from sagas.shipping import shipping
from tests.unit.admin.backend import FakeBackend

ADDRESS = {"street": "Lindenallee 12", "city": "Leipzig", "zip_code": "04317", "country": "DE"}


def form(backend: FakeBackend, definition: str = "order-lifecycle") -> SignalForm:
    backend.catalogue = Catalogue([order_lifecycle, shipping])
    return SignalForm(backend, definition, UpdateAddress.name, ["new_address"])


def filled(questions: list[Field], **given: str) -> fields.Asked:
    data: Form = {f"data.new_address.{name}": text for name, text in given.items()}
    return fields.sent(questions, data)


def test_a_model_in_a_signal_is_taken_apart_and_put_together(backend: FakeBackend):
    one = form(backend)
    asked = one.questions({"new_address": ADDRESS | {"state": "Saxony"}})
    assert [field.label for field in asked] == [
        "new_address, street",
        "new_address, city",
        "new_address, state",
        "new_address, zip_code",
        "new_address, country",
    ]
    assert [field.value for field in asked] == [
        "Lindenallee 12",
        "Leipzig",
        "Saxony",
        "04317",
        "DE",
    ]
    assert [field.required for field in asked] == [True, True, False, True, True]
    assert asked[1].hint == "Such as Leipzig"
    assert one.data(filled(asked, **ADDRESS)) == {"new_address": ADDRESS}


def test_what_the_contract_says_is_said_of_the_field(backend: FakeBackend):
    sent = filled(form(backend).questions({}), **ADDRESS | {"zip_code": "?"})
    blamed = sent.blamed([{"pointer": "#/data/new_address/zip_code", "detail": "no code"}])
    assert {field.name: field.error for field in blamed.fields if field.error} == {
        "data.new_address.zip_code": "new_address, zip_code: no code"
    }


def test_without_the_contract_a_field_is_text_or_json(backend: FakeBackend):
    one = form(backend, "gone")
    asked = one.questions({"new_address": ADDRESS})
    assert [field.label for field in asked] == ["new_address"]
    for text, value in (('{"street": "x"}', {"street": "x"}), ("{not", "{not"), ("7", 7)):
        sent = fields.sent(asked, {"data.new_address": text})
        assert one.data(sent) == {"new_address": value}
