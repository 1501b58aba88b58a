"""Makes cases.json: what fastavro writes for values of many schemas, and what its reader gives for those bytes.

    python3 -m venv venv && venv/bin/pip install fastavro==1.13.1 && venv/bin/python make.py

Values are JSON; what JSON has not is {"$long": digits}, {"$bytes": hex} or {"$number": "NaN"}. Values of logical types are
the texts that Millrace reads, made here from Python's own datetime, Decimal and UUID. `differs` has what Millrace does
otherwise, and why.
"""
import datetime as dt, decimal, io, json, math, struct, uuid
import fastavro

D, B = decimal.Decimal, bytes
UTC = dt.timezone.utc
cases = []

named = {}

def text(value, schema):
    """A value of fastavro's reader as Millrace has it. `schema` is that of the value, with unions looked into."""
    if isinstance(schema, str): schema = named.get(schema.split('.')[-1], schema)
    if isinstance(schema, dict) and 'name' in schema: named[schema['name']] = schema
    if isinstance(schema, list):
        if all(isinstance(branch, str) and branch not in named for branch in schema): return text(value, 'any')
        for branch in schema:
            kind = branch['type'] if isinstance(branch, dict) else branch
            if isinstance(branch, dict) and 'name' in branch: named[branch['name']] = branch
            if (value is None) == (kind == 'null') and fits(value, branch): return text(value, branch)
    logical = schema.get('logicalType') if isinstance(schema, dict) else None
    if isinstance(value, dt.datetime):
        stamp = value.replace(tzinfo=None).isoformat(timespec='milliseconds' if logical.endswith('millis') else 'microseconds')
        return stamp + ('' if logical.startswith('local') else 'Z')
    if isinstance(value, dt.date): return value.isoformat()
    if isinstance(value, dt.time): return value.isoformat(timespec='milliseconds' if logical == 'time-millis' else 'microseconds')
    if isinstance(value, D): return f"{value:.{schema.get('scale', 0)}f}"
    if isinstance(value, uuid.UUID): return str(value)
    if isinstance(value, bytes): return {'$bytes': value.hex()}
    if isinstance(value, bool) or value is None or isinstance(value, str): return value
    if isinstance(value, int): return value if abs(value) < 2**53 else {'$long': str(value)}
    if isinstance(value, float): return value if math.isfinite(value) else {'$number': {'nan': 'NaN', 'inf': 'Infinity', '-inf': '-Infinity'}[str(value)]}
    if isinstance(value, list): return [text(item, schema['items']) for item in value]
    if schema['type'] == 'map': return {key: text(item, schema['values']) for key, item in value.items()}
    types = {field['name']: field['type'] for field in schema['fields']}
    return {key: text(item, types[key]) for key, item in value.items()}

def fits(value, schema):
    if isinstance(schema, str): schema = named.get(schema, schema)
    kind = schema['type'] if isinstance(schema, dict) else schema
    expected = {'record': dict, 'map': dict, 'array': list}.get(kind)
    if kind == 'record' and isinstance(value, dict): return set(value) == {field['name'] for field in schema['fields']}
    return expected is None and not isinstance(value, (dict, list)) or expected is not None and isinstance(value, expected)

def add(name, schema, given, reader=None, **differs):
    named.clear()
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, given)
    out.seek(0)
    read = fastavro.schemaless_reader(out, schema, reader)
    case = {'name': name, 'schema': schema, 'bytes': out.getvalue().hex(), 'value': text(read, reader or schema)}
    if reader is not None: case['reader'] = reader
    if differs: case['differs'] = differs
    cases.append(case)

def lt(kind, logical, **more): return {'type': kind, 'logicalType': logical, **more}
def rec(name, *fields, **more): return {'type': 'record', 'name': name, 'fields': [dict(zip(('name', 'type', 'default'), field)) for field in fields], **more}
def fixed(name, size, **more): return {'type': 'fixed', 'name': name, 'size': size, **more}
def enum(*symbols, **more): return {'type': 'enum', 'name': 'E', 'symbols': list(symbols), **more}

add('null', 'null', None)
for v in (True, False): add(f'boolean {v}', 'boolean', v)
for v in (0, -1, 1, 63, 64, -64, -65, 8191, 8192, 2**31 - 1, -2**31): add(f'int {v}', 'int', v)
for v in (0, -1, 2**31, -2**31 - 1, 2**34, 2**35, 2**48, 2**49, 2**52, 2**53 - 1, -(2**53 - 1), 2**53, 2**53 + 1, -2**53, 2**55, 2**56, 2**62, 2**63 - 1, -2**63): add(f'long {v}', 'long', v)
for v in (0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, struct.unpack('<f', b'\x01\0\0\0')[0]): add(f'float {v}', 'float', v)
for v in (0.0, 0.1, -1e300, 5e-324, math.inf, math.nan, 2.0**60): add(f'double {v}', 'double', v)
for v in ('', 'abc', 'é', '漢字', '\U0001f600', 'x' * 63, 'x' * 64, 'x' * 200, 'ü' * 40, '\x00\x7f'): add(f'string of {len(v)}: {v[:4]!r}', 'string', v)
for v in (b'', b'\x00\xff', bytes(range(256))): add(f'bytes of {len(v)}', 'bytes', v)
add('fixed', fixed('F', 4), b'\x01\x02\x03\x04')
add('fixed of nothing', fixed('F', 0), b'')
for v in ('A', 'C'): add(f'enum {v}', enum('A', 'B', 'C'), v)
add('array', {'type': 'array', 'items': 'int'}, [1, -2, 300])
add('array of nothing', {'type': 'array', 'items': 'string'}, [])
add('array of nulls', {'type': 'array', 'items': 'null'}, [None, None])
add('array of arrays', {'type': 'array', 'items': {'type': 'array', 'items': 'string'}}, [['a'], [], ['b', 'c']])
add('map', {'type': 'map', 'values': 'long'}, {'a': 1, 'é': 2**60})
add('map of nothing', {'type': 'map', 'values': 'long'}, {})
add('map with a key that objects inherit', {'type': 'map', 'values': 'int'}, {'constructor': 1, '__proto__': 2})
add('record', rec('R', ('a', 'int'), ('b', 'string'), ('c', rec('S', ('d', 'boolean')))), {'a': 1, 'b': 'x', 'c': {'d': True}})
add('record without fields', rec('R'), {})
add('record in namespaces', {'type': 'record', 'name': 'R', 'namespace': 'a.b', 'fields': [{'name': 's', 'type': rec('S', ('v', 'int'))}, {'name': 't', 'type': 'S'}, {'name': 'u', 'type': 'a.b.S'}]}, {'s': {'v': 1}, 't': {'v': 2}, 'u': {'v': 3}})
tree = rec('List', ('v', 'int'), ('next', ['null', 'List']))
add('list', tree, {'v': 1, 'next': {'v': 2, 'next': None}})
for v in (None, 'x'): add(f'nullable {v}', ['null', 'string'], v)
add('null last', ['string', 'null'], None)
for v in (5, 'x', True, 0.5, None): add(f'union, {v!r}', ['null', 'boolean', 'int', 'double', 'string'], v)
add('union of records', [rec('A', ('a', 'int')), rec('B', ('b', 'int'))], {'b': 1})
add('union of a record and a map', [rec('A', ('a', 'int')), {'type': 'map', 'values': 'string'}], {'k': 'v'})
add('union with an array', ['null', {'type': 'array', 'items': ['null', 'int']}], [1, None])

date, millis, micros = lt('int', 'date'), lt('long', 'timestamp-millis'), lt('long', 'timestamp-micros')
for v in (dt.date(1970, 1, 1), dt.date(2026, 11, 27), dt.date(1969, 12, 31), dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(2024, 2, 29), dt.date(1900, 3, 1)): add(f'date {v}', date, v)
add('time-millis', lt('int', 'time-millis'), dt.time(12, 34, 56, 789000))
add('time-micros', lt('long', 'time-micros'), dt.time(23, 59, 59, 999999))
for v in (dt.datetime(1970, 1, 1, tzinfo=UTC), dt.datetime(2026, 11, 27, 12, 34, 56, 789000, UTC), dt.datetime(1969, 12, 31, 23, 59, 59, 999000, UTC), dt.datetime(1, 1, 1, tzinfo=UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999000, UTC)):
    add(f'timestamp-millis {v}', millis, v)
    add(f'timestamp-micros {v}', micros, v)
    add(f'local-timestamp-millis {v}', lt('long', 'local-timestamp-millis'), v.replace(tzinfo=None))
    add(f'local-timestamp-micros {v}', lt('long', 'local-timestamp-micros'), v.replace(tzinfo=None))
for v in ('0', '0.01', '-0.01', '1.28', '-1.29', '12345678.90', '-99999999.99'): add(f'decimal {v}', lt('bytes', 'decimal', precision=10, scale=2), D(v))
add('decimal -1.28', lt('bytes', 'decimal', precision=10, scale=2), D('-1.28'), why='one byte is enough, and Java writes one', bytes='0280')
add('decimal without scale', lt('bytes', 'decimal', precision=30), D('123456789012345678901234567890'))
for v in ('0.0000', '1.5000', '-123456789.0001'): add(f'decimal in fixed {v}', fixed('F', 8, logicalType='decimal', precision=18, scale=4), D(v))
add('uuid', lt('string', 'uuid'), uuid.UUID('123e4567-e89b-12d3-a456-426614174000'))
add('nullable timestamp', ['null', millis], dt.datetime(2026, 11, 27, tzinfo=UTC))
add('nullable decimal', ['null', lt('bytes', 'decimal', precision=4, scale=2)], D('1.50'))
add('record of logical types', rec('R', ('d', date), ('t', ['null', micros]), ('a', {'type': 'array', 'items': lt('bytes', 'decimal', precision=4, scale=1)})), {'d': dt.date(2026, 1, 2), 't': None, 'a': [D('1.5'), D('-2.0')]})

for w, r, v in (('int', 'long', 5), ('int', 'float', 5), ('int', 'double', 5), ('long', 'float', 2**20), ('long', 'double', 2**40), ('float', 'double', 0.5), ('string', 'bytes', 'é'), ('bytes', 'string', 'é'.encode())):
    add(f'{w} as {r}', w, v, r)
add('int as union', 'int', 5, ['null', 'int'])
add('promoted into union', 'int', 5, ['null', 'double'])
add('union as int', ['null', 'int'], 5, 'int')
add('union as another union', ['null', 'int'], 5, ['string', 'long', 'null'])
add('array promoted', {'type': 'array', 'items': 'int'}, [1, 2], {'type': 'array', 'items': 'double'})
add('map promoted', {'type': 'map', 'values': 'int'}, {'a': 1}, {'type': 'map', 'values': 'long'})
add('enum with fewer symbols', enum('A', 'B'), 'B', enum('B', 'C', default='C'))
add('enum by default', enum('A', 'B'), 'A', enum('B', 'C', default='C'))
R = rec('R', ('a', 'int'), ('b', 'string'), ('c', {'type': 'array', 'items': 'int'}))
V = {'a': 1, 'b': 'x', 'c': [1, 2]}
add('fields removed', R, V, rec('R', ('b', 'string')))
add('fields reordered', R, V, rec('R', ('c', {'type': 'array', 'items': 'int'}), ('a', 'int')))
add('field added with a default', R, V, rec('R', ('a', 'int'), ('n', ['null', 'string'], None), ('s', 'string', 'dflt'), ('l', {'type': 'array', 'items': 'int'}, [7])))
add('field by alias', R, V, {'type': 'record', 'name': 'R', 'fields': [{'name': 'x', 'type': 'long', 'aliases': ['a']}]})
add('record by alias', R, V, {'type': 'record', 'name': 'New', 'aliases': ['R'], 'fields': [{'name': 'b', 'type': 'string'}]})
add('list resolved', tree, {'v': 1, 'next': {'v': 2, 'next': None}}, rec('List', ('v', 'long'), ('next', ['null', 'List']), ('z', 'int', 0)))
add('skipped: every type', rec('R', ('a', {'type': 'map', 'values': {'type': 'array', 'items': 'double'}}), ('b', fixed('F', 3)), ('c', ['null', 'bytes']), ('d', enum('A')), ('e', 'float'), ('f', 'boolean'), ('g', 'long'), ('z', 'int')),
    {'a': {'k': [1.0, 2.0]}, 'b': b'abc', 'c': b'x', 'd': 'A', 'e': 1.0, 'f': True, 'g': 2**60, 'z': 9}, rec('R', ('z', 'int')))
add('date as int', date, dt.date(1970, 1, 3), 'int', why="the reader's schema says what values are, as in Java", value=2)

with open('cases.json', 'w') as file:
    file.write('[\n' + ',\n'.join(json.dumps(case, ensure_ascii=True) for case in cases) + '\n]\n')
print(len(cases), 'cases by fastavro', fastavro.__version__)
