import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/**
 * Nanoseconds per record of Apache Avro's GenericDatumReader and GenericDatumWriter, on the records of avro.json. Its strings are Utf8, not decoded, and
 * logical types their underlying values.
 *
 *     mvn -q dependency:copy-dependencies -DoutputDirectory=jars   (org.apache.avro:avro:1.12.0)
 *     java -cp 'jars/*' bench/codecs/Avro.java bench/codecs/avro.json
 */
public class Avro {
  interface Step { Object run() throws Exception; }

  static Object sink;

  static long measure(Step step) throws Exception {
    long best = Long.MAX_VALUE;
    int count = 1_000_000;
    for (int round = 0; round < 6; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) sink = step.run();
      best = Math.min(best, (System.nanoTime() - start) / count);
    }
    return best;
  }

  public static void main(String[] arguments) throws Exception {
    var samples = new ObjectMapper().readTree(Files.readString(Path.of(arguments[0])));
    for (var sample : samples.properties()) {
      Schema schema = new Schema.Parser().parse(sample.getValue().get("schema").toString());
      byte[] payload = HexFormat.of().parseHex(sample.getValue().get("bytes").asText());
      var reader = new GenericDatumReader<Object>(schema);
      var writer = new GenericDatumWriter<Object>(schema);
      BinaryDecoder[] decoder = {null};
      BinaryEncoder[] encoder = {null};
      Step read = () -> reader.read(null, decoder[0] = DecoderFactory.get().binaryDecoder(payload, decoder[0]));
      Object value = read.run();
      Step write = () -> {
        var out = new ByteArrayOutputStream(256);
        encoder[0] = EncoderFactory.get().binaryEncoder(out, encoder[0]);
        writer.write(value, encoder[0]);
        encoder[0].flush();
        return out.toByteArray();
      };
      System.out.printf("%s, %d bytes: Avro %s read %d ns, write %d ns%n", sample.getKey(), payload.length, Schema.class.getPackage().getImplementationVersion(), measure(read), measure(write));
    }
  }
}
