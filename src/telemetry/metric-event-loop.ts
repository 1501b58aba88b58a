import type { Meter } from '@opentelemetry/api';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds that a look at the event loop covers. */
const period = 10_000;

/** Milliseconds between two looks at the clock. */
const resolution = 20;

const quantiles = [0.5, 0.99, 1] as const;

/** How late the one thread of the daemon comes to what is due, of the last whole 10 seconds: what works for long in one turn holds up all others. Returns what ends it. */
export function observeEventLoop(meter: Meter): () => void {
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  let seen = quantiles.map(() => 0);
  const timer = setInterval(() => {
    seen = quantiles.map((quantile) => delay(histogram, quantile));
    histogram.reset();
  }, period).unref();
  meter.createObservableGauge('millrace_event_loop_delay_seconds', { description: 'How late the thread of the daemon comes to what is due, by quantile, of the last whole 10 seconds.' }).addCallback((result) => {
    quantiles.forEach((quantile, index) => { result.observe(seen[index] as number, { quantile: String(quantile) }); });
  });
  return () => {
    clearInterval(timer);
    histogram.disable();
  };
}

/** Node counts the time between two looks: what is above their distance is delay. */
function delay(histogram: ReturnType<typeof monitorEventLoopDelay>, quantile: number): number {
  if (histogram.count === 0) return 0;
  return Math.max(0, histogram.percentile(quantile * 100) / 1e6 - resolution) / 1000;
}
