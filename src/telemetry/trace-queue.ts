import { ExportResultCode } from '@opentelemetry/core';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';

/** Bounds of what waits to be exported; the names of OpenTelemetry's own settings, and its defaults. */
export interface QueueSettings {
  /** Spans that wait at most. */
  readonly size: number;
  /** Spans of an export at most. */
  readonly batch: number;
  /** Milliseconds until a batch goes that is not full. */
  readonly delay: number;
  /** Spans that nobody got, and why. */
  readonly onDropped: (spans: number, reason: string) => void;
  /** Spans that were taken. */
  readonly onSent: (spans: number) => void;
}

/**
 * A span processor that knows what became of each span. OpenTelemetry's own batches them, one export at a time, and drops without telling those for
 * which its queue has no room, and those of an export that failed.
 */
export class SpanQueue implements SpanProcessor {
  readonly #settings: QueueSettings;
  readonly #batches: BatchSpanProcessor;
  #waiting = 0;
  #sending = 0;

  constructor(exporter: SpanExporter, settings: QueueSettings) {
    this.#settings = settings;
    const { size, batch, delay } = settings;
    this.#batches = new BatchSpanProcessor({ exporter: this.#counted(exporter), maxQueueSize: size, maxExportBatchSize: batch, scheduledDelayMillis: delay });
  }

  /** Spans that nobody got yet. */
  get unsent(): number {
    return this.#waiting + this.#sending;
  }

  onStart(): void {
    // Only what has ended is looked at.
  }

  onEnd(span: ReadableSpan): void {
    if (this.#waiting >= this.#settings.size) {
      this.#settings.onDropped(1, 'the queue is full');
      return;
    }
    this.#waiting += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #counted(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) => {
        this.#waiting -= spans.length;
        this.#sending += spans.length;
        exporter.export(spans, (result) => {
          this.#sending -= spans.length;
          if (result.code === ExportResultCode.SUCCESS) this.#settings.onSent(spans.length);
          else this.#settings.onDropped(spans.length, result.error?.message ?? 'the collector refused them');
          done(result);
        });
      },
      forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
      shutdown: () => exporter.shutdown()
    };
  }
}
