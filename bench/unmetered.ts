import { Histogram } from '../actors/histogram.ts';
import { EdgeMeter, Meters } from '../src/runtime/meters.ts';

/*
 * Loaded before the daemon (`node --import`): what it would measure of batches and queues it does not. There is no such switch in
 * Millrace itself; this is what the cost of its metrics is held against.
 */

const nothing = (): void => undefined;
Object.assign(Histogram.prototype, { note: nothing });
Object.assign(EdgeMeter.prototype, { sent: nothing, taken: nothing, settle: nothing });
Object.assign(Meters.prototype, { committed: nothing });
