"""Named SQL: had by name, and mistakes are found when it is loaded."""

import pytest

from infra.datastore import Statements, UnknownStatement

GOOD = """-- What these are.

-- name: first
SELECT 1;

-- name: second
-- why it is so
SELECT 2
  FROM t;
"""


def test_statements_by_name(make_package):
    sql = Statements(make_package({"queries.sql": GOOD}))
    assert sql["first"] == "SELECT 1;"
    assert sql["second"] == "-- why it is so\nSELECT 2\n  FROM t;"
    assert list(sql) == ["first", "second"]


def test_another_file(make_package):
    assert Statements(make_package({"more.sql": GOOD}), "more.sql")["first"] == "SELECT 1;"


def test_an_unknown_name_says_where_it_was_looked_for(make_package):
    sql = Statements(make_package({"queries.sql": GOOD}))
    with pytest.raises(UnknownStatement, match=r"third in package_.*/queries.sql"):
        _ = sql["third"]


@pytest.mark.parametrize(
    "text",
    [
        "-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;\n",
        "SELECT 0;\n-- name: a\nSELECT 1;\n",
        "-- name: a\n-- name: b\nSELECT 1;\n",
        "-- name:\nSELECT 1;\n",
        "-- name: a-b\nSELECT 1;\n",
    ],
    ids=["twice", "sql-before-a-name", "nothing-named", "no-name", "no-identifier"],
)
def test_a_wrong_file_is_refused(make_package, text: str):
    with pytest.raises(UnknownStatement):
        Statements(make_package({"queries.sql": text}))


def test_a_file_that_is_not_there_is_refused(make_package):
    with pytest.raises(UnknownStatement, match=r"queries\.sql"):
        Statements(make_package({}))
    with pytest.raises(UnknownStatement, match="no_such_package_here"):
        Statements("no_such_package_here")
