type Environment = Readonly<Record<string, string | undefined>>;

/** Which signals have variables of their own; '' are those of all. */
const signals = ['', 'TRACES_', 'METRICS_', 'LOGS_'] as const;

/** Shorter values stand in other texts. */
const shortest = 4;

/**
 * What of OpenTelemetry's variables and of `--traces` must never be shown: the values of `OTEL_EXPORTER_OTLP_*HEADERS`, which is where keys of collectors stand, and passwords in endpoints. A collector may
 * say them back in its answer, and its answer is in the log.
 */
export function otlpSecrets(env: Environment, url: string | null): string[] {
  const headers = signals.flatMap((signal) => headerSecrets(env[`OTEL_EXPORTER_OTLP_${signal}HEADERS`] ?? ''));
  const urls = [url ?? '', ...signals.map((signal) => env[`OTEL_EXPORTER_OTLP_${signal}ENDPOINT`] ?? '')].flatMap(urlSecrets);
  return [...new Set([...headers, ...urls])].filter((secret) => secret.length >= shortest);
}

/** `name=value,name=value`, percent-encoded as W3C Baggage is; behind `Bearer ` and the like the rest by itself too. */
function headerSecrets(text: string): string[] {
  return text.split(',').flatMap((pair) => {
    const raw = pair.slice(pair.indexOf('=') + 1).trim();
    return pair.includes('=') ? [raw, decode(raw)].flatMap((value) => [value, value.replace(/^\w+(?: |%20)+/, '')]) : [];
  });
}

function urlSecrets(text: string): string[] {
  const url = URL.parse(text.replace(/^grpc(s?):/, 'http$1:'));
  if (url === null || url.password === '') return [];
  const password = decode(url.password);
  return [url.password, password, Buffer.from(`${decode(url.username)}:${password}`).toString('base64')];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
