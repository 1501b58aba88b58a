"""`python bench/codecs/fastavro.py`: nanoseconds per record of fastavro, on the records of avro.json beside it."""
import io, json, pathlib, sys, time

sys.path.pop(0)  # The folder of this file, whose name is that of the package.
import fastavro

COUNT = 100_000
samples = json.loads((pathlib.Path(__file__).parent / 'avro.json').read_text())

def measure(step):
    best = float('inf')
    for _ in range(5):
        start = time.perf_counter_ns()
        for _ in range(COUNT): step()
        best = min(best, (time.perf_counter_ns() - start) / COUNT)
    return round(best)

for name, sample in samples.items():
    schema = fastavro.parse_schema(sample['schema'])
    payload = bytes.fromhex(sample['bytes'])
    value = fastavro.schemaless_reader(io.BytesIO(payload), schema)
    read = measure(lambda: fastavro.schemaless_reader(io.BytesIO(payload), schema))
    write = measure(lambda: fastavro.schemaless_writer(io.BytesIO(), schema, value))
    print(f'{name}, {len(payload)} bytes: fastavro {fastavro.__version__} read {read} ns, write {write} ns')
