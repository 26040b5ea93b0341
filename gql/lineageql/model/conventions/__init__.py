"""The conventions, in the order in which they are asked whether a type is theirs."""

from __future__ import annotations

from collections.abc import Iterable

from lineageql.model.conventions.cmf import CMF
from lineageql.model.conventions.convention import Convention
from lineageql.model.conventions.generic import GENERIC
from lineageql.model.conventions.kfp import KFP_V1, KFP_V2
from lineageql.model.conventions.kubeflow import KUBEFLOW
from lineageql.model.conventions.model_registry import MODEL_REGISTRY
from lineageql.model.conventions.tfx import TFX
from lineageql.model.nodes import NodeKind, NodeType

CONVENTIONS: tuple[Convention, ...] = (KUBEFLOW, KFP_V2, KFP_V1, TFX, MODEL_REGISTRY, CMF, GENERIC)


def convention_of(type_: NodeType) -> Convention:
    """The convention that the nodes of a type follow, as far as the type alone shows it."""
    return next(convention for convention in CONVENTIONS if convention.owns(type_))


def conventions_of(types: Iterable[NodeType]) -> dict[int, Convention]:
    """The convention of each type of a store, by the type's id.

    Many writers let their users name types, so a type that no convention owns is
    one of a writer whose contexts are in the store. Where there are several such
    writers the narrowest goes first: CMF adopts a few names; TFX and KFP v1 read
    names where KFP v2, whose own types are most often known, would find a key.
    """
    known = {type_.id: type_ for type_ in types}
    found = {id_: convention_of(type_) for id_, type_ in known.items()}
    present = {found[id_].name for id_, type_ in known.items() if type_.kind is NodeKind.CONTEXT}
    adopting = [convention for convention in reversed(CONVENTIONS) if convention.name in present]
    for id_, type_ in known.items():
        if found[id_] is GENERIC and not type_.simple:
            found[id_] = next((convention for convention in adopting if convention.adopts(type_)), GENERIC)
    return found
