"""However a draft is spread over the places of a request, it is the same draft again; a second value is found."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.catalog.recording.merge import Occurrence, merged
from lineageql.errors import InvalidArgument
from lineageql.model.drafts import ArtifactDraft
from tests.catalog.recording.drafts import model

KEYS = st.sampled_from(["a", "b", "c", "label"])
TEXTS = st.text(max_size=3)
VALUES: Any = st.recursive(
    st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)
WHOLES = st.builds(
    model,
    version=st.none() | TEXTS,
    owner=st.none() | TEXTS,
    description=st.none() | TEXTS,
    external_id=st.none() | TEXTS,
    facts=st.fixed_dictionaries({}, optional={"model_type": TEXTS, "training_framework": VALUES}),
    labels=st.dictionaries(KEYS, TEXTS, max_size=3).map(lambda labels: list(labels.items())),
    custom_properties=st.dictionaries(KEYS, VALUES, max_size=3),
)
PLAIN = ("version", "owner", "description", "external_id")
OBJECTS = ("facts", "custom_properties")


@st.composite
def spread(draw: st.DrawFn) -> tuple[ArtifactDraft, list[Occurrence]]:
    """A draft, and places each of which says a part of it; all together say all."""
    whole = draw(WHOLES)
    many = draw(st.integers(2, 4))

    def places() -> set[int]:
        return draw(st.sets(st.integers(0, many - 1), min_size=1))

    bare = replace(
        whole, **dict.fromkeys(PLAIN, None), **{name: {} for name in OBJECTS}, labels=[]
    )  # what names it alone
    drafts = [bare] * many
    for name in PLAIN:
        for place in places():
            drafts[place] = replace(drafts[place], **{name: getattr(whole, name)})
    for name in OBJECTS:
        for key, value in getattr(whole, name).items():
            for place in places():
                drafts[place] = replace(drafts[place], **{name: {**getattr(drafts[place], name), key: value}})
    for pair in whole.labels:
        for place in places():
            drafts[place] = replace(drafts[place], labels=[*drafts[place].labels, pair])
    return whole, [Occurrence(draft, f"[{place}]") for place, draft in enumerate(drafts)]


@given(spread())
def test_what_is_spread_comes_together(case: tuple[ArtifactDraft, list[Occurrence]]) -> None:
    whole, occurrences = case
    found = merged(occurrences)
    for field in fields(ArtifactDraft):
        one, other = getattr(found, field.name), getattr(whole, field.name)
        if field.name == "labels":
            one, other = sorted(one), sorted(other)
        # 1, 1.0 and true are equal to Python, and so are 0.0 and -0.0.
        assert repr(shown(one)) == repr(shown(other)), field.name


def shown(value: Any) -> Any:
    return dict(sorted(value.items())) if isinstance(value, dict) else value


@given(spread(), VALUES, st.data())
def test_a_second_value_is_found(case: tuple[ArtifactDraft, list[Occurrence]], value: Any, data: st.DataObject) -> None:
    _, occurrences = case
    saying = [place for place, occurrence in enumerate(occurrences) if "a" in occurrence.draft.custom_properties]
    others = [place for place in range(len(occurrences)) if place not in saying]
    if not saying or not others:
        return
    there = occurrences[saying[0]].draft.custom_properties["a"]
    place = data.draw(st.sampled_from(others))
    draft = occurrences[place].draft
    changed = replace(draft, custom_properties={**draft.custom_properties, "a": value})
    occurrences = [*occurrences[:place], Occurrence(changed, f"[{place}]"), *occurrences[place + 1 :]]
    if repr(value) == repr(there):
        merged(occurrences)
        return
    if isinstance(value, (dict, list)) and value == there:
        return  # the same in another order, or with numbers that are equal: either answer is right
    with pytest.raises(InvalidArgument) as caught:
        merged(occurrences)
    first, second = sorted([saying[0], place])
    paths = f"[{first}].customProperties.a", f"[{second}].customProperties.a"
    assert (caught.value.against, caught.value.argument) == paths
