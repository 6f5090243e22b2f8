"""Reads one Arrow IPC stream from standard input by pyarrow, checks every buffer of it, and prints schema and rows as JSON."""
import base64
import datetime
import decimal
import json
import math
import sys

import pyarrow


def plain(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, pyarrow.MonthDayNano):
        return [str(part) for part in value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return ("Infinity" if value > 0 else "-Infinity") if math.isinf(value) else repr(value)
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


reader = pyarrow.ipc.open_stream(sys.stdin.buffer)
batches = list(reader)
for batch in batches:
    batch.validate(full=True)
table = pyarrow.Table.from_batches(batches, reader.schema)
columns = [[plain(value) for value in column.to_pylist()] for column in table.columns]
json.dump({"types": [str(field.type) for field in table.schema], "batches": len(batches), "rows": list(zip(*columns))}, sys.stdout)
