import { format } from 'node:util';
import { diag, DiagLogLevel } from '@opentelemetry/api';
import type { Logger } from './log.ts';

/**
 * OpenTelemetry's own diagnostics, where `OTEL_LOG_LEVEL` asks for them, go to the daemon's log instead of to the console: each is a line of JSON there, and has no secret in it. Must be called when its SDK has been
 * made, which sets a logger for the console. The answer takes it away again.
 */
export function diagnosticsTo(log: Logger, wanted: string | undefined): () => void {
  if ((wanted ?? '') === '') return () => undefined;
  const level = DiagLogLevel[wanted?.toUpperCase() as keyof typeof DiagLogLevel] ?? DiagLogLevel.INFO;
  const to = (severity: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (message: string, ...more: unknown[]): void => { log[severity](`OpenTelemetry: ${format(message, ...more)}`); };
  diag.setLogger({ verbose: to('trace'), debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') }, { logLevel: level, suppressOverrideMessage: true });
  return () => { diag.disable(); };
}
