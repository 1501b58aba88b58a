"""Nanoseconds per record of Google's library for Python (upb, in C), to be read beside bench/codecs/protobuf.ts.

    venv/bin/pip install protobuf grpcio-tools && venv/bin/python bench/codecs/protobuf.py
"""
import os
import time

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.internal import api_implementation
from grpc_tools import protoc

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../test/golden/protobuf")
assert protoc.main(["protoc", f"-I{folder}", "--descriptor_set_out=/tmp/event.binpb", f"{folder}/event.proto"]) == 0
pool = descriptor_pool.DescriptorPool()
for file in descriptor_pb2.FileDescriptorSet.FromString(open("/tmp/event.binpb", "rb").read()).file:
    pool.Add(file)
Event = message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.Event"))
value = {"id": "e-0000000001", "user_id": "u-007919", "type": "click", "severity": "low", "amount": 0.37, "ts": 1700000000001, "source": "web", "payload": "0123456789abcdef" * 7 + "00000001"}
data = Event(**value).SerializeToString()


def fastest(run, rounds=7, count=20000):
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter_ns()
        for _ in range(count):
            run()
        best = min(best, (time.perf_counter_ns() - start) / count)
    return f"{best:.0f} ns"


def as_dict():
    m = Event.FromString(data)
    return {"id": m.id, "user_id": m.user_id, "type": m.type, "severity": m.severity, "amount": m.amount, "ts": m.ts, "source": m.source, "payload": m.payload}


print("implementation:", api_implementation.Type())
print("read into a dict by hand:", fastest(as_dict))
print("read with MessageToDict:", fastest(lambda: json_format.MessageToDict(Event.FromString(data), preserving_proto_field_name=True), count=3000))
print("write from a dict:", fastest(lambda: Event(**value).SerializeToString()))
