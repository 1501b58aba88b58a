import java.security.MessageDigest;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

/** The Java client writes the records of records.ts, or says what it reads: java -cp 'jars/*' Clients.java BROKERS write CODEC TOPIC SIZES … read TOPIC COUNT … */
public class Clients {
  public static void main(String[] args) throws Exception {
    for (int at = 1; at < args.length;) {
      if (args[at].equals("write")) { write(args[0], args[at + 1], args[at + 2], args[at + 3]); at += 4; }
      else { read(args[0], args[at + 1], Integer.parseInt(args[at + 2])); at += 3; }
    }
  }

  static void write(String brokers, String codec, String topic, String sizes) throws Exception {
    Map<String, Object> config = Map.of("bootstrap.servers", brokers, "compression.type", codec, "linger.ms", 200, "batch.size", 1 << 20, "max.request.size", 4 << 20);
    try (var producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      var sent = new ArrayList<java.util.concurrent.Future<RecordMetadata>>();
      int i = 0;
      for (String size : sizes.split(",")) sent.add(producer.send(record(topic, i++, Integer.parseInt(size))));
      for (var each : sent) each.get();
    }
  }

  static ProducerRecord<byte[], byte[]> record(String topic, int i, int size) {
    byte[] value = new byte[size];
    for (int j = 0; j < size; j++) value[j] = (byte) (j % 251 < 200 ? (j >> 3) & 63 : (i * 31 + j * 17) & 255);
    List<Header> headers = new ArrayList<>();
    for (int h = 0; h < i % 3; h++) headers.add(new RecordHeader("h" + h, i % 4 == 1 ? null : ("v" + i).getBytes()));
    return new ProducerRecord<>(topic, 0, 1000L + i, i % 5 == 0 ? null : ("key-" + i).getBytes(), i % 7 == 3 ? null : value, headers);
  }

  static void read(String brokers, String topic, int count) throws Exception {
    Map<String, Object> config = Map.of("bootstrap.servers", brokers, "auto.offset.reset", "earliest", "enable.auto.commit", false, "max.partition.fetch.bytes", 8 << 20);
    try (var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      var partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      for (int left = count; left > 0;) {
        for (var r : consumer.poll(Duration.ofSeconds(20))) {
          var headers = new StringBuilder();
          for (Header h : r.headers()) headers.append(h.key()).append('=').append(sum(h.value())).append(';');
          System.out.println(topic + " " + r.timestamp() + " " + sum(r.key()) + " " + sum(r.value()) + " " + headers);
          left--;
        }
      }
    }
  }

  static String sum(byte[] bytes) throws Exception {
    return bytes == null ? "null" : bytes.length + ":" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)).substring(0, 16);
  }
}
