import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Initializer;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Merger;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Reducer;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Runs the cases of cases.json through Kafka Streams and writes what its windows come to, one file a case. A case's
 * input is one partition, so that Kafka Streams' stream time is the highest time so far.
 */
public class Golden {
  static final ObjectMapper json = new ObjectMapper();
  static final Serde<JsonNode> values = Serdes.serdeFrom((topic, value) -> bytes(value), (Deserializer<JsonNode>) (topic, bytes) -> parse(bytes));
  /** Aggregates start as an empty object; sums are of integers, so that they are exact. */
  static final Initializer<JsonNode> empty = json::createObjectNode;
  static final Aggregator<String, JsonNode, JsonNode> add = (key, value, sofar) -> merged(sofar, of(value.get("amount").asLong()));
  static final Merger<String, JsonNode> merge = (key, left, right) -> merged(left, right);
  /** No two records of an input have the same amount, so that the order in which they come decides nothing. */
  static final Reducer<JsonNode> largest = (left, right) -> left.get("amount").asLong() >= right.get("amount").asLong() ? left : right;

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    for (JsonNode test : json.readTree(folder.resolve("cases.json").toFile())) {
      List<JsonNode> input = input(test, folder);
      Run updates = run(test, input, EmitStrategy.onWindowUpdate());
      Run closes = run(test, input, EmitStrategy.onWindowClose());
      // Not as many lines as windows twice: final results are the last updates, but for those that are told here.
      List<String> last = lines(last(updates.results)), closed = lines(closes.results);
      List<String> open = without(last, closed), other = without(closed, last);
      if (new HashSet<>(closed).size() < closed.size()) throw new IllegalStateException("A window was final twice");
      String text = "{\n  \"late\": " + json.writeValueAsString(updates.silent);
      text += ",\n  \"windows\": " + list(last) + ",\n  \"notFinal\": " + list(open) + ",\n  \"otherFinal\": " + list(other) + "\n}\n";
      Files.writeString(folder.resolve(test.get("name").asText() + ".golden.json"), text);
    }
  }

  /** The large input, or the case's own: there the amounts are powers of two, so that a sum tells which records it is of. */
  static List<JsonNode> input(JsonNode test, Path folder) throws IOException {
    List<JsonNode> input = new ArrayList<>();
    if (!test.has("records")) for (String line : Files.readAllLines(folder.resolve("input.ndjson"))) input.add(json.readTree(line));
    for (JsonNode record : test.path("records")) {
      input.add(json.createObjectNode().put("key", record.get(0).asText()).put("time", record.get(1).asLong()).put("amount", 1L << input.size()));
    }
    return input;
  }

  /** What came out, in order, and the numbers of the records after which nothing did. */
  record Run(List<TestRecord<Windowed<String>, JsonNode>> results, ArrayNode silent) {}

  static Run run(JsonNode test, List<JsonNode> input, EmitStrategy emit) {
    StreamsBuilder builder = new StreamsBuilder();
    KGroupedStream<String, JsonNode> grouped = builder.stream("in", Consumed.with(Serdes.String(), values)).groupByKey(Grouped.with(Serdes.String(), values));
    KTable<Windowed<String>, JsonNode> table = windowed(test, grouped, emit);
    Serde<Windowed<String>> keys = new TextKeys();
    table.toStream().to("out", Produced.with(keys, values));
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, "golden");
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    // Results of closed windows are otherwise looked for once a second of wall clock.
    config.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0);
    List<TestRecord<Windowed<String>, JsonNode>> results = new ArrayList<>();
    ArrayNode silent = json.createArrayNode();
    try (TopologyTestDriver driver = new TopologyTestDriver(builder.build(), config)) {
      var in = driver.createInputTopic("in", new StringSerializer(), values.serializer());
      var out = driver.createOutputTopic("out", keys.deserializer(), values.deserializer());
      for (int index = 0; index < input.size(); index++) {
        JsonNode record = input.get(index);
        in.pipeInput(record.get("key").asText(), record, record.get("time").asLong());
        if (out.isEmpty()) silent.add(index);
        results.addAll(out.readRecordsToList());
      }
    }
    return new Run(results, silent);
  }

  static KTable<Windowed<String>, JsonNode> windowed(JsonNode test, KGroupedStream<String, JsonNode> grouped, EmitStrategy emit) {
    JsonNode window = test.get("window");
    Duration grace = Duration.ofMillis(test.get("grace").asLong());
    Duration size = Duration.ofMillis(window.path("size").asLong());
    boolean reduce = test.path("reduce").asBoolean();
    String type = window.get("type").asText();
    if (type.equals("session")) {
      SessionWindowedKStream<String, JsonNode> sessions =
          grouped.windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(window.get("gap").asLong()), grace)).emitStrategy(emit);
      return reduce
          ? sessions.reduce(largest, stored(test))
          : sessions.aggregate(empty, add, merge, stored(test));
    }
    TimeWindows aligned = TimeWindows.ofSizeAndGrace(size, grace);
    TimeWindowedKStream<String, JsonNode> windows =
        type.equals("sliding") ? grouped.windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(size, grace))
        : grouped.windowedBy(type.equals("hopping") ? aligned.advanceBy(Duration.ofMillis(window.get("every").asLong())) : aligned);
    windows = windows.emitStrategy(emit);
    return reduce
        ? windows.reduce(largest, stored(test))
        : windows.aggregate(empty, add, stored(test));
  }

  /** Kept long enough: by default a store forgets, when time jumps, windows that were not told yet to be final. */
  static <S extends StateStore> Materialized<String, JsonNode, S> stored(JsonNode test) {
    Materialized<String, JsonNode, S> stored = Materialized.with(Serdes.String(), values);
    return test.has("retention") ? stored : stored.withRetention(Duration.ofDays(30));
  }

  static JsonNode of(long amount) {
    return json.createObjectNode().put("count", 1).put("sum", amount).put("min", amount).put("max", amount);
  }

  static JsonNode merged(JsonNode left, JsonNode right) {
    if (left.isEmpty()) return right;
    if (right.isEmpty()) return left;
    return json.createObjectNode()
        .put("count", left.get("count").asLong() + right.get("count").asLong())
        .put("sum", left.get("sum").asLong() + right.get("sum").asLong())
        .put("min", Math.min(left.get("min").asLong(), right.get("min").asLong()))
        .put("max", Math.max(left.get("max").asLong(), right.get("max").asLong()));
  }

  /** The last result of each window; one that was merged into another has none. */
  static List<TestRecord<Windowed<String>, JsonNode>> last(List<TestRecord<Windowed<String>, JsonNode>> results) {
    TreeMap<String, TestRecord<Windowed<String>, JsonNode>> last = new TreeMap<>();
    for (var result : results) last.put(TextKeys.text(result.key()), result);
    last.values().removeIf(result -> result.value() == null);
    return new ArrayList<>(last.values());
  }

  /** A line a window: key, start, end, timestamp of the result; then count, sum, min, max and average, or what reduce came to. */
  static List<String> lines(List<TestRecord<Windowed<String>, JsonNode>> results) throws IOException {
    List<String> lines = new ArrayList<>();
    for (var result : results) {
      var window = result.key().window();
      ArrayNode line = json.createArrayNode().add(result.key().key()).add(window.start()).add(window.end()).add(result.timestamp());
      JsonNode value = result.value();
      if (value.has("count")) {
        for (String name : List.of("count", "sum", "min", "max")) line.add(value.get(name));
        line.add(value.get("sum").asDouble() / value.get("count").asLong());
      } else {
        line.add(value.get("amount"));
      }
      lines.add(json.writeValueAsString(line));
    }
    return lines;
  }

  static List<String> without(List<String> lines, List<String> others) {
    List<String> left = new ArrayList<>(lines);
    left.removeAll(new HashSet<>(others));
    return left;
  }

  static String list(List<String> lines) {
    return lines.isEmpty() ? "[]" : "[\n    " + String.join(",\n    ", lines) + "\n  ]";
  }

  static byte[] bytes(JsonNode value) {
    try {
      return value == null ? null : json.writeValueAsBytes(value);
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  static JsonNode parse(byte[] bytes) {
    try {
      return bytes == null ? null : json.readTree(bytes);
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Windowed keys as text: Kafka Streams' own serdes leave out where a window ends. */
  static class TextKeys extends Serdes.WrapperSerde<Windowed<String>> {
    TextKeys() {
      super((topic, key) -> text(key).getBytes(), (topic, bytes) -> windowed(new StringDeserializer().deserialize(topic, bytes)));
    }

    static String text(Windowed<String> key) {
      return key.key() + " " + key.window().start() + " " + key.window().end();
    }

    static Windowed<String> windowed(String text) {
      String[] parts = text.split(" ");
      return new Windowed<>(parts[0], new org.apache.kafka.streams.kstream.internals.SessionWindow(Long.parseLong(parts[1]), Long.parseLong(parts[2])));
    }
  }
}
