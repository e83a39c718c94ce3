"""The list of mutations fits the code: each would change one place, and its tests are there."""

from __future__ import annotations

import pytest

from tests.mutations import MUTATIONS, ROOT, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_would_change_one_place(mutation: Mutation):
    source = (ROOT / mutation.file).read_text(encoding="utf-8")
    assert source.count(mutation.old) == 1, f"{mutation.file} has changed: mend tests/mutations.py"
    assert all((ROOT / path).is_file() for path in mutation.tests)
