"""librdkafka writes the records of records.ts, or says what it reads: python3 clients.py BROKERS write CODEC TOPIC SIZES … read TOPIC COUNT …"""
import hashlib
import sys
from confluent_kafka import Consumer, Producer, TopicPartition


def write(brokers, codec, topic, sizes):
    producer = Producer({"bootstrap.servers": brokers, "compression.type": codec, "linger.ms": 200, "message.max.bytes": 4 << 20, "batch.size": 1 << 20})
    errors = []
    for i, size in enumerate(int(size) for size in sizes.split(",")):
        value = bytes((j >> 3) & 63 if j % 251 < 200 else (i * 31 + j * 17) & 255 for j in range(size))
        headers = [(f"h{h}", None if i % 4 == 1 else f"v{i}".encode()) for h in range(i % 3)]
        producer.produce(topic, None if i % 7 == 3 else value, None if i % 5 == 0 else f"key-{i}".encode(), partition=0, timestamp=1000 + i, headers=headers,
                         on_delivery=lambda error, _: error and errors.append(error))
    if producer.flush(30) > 0 or errors:
        sys.exit(f"not delivered: {errors}")


def read(brokers, topic, count):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "reader", "enable.auto.commit": False, "fetch.message.max.bytes": 8 << 20})
    consumer.assign([TopicPartition(topic, 0, 0)])
    for _ in range(count):
        message = consumer.poll(20)
        if message is None or message.error():
            sys.exit(f"not read: {message and message.error()}")
        headers = "".join(f"{name}={digest(value)};" for name, value in message.headers() or [])
        print(topic, message.timestamp()[1], digest(message.key()), digest(message.value()), headers)
    consumer.close()


def digest(content):
    return "null" if content is None else f"{len(content)}:{hashlib.sha256(content).hexdigest()[:16]}"


arguments = sys.argv[2:]
while arguments:
    if arguments[0] == "write":
        write(sys.argv[1], *arguments[1:4])
        arguments = arguments[4:]
    else:
        read(sys.argv[1], arguments[1], int(arguments[2]))
        arguments = arguments[3:]
