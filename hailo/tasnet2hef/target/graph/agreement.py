"""How far a predicted HailoNet agrees with a graph that the compiler really parsed (its HN)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.records import shown
from tasnet2hef.target.graph.layers import HailoNet, Json, Layer, as_json

HnLayer = Mapping[str, Any]  # the vendor's JSON, checked field by field on reading
_ABSENT = "(absent)"
_LISTS = {"input": str, "output": str, "original_names": str, "input_shapes": list, "output_shapes": list}


@dataclass(frozen=True)
class Difference:
    """One field of one layer on which prediction and record differ; `(absent)` means no value."""

    layer: str
    field: str
    predicted: Json
    recorded: Json

    def __str__(self) -> str:
        """Return the difference as one line."""
        return f"{self.layer}.{self.field}: predicted {self.predicted}, recorded {self.recorded}"


@dataclass(frozen=True)
class FieldAgreement:
    """How many layers agree on a field, of all that have it on either side."""

    agreeing: int
    total: int


@dataclass(frozen=True)
class Agreement:
    """Agreement per field (parameters as `params.NAME`), over whole layers, and every difference.

    `missing` are recorded layers that were not predicted, `extra` predicted ones that are not recorded.
    """

    fields: Mapping[str, FieldAgreement]
    layers: FieldAgreement
    differences: tuple[Difference, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    order_agrees: bool

    @property
    def complete(self) -> bool:
        """Return whether every layer agrees on every field, in the same order."""
        return not self.differences and self.order_agrees

    def lines(self) -> list[str]:
        """Return the counts as lines of text, whole layers first."""
        rows = [("layers", self.layers), *self.fields.items()]
        return [f"{name}: {field.agreeing} of {field.total}" for name, field in rows]


def compare(net: HailoNet, hn_model: Mapping[str, Any]) -> Agreement:
    """Compare a prediction with an HN dict, scoped names (`net/conv1`) or not.

    Layers are paired by name where type and origin agree, then by type and origin, then by name alone, so
    that one wrong number in a name does not affect the others.  Raises GraphError when the dict holds no layers.
    """
    recorded = _recorded_layers(hn_model)
    pairs, extra = _pair(net.layers, recorded)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    differences: list[Difference] = []
    agreeing = 0
    for name, layer in pairs:
        of_layer = list(_differences(name, layer, recorded[name], counts))
        differences.extend(of_layer)
        agreeing += not of_layer
    for layer in extra:
        counts["name"][1] += 1
        differences.append(Difference(layer.name, "name", layer.name, _ABSENT))
    return Agreement(
        fields={name: FieldAgreement(*count) for name, count in counts.items()},
        layers=FieldAgreement(agreeing, len(pairs) + len(extra)),
        differences=tuple(differences),
        missing=tuple(name for name, layer in pairs if layer is None),
        extra=tuple(layer.name for layer in extra),
        order_agrees=[layer.name for layer in net.layers] == list(recorded),
    )


def _recorded_layers(hn_model: Mapping[str, Any]) -> dict[str, HnLayer]:
    """Return the recorded layers by name without scope, in their order."""
    inner = hn_model.get("hn_model", hn_model)
    layers = inner.get("layers") if isinstance(inner, Mapping) else None
    if isinstance(layers, Sequence) and not isinstance(layers, str):
        layers = {str(layer.get("name")): layer for layer in layers if isinstance(layer, Mapping)}
    if not isinstance(layers, Mapping) or not layers:
        raise GraphError("recorded graph: found no layers, expected an HN dict with a `layers` entry")
    for name, layer in layers.items():
        _require_layer(name, layer)
    shortened = {_unscoped(name): layer for name, layer in layers.items()}
    if len(shortened) < len(layers):  # two scopes in one file: only full names are unique
        return dict(layers)
    return shortened


def _require_layer(name: str, layer: Any) -> None:
    """Refuse a layer that is no mapping, or whose connections, shapes or names are not what they must be.

    Raises:
        GraphError: see above.
    """
    if not isinstance(layer, Mapping):
        raise GraphError(f"the recorded layer {shown(name)}: found {shown(layer)}, expected a mapping")
    for key, kind in _LISTS.items():
        found = layer.get(key)
        if not isinstance(found, (list, type(None))) or not all(isinstance(each, kind) for each in found or ()):
            raise GraphError(
                f"the recorded layer {shown(name)}: {key}: found {shown(found)}, expected a list of "
                f"{'names' if kind is str else 'shapes'}"
            )


def _unscoped(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _pair(
    layers: Sequence[Layer], recorded: Mapping[str, HnLayer]
) -> tuple[list[tuple[str, Layer | None]], list[Layer]]:
    """Return (recorded name, its prediction or None) in recorded order, and the predictions without a record."""
    paired: dict[str, Layer] = {}
    unpaired = {layer.name: layer for layer in layers}
    for name, record in recorded.items():
        layer = unpaired.get(name)
        if layer is not None and _origin(layer) == _recorded_origin(record):
            paired[name] = unpaired.pop(name)
    by_origin: dict[tuple[str, ...], list[Layer]] = defaultdict(list)
    for layer in unpaired.values():
        by_origin[_origin(layer)].append(layer)
    for name, record in recorded.items():
        candidates = by_origin[_recorded_origin(record)]
        if name not in paired and candidates:
            paired[name] = unpaired.pop(candidates.pop(0).name)
    for name in recorded:
        if name not in paired and name in unpaired:
            paired[name] = unpaired.pop(name)
    return [(name, paired.get(name)) for name in recorded], list(unpaired.values())


def _origin(layer: Layer) -> tuple[str, ...]:
    return (layer.type, *layer.original_names)


def _recorded_origin(record: HnLayer) -> tuple[str, ...]:
    return (str(record.get("type")), *map(str, record.get("original_names") or ()))


def _differences(
    name: str, layer: Layer | None, record: HnLayer, counts: dict[str, list[int]]
) -> Iterator[Difference]:
    recorded_fields = _recorded_fields(name, record)
    predicted_fields = {} if layer is None else _predicted_fields(layer)
    for field in dict.fromkeys((*recorded_fields, *predicted_fields)):
        predicted, recorded = predicted_fields.get(field, _ABSENT), recorded_fields.get(field, _ABSENT)
        agrees = predicted == recorded
        counts[field][0] += agrees
        counts[field][1] += 1
        if not agrees:
            yield Difference(name, field, predicted, recorded)


def _predicted_fields(layer: Layer) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "name": layer.name,
        "type": layer.type,
        "inputs": list(layer.inputs),
        "outputs": list(layer.outputs),
        "input_shapes": [list(shape) for shape in layer.input_shapes],
        "output_shapes": [list(shape) for shape in layer.output_shapes],
        "original_names": list(layer.original_names),
        "weights": layer.weights,
        "macs": layer.macs,
        "ops": layer.ops,
    }
    fields.update({f"params.{name}": as_json(value) for name, value in layer.param_items})
    return fields


def _recorded_fields(name: str, record: HnLayer) -> dict[str, Json]:
    """Return the fields that a prediction has too; quantization and compilation settings are left out."""
    fields: dict[str, Json] = {"name": name, "type": record.get("type")}
    for field, key in (("inputs", "input"), ("outputs", "output")):
        fields[field] = [_unscoped(str(source)) for source in record.get(key) or ()]
    for key in ("input_shapes", "output_shapes", "original_names"):
        fields[key] = list(record.get(key) or ())
    for key in ("weights", "macs", "ops"):
        if key in record:
            fields[key] = record[key]
    params = record.get("params")
    if isinstance(params, Mapping):
        fields.update({f"params.{key}": value for key, value in params.items()})
    return fields
