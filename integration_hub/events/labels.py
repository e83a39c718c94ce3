"""The labels of subjects: asked of the app that knows them, when a sink filters by them.

A subject is a slug that events know nothing more of. Events own the catalog; the app
of instances adds its answer at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from integration_hub.lib.catalog import Catalog

Labels = Mapping[str, str]
# From subjects to the labels of those that have any; one query however many they are.
LabelSource = Callable[[Collection[str]], Mapping[str, Labels]]

label_sources: Catalog[LabelSource] = Catalog("label source")


def labels_of(subjects: Collection[str]) -> dict[str, Labels]:
    """The labels that these subjects have now."""
    found: dict[str, Labels] = {}
    for _, source in label_sources:
        found.update(source(subjects))
    return found
