import { addContextsOf, holdsContext, maxLinks, sampledFlag, traceIdOf } from '../../actors/trace.ts';
import type { Sample, SampleOf, Traceable, TraceContext } from '../../actors/trace.ts';

/** What is sampled. */
export interface SamplingSettings {
  /** Share of the batches without a context that begin a trace: 0 to 1. */
  readonly ratio: number;
  /** Whether a producer's sampled trace is gone on with. */
  readonly parents: boolean;
  /** Traces begun per second at most; ten times as many are gone on with. */
  readonly perSecond: number;
  /** 0 to 1, exclusive. */
  readonly random: () => number;
  /** Milliseconds since any moment, never going back. */
  readonly elapsed: () => number;
}

/** A token bucket that holds a second's worth. */
class Bucket {
  readonly #perSecond: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#at = now;
  }

  take(now: number): boolean {
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (Math.max(0, now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Decides at the source which batches are traced, from the flags in `traceparent` headers, or by chance. Nothing is allocated for a batch that is not. */
export class TraceSampler {
  readonly #settings: SamplingSettings;
  readonly #begun: Bucket;
  readonly #continued: Bucket;

  constructor(settings: SamplingSettings) {
    this.#settings = settings;
    this.#begun = new Bucket(settings.perSecond, settings.elapsed());
    this.#continued = new Bucket(10 * settings.perSecond, settings.elapsed());
  }

  sample(records: readonly Traceable[], of: SampleOf): Sample | null {
    const { parents, ratio, random, elapsed } = this.#settings;
    const said = parents ? whatIsSaid(records) : null;
    if (said === true) return of === 'barrier' || this.#continued.take(elapsed()) ? continued(records) : null;
    return said === null && of === 'fetched' && random() < ratio && this.#begun.take(elapsed()) ? begun : null;
  }
}

const begun: Sample = { parent: null, links: [] };

/** True where a record has a sampled context; false where none has, and the first record says that it is not to be sampled; else null. */
function whatIsSaid(records: readonly Traceable[]): boolean | null {
  let first: boolean | null = null;
  for (let index = 0; index < records.length; index += 1) {
    const { headers } = records[index] as Traceable;
    for (let at = 0; at < headers.length; at += 1) {
      const header = headers[at] as Traceable['headers'][number];
      if (!holdsContext(header[0])) continue;
      const said = sampledFlag(header[1]);
      if (said === true) return true;
      if (index === 0) first ??= said;
    }
  }
  return first;
}

/** Records of one trace go on with it; of several they are a trace of their own, with links to all. Null where what looked like contexts are none. */
function continued(records: readonly Traceable[]): Sample | null {
  const links: TraceContext[] = [];
  for (const { headers } of records) {
    if (links.length >= maxLinks) break;
    if (headers.length > 0) addContextsOf(headers, links);
  }
  const [parent] = links;
  if (parent === undefined) return null;
  const one = links.every((link) => traceIdOf(link) === traceIdOf(parent));
  return { parent: one ? parent : null, links };
}
