"""Makes cases.json and descriptors.binpb with Google's own programs: what values are as JSON, and which bytes they have.

    python3 -m venv venv && venv/bin/pip install protobuf==7.36.2 grpcio-tools==1.85.1
    venv/bin/python make.py

Each case was made from `json` or from `text` and serialized deterministically; `value` is what json_format makes of these bytes, with the names of
the schema and with the zeros of fields that have no presence. Those under `reads` are bytes that no serializer writes but every parser takes.
"""
import json
import os

# The one of Google's implementations for Python whose deterministic order of maps is that of C++ and Java: by key, ascending.
os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, text_format
from grpc_tools import protoc

here = os.path.dirname(os.path.abspath(__file__))
os.chdir(here)
files = ["scalars3.proto", "legacy2.proto", "edition2023.proto", "delimited2023.proto"]
well_known = os.path.join(os.path.dirname(protoc.__file__), "_proto")
assert protoc.main(["protoc", "-I.", "-I" + well_known, "--include_imports", "--descriptor_set_out=descriptors.binpb", *files]) == 0
descriptors = descriptor_pb2.FileDescriptorSet.FromString(open("descriptors.binpb", "rb").read())
pool = descriptor_pool.DescriptorPool()
for file in descriptors.file:
    pool.Add(file)


def of(name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def value_of(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True, descriptor_pool=pool)


cases, reads = [], []


def case(name, type_name, content):
    cls = of(type_name)
    message = text_format.Parse(content, cls(), descriptor_pool=pool) if isinstance(content, str) else json_format.ParseDict(content, cls(), descriptor_pool=pool)
    data = message.SerializeToString(deterministic=True)
    cases.append({"name": name, "message": type_name, "value": value_of(message), "hex": data.hex()})
    return data


def read(name, type_name, data):
    message = of(type_name).FromString(data)
    reads.append({"name": name, "message": type_name, "value": value_of(message), "hex": data.hex()})


S, O, L, M, C, W, N = (f"golden.{n}" for n in ["Scalars", "Optionals", "Lists", "Maps", "Choice", "WellKnown", "Names"])
case("nothing", S, {})
for field, values in {
    "a_double": [1.5, -0.0, 1e300, 5e-324, "NaN", "Infinity", "-Infinity", 1 / 3],
    "a_float": [1.5, -0.0, 3.4028234663852886e38, "NaN", "-Infinity", 1.401298464324817e-45],
    "an_int32": [1, -1, 127, 128, 2147483647, -2147483648],
    "an_int64": ["1", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740991", "9007199254740993", "-9007199254740993", "4294967295", "4294967296", "-4294967297", "1700000000000"],
    "a_uint32": [1, 4294967295, 16384, 2097152, 268435456],
    "a_uint64": ["18446744073709551615", "9007199254740992", "34359738368", "1"],
    "a_sint32": [1, -1, 2147483647, -2147483648],
    "a_sint64": ["1", "-1", "9223372036854775807", "-9223372036854775808", "4294967296", "-4294967296"],
    "a_fixed32": [4294967295],
    "a_fixed64": ["18446744073709551615", "1"],
    "an_sfixed32": [-1, -2147483648],
    "an_sfixed64": ["-9223372036854775808", "-1", "1"],
    "a_bool": [True],
    "a_string": ["a", "grüß Gott, 世界 😀", "\u0000", "x" * 127, "x" * 128, "x" * 16384, "\ufeff\ufffd"],
    "some_bytes": ["AA==", "+/8=", "3q2+7w=="],
    "color": ["RED", "BLUE", "BELOW", 77, -5],
    "far_away": ["tag of five bytes"],
}.items():
    for number, value in enumerate(values):
        case(f"{field} {number}", S, {field: value})
case("everything", S, {"a_double": 2.5, "a_float": 0.25, "an_int32": 3, "an_int64": "4", "a_uint32": 5, "a_uint64": "6", "a_sint32": 7, "a_sint64": "8", "a_fixed32": 9, "a_fixed64": "10", "an_sfixed32": 11, "an_sfixed64": "12", "a_bool": True, "a_string": "14", "some_bytes": "Zg==", "color": "BLUE", "far_away": "z"})
case("optional, unset", O, {})
case("optional, zeros", O, {"count": 0, "text": "", "color": "COLOR_NONE", "data": "", "flag": False, "number": 0})
case("optional, set", O, {"count": 5, "text": "t", "color": "RED", "data": "AQ==", "flag": True, "number": -1, "named": "n"})
case("lists", L, {"int32s": [1, -1, 300, 0], "sint64s": ["-1", "9223372036854775807"], "doubles": [0, 1.5, "NaN"], "bools": [True, False], "strings": ["", "a"], "blobs": ["", "AQ=="], "colors": ["RED", "COLOR_NONE", 9], "nodes": [{}, {"name": "n"}], "expanded": [1, 0, 2], "fixed": [0, 7], "floats": [0.5]})
case("long list", L, {"int32s": list(range(-500, 500))})
case("maps", M, {"by_string": {"b": 2, "a": 1, "": 0, "ä": 3, "aa": 4, "\uff5e": 5, "😀": 6}, "by_int32": {"-1": "m", "10": "t", "9": "n", "0": ""}, "by_int64": {"9007199254740993": {"name": "x"}, "-5": {}}, "by_bool": {"true": 1, "false": 0}, "by_uint64": {"18446744073709551615": "RED", "1": "COLOR_NONE"}, "by_sfixed32": {"-3": "AQ==", "3": ""}, "by_sint32": {"-1": True, "1": False}, "inners": {"i": {"x": 1}}})
case("names that every object has as keys", M, {"by_string": {"__proto__": 1, "constructor": 2, "toString": 3}})
for number, choice in enumerate([{}, {"number": 0}, {"text": ""}, {"node": {}}, {"color": "COLOR_NONE"}, {"nothing": None}, {"before": "b", "text": "x", "after": 1}]):
    case(f"oneof {number}", C, choice)
node = {"name": "leaf"}
for level in range(30):
    node = {"next": node, "count": level}
case("deep", "golden.Node", node)
case("tree", "golden.Node", {"children": [{"children": [{"name": "a"}, {}]}, {"next": {"children": [{}]}}]})
for number, text in enumerate(["1970-01-01T00:00:00Z", "2024-02-29T12:34:56.789Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.5Z", "2024-01-01T00:00:00.000001Z", "2024-01-01T01:00:00.010+01:00", "1999-12-31T16:00:00-08:30"]):
    case(f"timestamp {number}", W, {"at": text})
for number, text in enumerate(["0s", "1s", "-1s", "1.5s", "-0.5s", "315576000000s", "-315576000000.999999999s", "0.000000001s", "0.000001s", "3.010s"]):
    case(f"duration {number}", W, {"took": text})
case("struct", W, {"struct": {"null": None, "number": 1.5, "text": "t", "true": True, "list": [1, None, [], {"a": {}}], "object": {"b": {"c": []}}, "": "empty", "__proto__": {"x": 1}}})
for number, value in enumerate([None, 0, -1.25, "", "t", False, True, [], {}, [None, [None]], {"a": None}]):
    case(f"value {number}", W, {"value": value})
case("list", W, {"list": [1, "a", None, {"b": [True]}]})
case("mask", W, {"mask": "fooBar,baz.quxQuux,a"})
case("empty mask", W, {"mask": ""})
case("wrappers, zeros", W, {"w_double": 0, "w_int64": "0", "w_uint64": "0", "w_int32": 0, "w_uint32": 0, "w_bool": False, "w_string": "", "w_bytes": "", "w_float": 0})
case("wrappers", W, {"w_double": "NaN", "w_int64": "-9223372036854775808", "w_uint64": "18446744073709551615", "w_int32": -7, "w_uint32": 7, "w_bool": True, "w_string": "s", "w_bytes": "AQI=", "w_float": 0.5})
any_of = "type.googleapis.com/"
case("any of a message", W, {"any": {"@type": any_of + "golden.Node", "name": "n", "next": {"count": 2}}})
case("any of a timestamp", W, {"any": {"@type": any_of + "google.protobuf.Timestamp", "value": "2024-01-01T00:00:00Z"}})
case("any of any", W, {"any": {"@type": any_of + "google.protobuf.Any", "value": {"@type": any_of + "google.protobuf.Duration", "value": "1s"}}})
case("any of a struct", W, {"any": {"@type": any_of + "google.protobuf.Struct", "value": {"a": [1]}}})
case("empty any", W, {"any": {}})
case("any of an empty message", W, {"any": {"@type": any_of + "golden.Node"}})
case("any of a wrapper", W, {"anys": [{"@type": any_of + "google.protobuf.Int64Value", "value": "5"}, {"@type": any_of + "golden.Choice", "text": "x"}]})
case("empty message", W, {"empty": {}})
case("times and values", W, {"times": ["2024-01-01T00:00:00Z", "1970-01-01T00:00:00Z"], "values": {"a": None, "b": [1]}})
case("names", N, {"snake_case_name": "1", "camelCase": "2", "_leading": "3", "with__two": "4", "with_1digit": "5", "constructor": "6", "toString": "7", "hasOwnProperty": 8, "map": {"a": "b"}})
old = "golden.legacy.Old"
case("proto2, required alone", old, {"id": ""})
case("proto2", old, {"id": "i", "count": 0, "level": "LOW", "expanded": [1, 2], "packed": [3, 4], "detail": {"note": "n", "line": [{"number": 1}, {}]}, "pair": {"a": 1}, "parts": {"p": {"ok": False}}, "inner": {"id": "j"}})
case("proto2, extensions", old, 'id: "i" [golden.legacy.outer_extension]: "x" [golden.legacy.Old.Part.inner_extension] { ok: true } [golden.legacy.list_extension]: [1, -1]')
modern = "golden.edition.Modern"
case("edition, required alone", modern, {"must": 0})
case("edition", modern, {"explicit": 0, "implicit": 0, "must": 1, "expanded": [1, 2], "packed": [3, 4], "delimited": {"text": "d", "part": {"text": "e"}}, "prefixed": {"text": "p", "part": {}}, "parts": [{"text": "x"}, {}], "by_name": {"k": {"text": "v", "part": {"text": "w"}}}, "level": "HIGH"})
case("delimited by default", "golden.delimited.All", {"child": {"text": "c", "child": {}}, "by_number": {"2": {"text": "b", "left": {"text": "l"}}, "-1": {}}, "list": [{"text": "a"}, {"right": ""}], "left": {"child": {}}})

read("messages in parts", C, of(C)(node=of("golden.Node")(name="a", count=1)).SerializeToString() + of(C)(node=of("golden.Node")(name="b", children=[of("golden.Node")()])).SerializeToString())
read("a timestamp in parts", W, bytes.fromhex("0a020805" + "0a0410c0843d"))
read("a message in parts inside one in parts", "golden.Node", bytes.fromhex("120412020a00" + "120712050a01612003"))
read("of a oneof the last", C, bytes.fromhex("1005" + "1a0161" + "1007"))
read("a oneof's message, another member, the message again", C, bytes.fromhex("22030a0161" + "1005" + "22022003"))
read("a struct in parts", W, of(W)(struct={"a": 1}).SerializeToString() + of(W)(struct={"b": [2]}).SerializeToString())
read("unpacked where packed is written", L, bytes.fromhex("0801" + "0802" + "0a020304"))
read("packed where unpacked is written", L, bytes.fromhex("4a020102" + "4803"))
read("a map's entry without key and value", M, bytes.fromhex("0a00" + "12020801" + "1a00"))
read("a map's key twice, its value before its key", M, bytes.fromhex("0a0510070a0161" + "0a050a01611008"))
read("a map's message in parts", M, bytes.fromhex("1a0b" + "0801" + "12030a0161" + "12022002"))
read("a 32-bit integer of ten bytes", S, bytes.fromhex("18" + "ffffffffffffffffff01"))
read("a 32-bit integer with more bits", S, bytes.fromhex("18" + "8180808010"))
read("a bool of two bytes", S, bytes.fromhex("688002"))
read("unknown fields of every wire type", "golden.Node", bytes.fromhex("a00601" + "a1060102030405060708" + "a20603616263" + "a306" + "0801" + "1b1c" + "a406" + "a50601020304" + "0a0161"))
read("an integer longer than it needs to be", S, bytes.fromhex("18818000"))

json.dump({"made by": "make.py", "protoc": "35.1", "cases": cases, "reads": reads}, open("cases.json", "w"), ensure_ascii=False, indent=1)
print(len(cases), "cases,", len(reads), "reads")
