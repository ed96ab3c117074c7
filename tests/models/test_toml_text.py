from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.toml_text import to_toml

# TOML is UTF-8, so it has no surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALAR = TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
VALUE = SCALAR | st.lists(SCALAR)
TABLE = st.dictionaries(TEXT, VALUE)


@given(plain=TABLE, tables=st.dictionaries(TEXT, TABLE | st.lists(TABLE, min_size=1)))
def test_what_is_written_is_read_again(plain: dict[str, object], tables: dict[str, object]) -> None:
    values = plain | tables
    assert tomllib.loads(to_toml(values)) == values


def test_a_value_that_has_no_place_in_toml_is_refused() -> None:
    with pytest.raises(TypeError, match="NoneType None has no place in TOML here; allowed: texts, numbers, lists"):
        to_toml({"a": None})
