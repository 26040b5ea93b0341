"""Whether a store holds texts of such a length: looked at before the first write, and told by the draft's paths."""

from __future__ import annotations

from collections.abc import Mapping

from lineageql.catalog.recording.checks import refused
from lineageql.catalog.recording.validation import FACT_ARGUMENTS
from lineageql.errors import InvalidArgument
from lineageql.model.conventions.kubeflow import ALL_META, EXACT_PREFIX, LABEL_PREFIX, context_name
from lineageql.model.drafts import LabelPairs
from lineageql.model.identity import RunName
from lineageql.model.values import stored_text
from lineageql.store.mlmd.requests import NewNode, NewType, PropertyValue
from lineageql.store.text_limits import Limits

_OWN = {**FACT_ARGUMENTS, **{name: name for name in ("name", "version", "owner", "description", "labels")}}
_Values = Mapping[str, PropertyValue | None]


class Sizes:
    """Checks against the limits of one store. Every method raises InvalidArgument with the path of a text too long."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def name(self, text: str, argument: str, before: str = "") -> None:
        """The name of a context, a type or a property, `before` which there is something, or an external id."""
        _check(self._limits.name(text, before), argument)

    def scope(self, workspace: str, run: str | None) -> None:
        """The names of a workspace and a run, which name contexts."""
        self.name(workspace, "workspace")
        if run is not None:
            self.run(RunName(workspace, run), "run")

    def run(self, run: RunName, argument: str) -> None:
        """The name of a run's context."""
        self.name(context_name(run), argument)

    def type(self, new: NewType) -> None:
        """The names of a type and of its properties."""
        self.name(new.name, "name")
        for name in new.properties:
            self.name(name, "properties", EXACT_PREFIX)

    def node(self, node: NewNode, labels: LabelPairs) -> None:
        """A node that is made of a draft with these labels."""
        if node.uri is not None:
            _check(self._limits.uri(node.uri, ""), "uri")
        if node.external_id is not None:
            self.name(node.external_id, "externalId")
        self.properties(node.properties, node.custom_properties, labels)

    def properties(self, properties: _Values, customs: _Values, labels: LabelPairs, whole: str | None = None) -> None:
        """Properties and custom properties, in which a draft's labels may be; `whole` is the path of all together."""
        places = {LABEL_PREFIX + key: f"labels[{place}]" for place, (key, _) in enumerate(labels)}
        for name, value in customs.items():
            if name.startswith(LABEL_PREFIX):
                at = places.get(name)
                self.name(name.removeprefix(LABEL_PREFIX), f"{at}.key" if at else "labels", LABEL_PREFIX)
                self.value(name, value, f"{at}.value" if at else "labels")
                continue
            own = name.removeprefix(EXACT_PREFIX)
            argument = "properties" if own in properties and own != name else "customProperties"
            self.name(own, argument, EXACT_PREFIX)
            self.value(name, value, f"{argument}.{own}")
        for name, value in properties.items():
            if name != ALL_META:
                self.value(name, value, _OWN.get(name, f"properties.{name}"))
        # What is in it stands for itself, too: it is refused only where all together are too long.
        excess = self._excess(ALL_META, properties.get(ALL_META))
        if excess is not None:
            words = f"{whole or 'the artifact'} with all its parts in one text {excess}"
            raise InvalidArgument(words, whole)

    def value(self, name: str, value: PropertyValue | None, argument: str) -> None:
        """The value of a property."""
        _check(self._excess(name, value), argument)

    def _excess(self, name: str, value: PropertyValue | None) -> str | None:
        text = stored_text(value)
        return None if text is None else self._limits.value(text, name)


def _check(excess: str | None, argument: str) -> None:
    if excess is not None:
        raise refused(argument, excess)
