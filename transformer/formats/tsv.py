"""Tab-separated values: CSV with a tab."""

from __future__ import annotations

from transformer.format import formats
from transformer.formats.csv import CSVFormat


@formats.register("tsv")
class TSVFormat(CSVFormat):
    name = "tsv"
    media_types = ("text/tab-separated-values",)
    delimiter = "\t"
