import * as z from 'zod';
import type { Collector, ScriptModule } from '../component.ts';
import { defineTransform } from '../component.ts';
import { Failure } from '../failure.ts';
import type { Batch } from '../message.ts';
import { duration, formatDuration } from '../options.ts';
import type { Script, ScriptBatch } from '../script.ts';
import { ScriptLedger } from './script-ledger.ts';
import { isPromise } from './script-output.ts';

/** Runs a module of the author's own. */
export const script = defineTransform({
  type: 'script',
  changesKeys: true,
  summary:
    'Hands records to a TypeScript module of your own, once per record or a batch at a time: for what expressions cannot say, such as several outputs for one input, another key, or a computation of many steps. See Scripts below.',
  example: `
transforms:
  enriched:
    type: script
    from: events
    module: scripts/enrich.ts
    options: { large_from: 1000 }
    budget: 1s
`,
  config: z.strictObject({
    module: z
      .string()
      .min(1)
      .describe('File of the module, relative to the topology file: .ts, .mts, .js or .mjs, an ES module whose types can be stripped. It is run once when the file is loaded, also by validate.'),
    options: z.record(z.string(), z.unknown()).optional().meta({ title: 'map' }).describe('Anything the script wants to know, handed to it unchangeable. Without it an empty map.'),
    budget: duration({ min: 1 })
      .prefault('1s')
      .describe('The longest the script may take: for one record, or for one call of the batch form. The daemon does nothing else meanwhile, so keep it well below --session-timeout.'),
    tombstones: z
      .enum(['pass', 'script'])
      .default('pass')
      .describe('pass: records without a value (deletes) go on without the script. script: it gets them too, with value null and tombstone true.')
  }),
  build({ module: path, options = {}, budget, tombstones }, context) {
    const module = context.script(path, ['module']);
    const ledger = new ScriptLedger({ text: context.plain('text'), passTombstones: tombstones === 'pass' });
    const settings: Settings = { module, ledger, options: freeze(options), budget };
    const { form } = module;
    const run = form.kind === 'record' ? new RecordCalls(settings, form.call) : new BatchCalls(settings, form.call);
    return {
      process({ records, now }: Batch, out: Collector): void | Promise<void> {
        ledger.start(records, now);
        run.begin();
        return finish(run, settings, out);
      }
    };
  }
});

interface Settings {
  readonly module: ScriptModule;
  readonly ledger: ScriptLedger;
  readonly options: unknown;
  readonly budget: number;
}

/** How a form of script gets through a batch. */
interface Calls {
  /** Before the first call of a batch. */
  begin(): void;
  /** One guarded call, which closes at least one record in the end, whatever the script does. False when it was ended by its budget. */
  call(): boolean;
}

/** Calls until all records are closed; after a call that took its whole budget the rest of the process gets its turn. */
function finish(calls: Calls, settings: Settings, out: Collector): void | Promise<void> {
  const { module, ledger } = settings;
  for (;;) {
    ledger.emit(out);
    if (ledger.done) return undefined;
    if (!calls.call()) return module.pause().then(() => finish(calls, settings, out));
  }
}

/** Times that a record is tried again because the process was stopped or starved while it was worked on. */
const maxStalls = 3;

/**
 * The form that gets one record: one guard around many of them, since a guard costs far more than a record. The budget is that of one
 * record, and only the first of a call surely had all of it: where the time is up at a later one, that is tried again as the first.
 */
class RecordCalls implements Calls {
  readonly #settings: Settings;
  readonly #work: () => void;
  #stalls = 0;

  constructor(settings: Settings, script: Script<unknown, unknown>) {
    this.#settings = settings;
    const { module, ledger, options } = settings;
    this.#work = () => {
      for (let view = ledger.take(); view !== null; view = ledger.take()) {
        try {
          const returned: unknown = script(view, ledger, options);
          if (returned !== undefined) refuseReturned(returned, ledger.untouched);
        } catch (error) {
          ledger.blame(new Failure('script_failed', module.explain(error)));
        }
        ledger.close(null);
      }
    };
  }

  begin(): void {
    this.#stalls = 0;
  }

  call(): boolean {
    const { module, ledger, budget } = this.#settings;
    const first = ledger.at;
    const ended = module.guard(budget, this.#work);
    if (ended === 'done') return true;
    if (ledger.at !== first) this.#stalls = 0;
    else if (ended === 'timeout' || ++this.#stalls > maxStalls) {
      ledger.fault(timeout(this.#settings));
      this.#stalls = 0;
    }
    return false;
  }
}

/**
 * The form that gets many records in one call. Which of them a failed call was about is known for sure only where it had just one, so after
 * a failure the first open record is given alone, then the next, then two, four, … as long as all goes well.
 */
class BatchCalls implements Calls {
  readonly #settings: Settings;
  readonly #script: ScriptBatch<unknown, unknown>;
  /** Records that went through since the last failure of this batch; null before the first. */
  #through: number | null = null;
  #stalls = 0;

  constructor(settings: Settings, script: ScriptBatch<unknown, unknown>) {
    this.#settings = settings;
    this.#script = script;
  }

  begin(): void {
    this.#through = null;
    this.#stalls = 0;
  }

  call(): boolean {
    const { module, ledger, options, budget } = this.#settings;
    const views = ledger.takeMany(this.#through === null ? Infinity : Math.max(1, this.#through));
    const thrown: { failure?: Failure } = {};
    const ended = module.guard(budget, () => {
      try {
        refusePromise(this.#script(views, ledger, options));
      } catch (error) {
        thrown.failure = new Failure('script_failed', module.explain(error));
      }
    });
    const { failure } = thrown;
    if (ended === 'done' && failure === undefined) {
      ledger.closeAll();
      if (this.#through !== null) this.#through += views.length;
      return true;
    }
    this.#through = 0;
    const again = ended === 'stalled' && ++this.#stalls <= maxStalls;
    if (ended === 'done' && ledger.blamed) ledger.close(null);
    else if (views.length === 1 && !again) ledger.fault(failure ?? timeout(this.#settings));
    return ended === 'done';
  }
}

function timeout({ module, budget }: Settings): Failure {
  return new Failure('script_timeout', `${module.name}: expected to be done within its budget of ${formatDuration(budget)}, it was not`);
}

/** Who returns an output has mistaken the form: nothing would be sent, and nothing said. Beside a helper it does no harm. */
function refuseReturned(returned: unknown, untouched: boolean): void {
  refusePromise(returned);
  if (untouched) throw new Error(`expected out.send(record, value) or another helper of out, the script returned ${returned === null ? 'null' : typeof returned} instead`);
}

/** A promise would settle records after the call, when they are gone. What becomes of it is nobody's business any more. */
function refusePromise(returned: unknown): void {
  if (!isPromise(returned)) return;
  returned.then(undefined, () => undefined);
  throw new Error('expected a script that is synchronous, it returned a promise');
}

/** Unchangeable all the way down. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
