import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.state.Stores;

/**
 * Runs the cases of join-cases.json through Kafka Streams, one record at a time, and writes what came out after each,
 * one file a case. A value is the first letter of its record's input and the record's number, so that results say what met.
 */
public class Joins {
  static final ObjectMapper json = new ObjectMapper();
  static final Serde<String> text = Serdes.String();
  static final ValueJoiner<String, String, String> pair = (left, right) -> left + " " + right;

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    for (JsonNode test : json.readTree(folder.resolve("join-cases.json").toFile())) {
      List<String> lines = run(test, records(test, folder));
      Files.writeString(folder.resolve(test.get("name").asText() + ".golden.json"), "[" + (lines.isEmpty() ? "" : "\n  " + String.join(",\n  ", lines) + "\n") + "]\n");
    }
  }

  /** The case's own records or the long input: the input's name, key and time, and `null` where there is no value. */
  static List<JsonNode> records(JsonNode test, Path folder) throws IOException {
    List<JsonNode> records = new ArrayList<>();
    if (!test.has("records")) for (String line : Files.readAllLines(folder.resolve("join-input.ndjson"))) records.add(json.readTree(line));
    for (JsonNode record : test.path("records")) records.add(record);
    return records;
  }

  static List<String> run(JsonNode test, List<JsonNode> records) throws IOException {
    StreamsBuilder builder = new StreamsBuilder();
    joined(test, builder).to("out", Produced.with(text, text));
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, "golden");
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    // Records without a match are otherwise looked for once a second of wall clock.
    config.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0);
    List<String> lines = new ArrayList<>();
    try (TopologyTestDriver driver = new TopologyTestDriver(builder.build(), config)) {
      Map<String, TestInputTopic<String, String>> inputs = new HashMap<>();
      var out = driver.createOutputTopic("out", new StringDeserializer(), new StringDeserializer());
      for (int index = 0; index < records.size(); index++) {
        JsonNode record = records.get(index);
        String input = record.get(0).asText();
        String value = record.has(3) ? null : input.charAt(0) + "" + index;
        inputs.computeIfAbsent(input, name -> driver.createInputTopic(name, new StringSerializer(), new StringSerializer()))
            .pipeInput(record.get(1).isNull() ? null : record.get(1).asText(), value, record.get(2).asLong());
        for (var result : out.readRecordsToList()) {
          String[] sides = result.value().split(" ");
          lines.add(json.writeValueAsString(json.createArrayNode().add(index).add(result.key()).add(side(sides[0])).add(side(sides[1])).add(result.timestamp())));
        }
      }
    }
    return lines;
  }

  static String side(String value) {
    return value.equals("null") ? null : value;
  }

  static KStream<String, String> joined(JsonNode test, StreamsBuilder builder) {
    JsonNode join = test.get("join");
    String type = join.get("type").asText();
    Consumed<String, String> consumed = Consumed.with(text, text);
    if (join.has("table")) {
      KStream<String, String> stream = builder.stream("stream", consumed);
      KTable<String, String> table = join.has("history")
          ? builder.table("table", consumed, Materialized.as(Stores.persistentVersionedKeyValueStore("table", Duration.ofMillis(join.get("history").asLong()))))
          : builder.table("table", consumed, Materialized.as(Stores.persistentTimestampedKeyValueStore("table")));
      Joined<String, String, String> how = Joined.with(text, text, text);
      if (join.has("grace")) how = how.withGracePeriod(Duration.ofMillis(join.get("grace").asLong()));
      return type.equals("left") ? stream.leftJoin(table, pair, how) : stream.join(table, pair, how);
    }
    KStream<String, String> left = builder.stream(join.path("self").asBoolean() ? "both" : "left", consumed);
    KStream<String, String> right = join.path("self").asBoolean() ? left : builder.stream("right", consumed);
    long before = join.get("before").asLong(), after = join.get("after").asLong();
    JoinWindows windows = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(Math.max(before, after)), Duration.ofMillis(join.get("grace").asLong()));
    windows = windows.before(Duration.ofMillis(before)).after(Duration.ofMillis(after));
    StreamJoined<String, String, String> how = StreamJoined.with(text, text, text);
    return switch (type) {
      case "left" -> left.leftJoin(right, pair, windows, how);
      case "outer" -> left.outerJoin(right, pair, windows, how);
      default -> left.join(right, pair, windows, how);
    };
  }
}
