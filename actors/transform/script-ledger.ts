import type { PlainCodec } from '../codec.ts';
import type { Collector } from '../component.ts';
import { Failure } from '../failure.ts';
import type { StreamRecord } from '../record.ts';
import { isTombstone } from '../record.ts';
import type { ScriptChanges, ScriptOut, ScriptRecord } from '../script.ts';
import { isPromise, outputOf } from './script-output.ts';
import type { Content } from './script-output.ts';
import { RecordView } from './script-record.ts';

/** What became of a record: dropped, sent on as one record or as several, or failed. */
type Result = null | StreamRecord | StreamRecord[] | Failure;

/** Most outputs of one record: an endless loop that sends would fill the memory long before its budget is over. */
export const maxOutputs = 10_000;

const same: Content = { kind: 'same' };
const none: Content = { kind: 'none' };

/** How a ledger treats its records. */
export interface LedgerSettings {
  readonly text: PlainCodec;
  /** Whether tombstones go on without the script. */
  readonly passTombstones: boolean;
}

/**
 * The records of a batch and what a script made of them, in order. The one at `at` is open: what is done for it counts when it is
 * closed. A call of the script may be ended between any two steps (its budget); then the open record is taken up again as if nothing
 * had been done for it, so a record is closed by one assignment, after everything else, and nothing leaves before `emit`.
 */
export class ScriptLedger implements ScriptOut {
  readonly #settings: LedgerSettings;
  #records: readonly StreamRecord[] = [];
  #results: Result[] = [];
  #emitted = 0;
  #at = 0;
  /** Records from here on are not part of this call. */
  #end = 0;
  /** Of the open record; undefined while nothing was called for it. */
  #result: Result | undefined;
  #passed = false;
  #blamed = false;
  now = 0;

  constructor(settings: LedgerSettings) {
    this.#settings = settings;
  }

  /** Begins a batch. */
  start(records: readonly StreamRecord[], now: number): void {
    this.#records = records;
    this.#results = [];
    this.#emitted = 0;
    this.#at = 0;
    this.now = now;
    this.#reopen();
  }

  /** The index of the open record; the number of records when all are closed. */
  get at(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at >= this.#records.length;
  }

  /** Whether the open record is a failure already, by `fail` or by a mistake in the use of this object. */
  get blamed(): boolean {
    return this.#blamed;
  }

  /** Whether nothing was called for the open record yet. */
  get untouched(): boolean {
    return this.#result === undefined;
  }

  /** Takes up the open record, and whatever was done for it is forgotten; null where there is none. */
  take(): RecordView | null {
    this.#reopen();
    if (this.done) return null;
    this.#end = this.#at + 1;
    return this.#view(this.#at);
  }

  /** Takes up as many records at most, from the open one on. */
  takeMany(most: number): RecordView[] {
    this.#reopen();
    const views: RecordView[] = [];
    let index = this.#at;
    for (; index < this.#records.length && views.length < most; index++) {
      if (!this.#passesBy(index)) views.push(this.#view(index));
    }
    this.#end = index;
    return views;
  }

  /** Closes the open record as a failure, whatever was done for it. */
  fault(failure: Failure): void {
    this.#reopen();
    this.#result = failure;
    this.close(null);
  }

  /** Makes the open record a failure, unless it is one already. */
  blame(failure: Failure): void {
    if (!(this.#result instanceof Failure)) this.#result = failure;
    this.#blamed = true;
  }

  /** Closes the open record; `otherwise` is what becomes of it where nothing was called for it. */
  close(otherwise: Result): void {
    this.#results[this.#at] = this.#result === undefined ? otherwise : this.#result;
    this.#at += 1;
    this.#reopen();
  }

  /** Closes what is left of a call of the batch form. */
  closeAll(): void {
    while (this.#at < this.#end) this.#closeOne();
  }

  /** Hands on what became of the records closed so far. Outside of any guard. */
  emit(out: Collector): void {
    for (; this.#emitted < this.#at; this.#emitted++) {
      const result = this.#results[this.#emitted] as Result;
      const record = this.#records[this.#emitted] as StreamRecord;
      if (result === null) out.filtered(record);
      else if (result instanceof Failure) out.failed(record, result);
      else if (Array.isArray(result)) result.forEach((output, index) => { if (index === 0) out.forward(output); else out.copy(output, 0); });
      else out.forward(result);
    }
    if (!this.done) return;
    // Nothing of the batch is kept until the next one comes.
    this.start([], this.now);
  }

  pass(record: ScriptRecord<unknown>, changes?: ScriptChanges): undefined {
    const source = this.#alone('pass', record);
    this.#result = this.#output('pass', source, same, changes);
    this.#passed = true;
  }

  send(record: ScriptRecord<unknown>, value: unknown, changes?: ScriptChanges): undefined {
    this.#add('send', record, { kind: 'value', value }, changes);
  }

  delete(record: ScriptRecord<unknown>, changes?: ScriptChanges): undefined {
    this.#add('delete', record, none, changes);
  }

  drop(record: ScriptRecord<unknown>): undefined {
    this.#alone('drop', record);
    this.#result = null;
  }

  fail(record: ScriptRecord<unknown>, message: string): undefined {
    this.#enter('fail', record);
    this.#result = new Failure('script_failed', String(message));
    this.#blamed = true;
  }

  /** One more output of a record. */
  #add(helper: string, record: ScriptRecord<unknown>, content: Content, changes: ScriptChanges | undefined): void {
    const source = this.#enter(helper, record);
    const before = this.#result;
    if (before === null || this.#passed || before instanceof Failure) this.#refuse(`${helper}: the record was settled already, by ${this.#settledBy()}`);
    if (Array.isArray(before) && before.length >= maxOutputs) this.#refuse(`${helper}: expected at most ${maxOutputs} outputs for one record, found more`);
    const output = this.#output(helper, source, content, changes);
    if (before === undefined) this.#result = output;
    else if (Array.isArray(before)) before.push(output);
    else this.#result = [before, output];
  }

  #output(helper: string, source: StreamRecord, content: Content, changes: ScriptChanges | undefined): StreamRecord {
    try {
      return outputOf(source, content, changes, this.#settings.text);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return this.#refuse(message.startsWith(helper) ? message : `${helper}: ${message}`);
    }
  }

  #alone(helper: string, record: ScriptRecord<unknown>): StreamRecord {
    const source = this.#enter(helper, record);
    if (this.#result !== undefined) this.#refuse(`${helper}: the record was settled already, by ${this.#settledBy()}`);
    return source;
  }

  /** Makes the record the open one, where it may be that. */
  #enter(helper: string, record: ScriptRecord<unknown>): StreamRecord {
    if (!(record instanceof RecordView)) return this.#refuse(`${helper}: expected a record that the script was given, found ${isPromise(record) ? 'a promise' : typeof record}`);
    const { index, source } = record;
    if (this.#records[index] !== source || index >= this.#end) return this.#refuse(`${helper}: expected a record of this call, found one of another`);
    if (index < this.#at) return this.#refuse(`${helper}: records are settled in their order, one after the other; offset ${source.offset} was done already`);
    while (this.#at < index) this.#closeOne();
    return source;
  }

  #closeOne(): void {
    this.close(this.#result === undefined ? new Failure('script_failed', 'the script called nothing for this record; out.drop(record) drops it') : null);
  }

  /** A mistake in the use of this object: the record fails even where the script catches what is thrown. */
  #refuse(message: string): never {
    this.blame(new Failure('script_failed', message));
    throw new Error(message);
  }

  #settledBy(): string {
    if (this.#result === null) return 'drop';
    if (this.#result instanceof Failure) return 'fail';
    return this.#passed ? 'pass' : 'send or delete';
  }

  /** Forgets what was done for the open record, and closes the tombstones at its place that the script does not get. */
  #reopen(): void {
    this.#result = undefined;
    this.#passed = false;
    this.#blamed = false;
    while (this.#at < this.#records.length && this.#passesBy(this.#at)) {
      this.#results[this.#at] = this.#records[this.#at] as StreamRecord;
      this.#at += 1;
    }
  }

  #passesBy(index: number): boolean {
    return this.#settings.passTombstones && isTombstone(this.#records[index] as StreamRecord);
  }

  #view(index: number): RecordView {
    return new RecordView(this.#records[index] as StreamRecord, index, this.#settings.text);
  }
}
