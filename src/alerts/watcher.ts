import type { AlertChange, AlertStatus, AlertView } from '../../actors/alert.ts';
import type { RuntimeEvents } from '../../actors/events.ts';
import { asFailure } from '../../actors/failure.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import type { AlertWay, Plan, PlanAlert } from '../topology/model.ts';
import { Observations } from './observations.ts';
import { nextPhase, quiet } from './phase.ts';
import type { Phase } from './phase.ts';

/** What alerts are watched with. */
export interface WatcherSettings {
  status(): readonly TopologyStatus[];
  readonly clock: { now(): number; after(milliseconds: number, call: () => void): () => void };
  readonly events: Pick<RuntimeEvents, 'alertChanged' | 'alertTold' | 'alertBroken'>;
  /** Tells somebody; rejects with why it could not. Ends early once the signal is aborted. */
  tell(way: AlertWay, change: AlertChange, signal: AbortSignal): Promise<void>;
}

/** Milliseconds between two looks. */
export const lookInterval = 5000;

/** Milliseconds that notices may still take at the end. */
const longestEnd = 3000;

/** One alert of a topology that runs. */
interface Watched {
  readonly topology: string;
  readonly alert: PlanAlert;
  phase: Phase;
  broken: boolean;
  /** What the condition read at the last look. */
  values: Readonly<Record<string, number>>;
  /** Notices, one behind the other, so that nobody hears of the end before the beginning; by their way. */
  readonly notices: Promise<void>[];
}

/** Looks at the topologies every few seconds, and tells of alerts that fire or have resolved. */
export class AlertWatcher {
  readonly #settings: WatcherSettings;
  readonly #ending = new AbortController();
  #watched: Watched[] = [];
  readonly #observations = new Map<string, Observations>();
  #cancel: (() => void) | null = null;

  constructor(settings: WatcherSettings) {
    this.#settings = settings;
  }

  /** Watches the alerts of these plans from now on; one that is as it was goes on where it is. */
  use(plans: readonly Plan[]): void {
    this.#watched = plans.flatMap(({ name: topology, alerts }) => alerts.map((alert) => this.#known(topology, alert) ?? { topology, alert, phase: quiet, broken: false, values: {}, notices: alert.notify.map(() => Promise.resolve()) }));
    for (const topology of this.#observations.keys()) if (!this.#watched.some((each) => each.topology === topology)) this.#observations.delete(topology);
    if (this.#watched.length === 0) this.#stop();
    else if (this.#cancel === null) this.#schedule();
  }

  /** Looks now. */
  look(): void {
    const now = this.#settings.clock.now();
    for (const status of this.#settings.status()) {
      const own = this.#watched.filter(({ topology }) => topology === status.name);
      if (own.length === 0) continue;
      const observations = this.#observations.get(status.name) ?? new Observations();
      this.#observations.set(status.name, observations);
      const values = observations.look(status, now);
      for (const watched of own) this.#judge(watched, values, now);
    }
  }

  get status(): AlertStatus[] {
    return this.#watched.map(({ topology, alert: { name: alert }, phase }) => ({ topology, alert, ...phase }));
  }

  /** The alerts of a topology, with what they were judged by. */
  view(name: string): AlertView[] {
    return this.#watched.filter(({ topology }) => topology === name).map(({ topology, alert: { name: alert, when, for: wait }, phase, values, broken }) => ({ topology, alert, ...phase, when, for: wait, values, broken }));
  }

  /** Looks for the last time, and waits a little for notices that are on their way. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#watched.length === 0) return;
    this.#stop();
    this.look();
    const told = Promise.all(this.#watched.flatMap(({ notices }) => notices));
    this.#watched = [];
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = this.#settings.clock.after(longestEnd, resolve);
    await Promise.race([told, late]);
    cancel();
    this.#ending.abort();
    await told;
  }

  #known(topology: string, { name, when, for: wait, notify }: PlanAlert): Watched | undefined {
    const same = JSON.stringify([when, wait, notify]);
    return this.#watched.find((each) => each.topology === topology && each.alert.name === name && JSON.stringify([each.alert.when, each.alert.for, each.alert.notify]) === same);
  }

  #schedule(): void {
    this.#cancel = this.#settings.clock.after(lookInterval, () => {
      this.#schedule();
      this.look();
    });
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #judge(watched: Watched, values: Parameters<PlanAlert['holds']>[0], now: number): void {
    const { topology, alert } = watched;
    watched.values = Object.fromEntries(Object.entries(values).filter(([name]) => alert.uses.includes(name)));
    let holds: boolean;
    try {
      holds = alert.holds(values);
      watched.broken = false;
    } catch (error) {
      // It stays where it is: what cannot be judged has neither begun nor ended.
      if (!watched.broken) this.#settings.events.alertBroken(topology, alert.name, asFailure(error, 'expression_failed'));
      watched.broken = true;
      return;
    }
    const { phase, told } = nextPhase(watched.phase, holds, now, alert.for);
    const since = phase.since ?? watched.phase.since ?? now;
    watched.phase = phase;
    if (told === null) return;
    this.#tell(watched, { topology, alert: alert.name, status: told, when: alert.when, since, at: now, values: watched.values });
  }

  #tell({ alert, notices }: Watched, change: AlertChange): void {
    const { events } = this.#settings;
    events.alertChanged(change);
    alert.notify.forEach((way, index) => {
      const before = notices[index] ?? Promise.resolve();
      notices[index] = before.then(() => this.#settings.tell(way, change, this.#ending.signal)).then(
        () => { events.alertTold(change, way.kind, null); },
        (error: unknown) => { events.alertTold(change, way.kind, error instanceof Error ? error.message : String(error)); }
      );
    });
  }
}
