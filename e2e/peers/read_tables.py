"""Reads Iceberg tables by pyiceberg, which knows nothing of Skein, and prints what it found as JSON, one line a request.

Input: JSON lines {"metadata": path or address of a metadata file, "snapshot": id or null, "filter": text or null}.
Output: {"columns": [[id, name, type, required]...], "rows": [...], "planned": files read after pruning by bounds}.
"""
import base64
import datetime
import decimal
import json
import math
import sys

from pyiceberg.table import StaticTable


def plain(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "nan"
        return ("inf" if value > 0 else "-inf") if math.isinf(value) else repr(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        zone = "" if value.tzinfo is None else "Z"
        return value.replace(tzinfo=None).isoformat(timespec="microseconds") + zone
    if isinstance(value, datetime.time):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    raise TypeError(type(value).__name__)


for line in sys.stdin:
    request = json.loads(line)
    table = StaticTable.from_metadata(request["metadata"])
    options = {"snapshot_id": request["snapshot"]} if request.get("snapshot") else {}
    if request.get("filter"):
        options["row_filter"] = request["filter"]
    scan = table.scan(**options)
    schema = scan.projection()
    answer = {
        "columns": [[field.field_id, field.name, str(field.field_type), field.required] for field in schema.fields],
        "planned": len(list(scan.plan_files())),
        "rows": [plain(row) for row in scan.to_arrow().to_pylist()],
    }
    print(json.dumps(answer, ensure_ascii=False), flush=True)
