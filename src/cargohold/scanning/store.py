"""Statements on scans, findings, inventories, configurations and ignore rules."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, bindparam, delete, func, select, update
from sqlalchemy import insert as plain_insert

from cargohold.core.arn import Registry
from cargohold.database.locking import insert
from cargohold.database.schema.registry import image, registry, repository
from cargohold.database.schema.scanning import (
    advisory_update,
    ignore_rule,
    image_scan,
    layer_inventory,
    scan_finding,
    scanning_configuration,
)
from cargohold.scanning.configuration import Configuration, Rule, ScanType
from cargohold.scanning.finding import Severity
from cargohold.scanning.ignore import IgnoreRule
from cargohold.scanning.inventory.evidence import LayerInventory
from cargohold.scanning.package import Inventory
from cargohold.scanning.scan import Observed, Scan, State
from cargohold.scanning.stored import (
    FORMAT,
    pack_finding,
    pack_inventory,
    pack_layer,
    unpack_finding,
    unpack_inventory,
    unpack_layer,
)

_SCAN: Final = (
    image_scan.c.image_id,
    image_scan.c.scan_type,
    image_scan.c.state,
    image_scan.c.description,
    image_scan.c.continuous,
    image_scan.c.requested_at,
    image_scan.c.completed_at,
    image_scan.c.source_updated_at,
    image_scan.c.counts,
)
_OF_REGISTRY: Final = (
    (registry.c.account == bindparam("account"))
    & (registry.c.region == bindparam("region"))
    & (registry.c.kind == bindparam("kind"))
)
_UPDATE_REQUEST: Final = select(advisory_update.c.requested_at)
_ADD_REQUEST: Final = insert(advisory_update)
_REQUEST_UPDATE: Final = _ADD_REQUEST.on_conflict_do_update(
    index_elements=[advisory_update.c.id], set_={"requested_at": _ADD_REQUEST.excluded.requested_at}
)
_CONFIGURATION: Final = select(scanning_configuration.c.scan_type, scanning_configuration.c.rules)
_OF_ID: Final = _CONFIGURATION.where(scanning_configuration.c.registry_id == bindparam("of"))
_OF_NAME: Final = _CONFIGURATION.join(registry, registry.c.id == scanning_configuration.c.registry_id).where(
    _OF_REGISTRY
)
_SAVE_CONFIGURATION: Final = insert(scanning_configuration)
_REPLACE_CONFIGURATION: Final = _SAVE_CONFIGURATION.on_conflict_do_update(
    index_elements=[scanning_configuration.c.registry_id],
    set_={name: _SAVE_CONFIGURATION.excluded[name] for name in ("scan_type", "rules")},
)
_SCANS: Final = select(*_SCAN).where(image_scan.c.image_id.in_(bindparam("images", expanding=True)))
_BEGIN: Final = insert(image_scan)
_BEGIN_ANEW: Final = _BEGIN.on_conflict_do_update(
    index_elements=[image_scan.c.image_id],
    set_={name: _BEGIN.excluded[name] for name in ("scan_type", "state", "description", "continuous", "requested_at")},
)
_END: Final = (
    update(image_scan)
    .where(image_scan.c.image_id == bindparam("of"))
    .values(
        state=bindparam("new_state"),
        description=bindparam("new_description"),
        completed_at=bindparam("now"),
        inventory=func.coalesce(bindparam("new_inventory", type_=LargeBinary), image_scan.c.inventory),
        advisories=bindparam("version"),
        source_updated_at=bindparam("updated_at"),
        counts=bindparam("new_counts"),
    )
)
_INVENTORY: Final = select(image_scan.c.inventory).where(image_scan.c.image_id == bindparam("of"))
# What another image of its registry must not see is not joined: an image's own row leads to its findings.
_FINDINGS: Final = (
    select(
        scan_finding.c.position,
        scan_finding.c.payload,
        scan_finding.c.first_observed_at,
        scan_finding.c.last_observed_at,
        scan_finding.c.ignored_by,
    )
    .where(scan_finding.c.image_id == bindparam("of"), scan_finding.c.position > bindparam("after"))
    .order_by(scan_finding.c.position)
    .limit(bindparam("limit"))
)
_SEEN: Final = select(scan_finding.c.key, scan_finding.c.first_observed_at).where(
    scan_finding.c.image_id == bindparam("of")
)
_DELETE_FINDINGS: Final = delete(scan_finding).where(scan_finding.c.image_id == bindparam("of"))
_ADD_FINDINGS: Final = plain_insert(scan_finding)
_STALE: Final = (
    select(image_scan.c.image_id)
    .join(image, image.c.id == image_scan.c.image_id)
    .where(
        image_scan.c.continuous.is_(True),
        image_scan.c.advisories != bindparam("version"),
        image_scan.c.inventory.is_not(None),
        image_scan.c.state != "PENDING",
        image.c.deleted_at.is_(None),
        image.c.status == "ACTIVE",
    )
    .order_by(image_scan.c.image_id)
    .limit(bindparam("limit"))
)
_SCANNED: Final = (
    select(image_scan.c.image_id, repository.c.name)
    .join(image, image.c.id == image_scan.c.image_id)
    .join(repository, repository.c.id == image.c.repository_id)
    .where(repository.c.registry_id == bindparam("of"), image_scan.c.image_id > bindparam("after"))
    .order_by(image_scan.c.image_id)
    .limit(bindparam("limit"))
)
_SAVE_MARK: Final = (
    update(scan_finding)
    .where(scan_finding.c.image_id == bindparam("of"), scan_finding.c.position == bindparam("at"))
    .values(ignored_by=bindparam("rule"))
)
_SAVE_COUNTS: Final = (
    update(image_scan).where(image_scan.c.image_id == bindparam("of")).values(counts=bindparam("new_counts"))
)
_LAYERS: Final = select(layer_inventory.c.blob_id, layer_inventory.c.payload).where(
    layer_inventory.c.blob_id.in_(bindparam("blobs", expanding=True)), layer_inventory.c.format == FORMAT
)
_SAVE_LAYER: Final = insert(layer_inventory)
_REPLACE_LAYER: Final = _SAVE_LAYER.on_conflict_do_update(
    index_elements=[layer_inventory.c.blob_id],
    set_={name: _SAVE_LAYER.excluded[name] for name in ("format", "payload")},
)
_RULE: Final = tuple(column for column in ignore_rule.c if column.name != "registry_id")
_RULES: Final = select(*_RULE).where(ignore_rule.c.registry_id == bindparam("of")).order_by(ignore_rule.c.created_at)
_ADD_RULE: Final = plain_insert(ignore_rule)
_DELETE_RULE: Final = (
    delete(ignore_rule)
    .where(ignore_rule.c.registry_id == bindparam("of"), ignore_rule.c.id == bindparam("rule"))
    .returning(ignore_rule.c.id)
)


def find_update_request(connection: Connection) -> int:
    """When advisories were last asked to be updated, 0 for never."""
    return int(connection.execute(_UPDATE_REQUEST).scalar_one_or_none() or 0)


def save_update_request(connection: Connection, now: int) -> None:
    connection.execute(_REQUEST_UPDATE, {"id": 1, "requested_at": now})


def find_configuration(connection: Connection, of: Registry) -> Configuration:
    """The registry's; basic scanning without rules where it has set none."""
    row = connection.execute(_OF_NAME, {"account": of.account, "region": of.region, "kind": of.kind}).one_or_none()
    return _configuration(row)


def find_configuration_of(connection: Connection, registry_id: int) -> Configuration:
    """As find_configuration, by the registry's id."""
    return _configuration(connection.execute(_OF_ID, {"of": registry_id}).one_or_none())


def save_configuration(connection: Connection, registry_id: int, configuration: Configuration) -> None:
    rules = [{"frequency": rule.frequency, "filters": list(rule.filters)} for rule in configuration.rules]
    values = {"registry_id": registry_id, "scan_type": configuration.scan_type, "rules": json.dumps(rules)}
    connection.execute(_REPLACE_CONFIGURATION, values)


def list_scans(connection: Connection, image_ids: Sequence[int]) -> dict[int, Scan]:
    """The scans of those images that have one, by image id."""
    return {row[0]: _scan(row) for row in connection.execute(_SCANS, {"images": list(image_ids)})}


def find_scan(connection: Connection, image_id: int) -> Scan | None:
    return list_scans(connection, [image_id]).get(image_id)


def begin_scan(connection: Connection, image_id: int, scan_type: ScanType, now: int, *, continuous: bool) -> None:
    """A new scan is asked for; what an earlier one found stays until this one ends."""
    values = {
        "image_id": image_id,
        "scan_type": scan_type,
        "state": "PENDING",
        "description": "",
        "continuous": continuous,
        "requested_at": now,
        "advisories": "",
        "source_updated_at": 0,
        "counts": "{}",
    }
    connection.execute(_BEGIN_ANEW, values)


def save_result(
    connection: Connection,
    scan: Scan,
    version: str,
    inventory: Inventory | None,
    found: Sequence[Observed],
) -> None:
    """The ended scan with its findings, in their order, in place of those of the scan before.

    Without an inventory the one that was kept stays: what an image holds does not change.
    """
    connection.execute(
        _END,
        {
            "of": scan.image_id,
            "new_state": scan.state,
            "new_description": scan.description,
            "now": scan.completed_at,
            "new_inventory": None if inventory is None else pack_inventory(inventory),
            "version": version,
            "updated_at": scan.source_updated_at,
            "new_counts": json.dumps(dict(scan.counts)),
        },
    )
    connection.execute(_DELETE_FINDINGS, {"of": scan.image_id})
    if found:
        connection.execute(_ADD_FINDINGS, [_row(scan.image_id, place, each) for place, each in enumerate(found)])


def find_inventory(connection: Connection, image_id: int) -> Inventory | None:
    payload = connection.execute(_INVENTORY, {"of": image_id}).scalar_one_or_none()
    return None if payload is None else unpack_inventory(payload)


def list_findings(connection: Connection, image_id: int, after: int, limit: int) -> list[tuple[int, Observed]]:
    """(position, finding) of those behind the position `after`, the worst first."""
    rows = connection.execute(_FINDINGS, {"of": image_id, "after": after, "limit": limit})
    return [(row[0], Observed(unpack_finding(row[1]), row[2], row[3], row[4])) for row in rows]


def list_seen(connection: Connection, image_id: int) -> dict[str, int]:
    """When each finding of the last scan was first observed, by its key."""
    return {row[0]: row[1] for row in connection.execute(_SEEN, {"of": image_id})}


def list_stale(connection: Connection, version: str, limit: int) -> list[int]:
    """Images that are scanned continuously and were last matched against other advisories."""
    return list(connection.execute(_STALE, {"version": version, "limit": limit}).scalars())


def list_scanned(connection: Connection, registry_id: int, after: int, limit: int) -> list[tuple[int, str]]:
    """(image id, repository's name) of the registry's images with a scan, behind the image `after`."""
    rows = connection.execute(_SCANNED, {"of": registry_id, "after": after, "limit": limit})
    return [(row[0], row[1]) for row in rows]


def save_mark(connection: Connection, image_id: int, position: int, rule_id: str | None) -> None:
    """Says which rule hides a finding, None for none."""
    connection.execute(_SAVE_MARK, {"of": image_id, "at": position, "rule": rule_id})


def save_counts(connection: Connection, image_id: int, counts: Mapping[Severity, int]) -> None:
    connection.execute(_SAVE_COUNTS, {"of": image_id, "new_counts": json.dumps(dict(counts))})


def list_layer_inventories(connection: Connection, blob_ids: Iterable[int]) -> dict[int, LayerInventory]:
    """Those that were read already, as this version reads them, by blob id."""
    rows = connection.execute(_LAYERS, {"blobs": list(blob_ids)})
    return {row[0]: unpack_layer(row[1]) for row in rows}


def save_layer_inventory(connection: Connection, blob_id: int, layer: LayerInventory) -> None:
    connection.execute(_REPLACE_LAYER, {"blob_id": blob_id, "format": FORMAT, "payload": pack_layer(layer)})


def list_ignore_rules(connection: Connection, registry_id: int) -> list[IgnoreRule]:
    """Every rule of the registry, the oldest first, those that are over too."""
    return [IgnoreRule(*row) for row in connection.execute(_RULES, {"of": registry_id})]


def add_ignore_rule(connection: Connection, registry_id: int, rule: IgnoreRule) -> None:
    connection.execute(_ADD_RULE, {"registry_id": registry_id, **{name: getattr(rule, name) for name in _NAMES}})


def delete_ignore_rule(connection: Connection, registry_id: int, rule_id: str) -> bool:
    """Whether there was such a rule."""
    return connection.execute(_DELETE_RULE, {"of": registry_id, "rule": rule_id}).one_or_none() is not None


_NAMES: Final = tuple(column.name for column in _RULE)


def _configuration(row: Any) -> Configuration:
    if row is None:
        return Configuration()
    rules = tuple(Rule(each["frequency"], tuple(each["filters"])) for each in json.loads(row[1]))
    return Configuration(row[0], rules)


def _scan(row: Sequence[Any]) -> Scan:
    counts: Mapping[Any, int] = json.loads(row[8])
    state: State = row[2]
    return Scan(row[0], row[1], state, row[3], bool(row[4]), row[5], row[6], row[7], counts)


def _row(image_id: int, position: int, observed: Observed) -> dict[str, Any]:
    return {
        "image_id": image_id,
        "position": position,
        "key": "\n".join(observed.finding.key),
        "payload": pack_finding(observed.finding),
        "ignored_by": observed.ignored_by,
        "first_observed_at": observed.first_observed_at,
        "last_observed_at": observed.last_observed_at,
    }
