import type { TopologyStatus } from '../../actors/status.ts';
import { asFailure } from '../../actors/failure.ts';
import type { Failure } from '../../actors/failure.ts';
import type { RuntimeEvents } from '../../actors/events.ts';
import type { Peer } from '../../actors/peer.ts';
import type { Broker } from '../../actors/port.ts';
import type { DaemonApi } from '../admin/api.ts';
import { tellAlert } from '../alerts/tell.ts';
import { AlertWatcher } from '../alerts/watcher.ts';
import { startAdmin } from '../admin/server.ts';
import type { AdminServer } from '../admin/server.ts';
import { createBroker } from './create-broker.ts';
import { daemonApi } from './daemon-api.ts';
import { systemClock } from '../runtime/clock.ts';
import { faultsFrom } from '../runtime/fault.ts';
import { Supervisor } from '../runtime/supervisor.ts';
import type { Reloaded } from '../runtime/supervisor.ts';
import { defaultLimits } from '../runtime/topology.ts';
import type { RuntimeLimits } from '../runtime/topology.ts';
import { createStateDirectory } from '../state/directory.ts';
import { acquireLock } from '../state/lock.ts';
import { openPositions } from '../state/positions.ts';
import { watchDirectory } from '../state/watched-directory.ts';
import { createTableKeeper } from '../tables/keeper.ts';
import { createEvents } from '../telemetry/event.ts';
import { redact } from '../telemetry/log.ts';
import type { Logger } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metric.ts';
import type { Metrics } from '../telemetry/metric.ts';
import type { TraceOptions } from '../telemetry/trace-options.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { Plan } from '../topology/model.ts';
import { commit, version } from './version.ts';

/** Where HTTP is served. With `fallback` a port that is taken is replaced by a free one. */
export interface HttpAddress {
  readonly host: string;
  readonly port: number;
  readonly fallback: boolean;
  /** For data and changes; null where none is asked for. */
  readonly token: string | null;
  /** An http address at which other daemons of a group reach this one; null takes the one it is bound to. */
  readonly advertise?: string | null;
}

/** What a daemon is made of. */
export interface DaemonSettings {
  readonly plans: readonly Plan[];
  readonly log: Logger;
  /** Values that must never be shown. */
  readonly secrets: readonly string[];
  /** A folder of this daemon's own. */
  readonly stateDir: string;
  /** Null for no HTTP. */
  readonly http: HttpAddress | null;
  readonly limits?: Partial<RuntimeLimits>;
  /** Whether topics that are missing are made on Kafka too. */
  readonly createTopics?: boolean;
  /** Whether the group's offsets are taken as they are, whoever set them. */
  readonly acceptOffsets?: boolean;
  /** Where traces go, and which; null for nowhere. */
  readonly traces?: { readonly options: TraceOptions; readonly perSecond: number } | null;
}

/** Topologies at work in this process. */
export interface Daemon {
  /** Where probes and metrics are; null without HTTP. */
  readonly url: string | null;
  status(): TopologyStatus[];
  /** The broker of a plan, connected or connecting. */
  broker(plan: Plan): Broker;
  /** Runs these plans from now on; see `Supervisor.reload`. */
  reload(plans: readonly Plan[]): Promise<Reloaded>;
  /** What happens outside of topologies is told here. */
  readonly events: RuntimeEvents;
  /** Drains, commits, leaves; `finished` resolves behind it. */
  stop(): Promise<void>;
  /** Resolves when everything has ended and is closed, with the failures. */
  finished(): Promise<Failure[]>;
}

/** The composition root: the one place that knows every part. Rejects with `state_locked` and the like. */
export async function startDaemon(settings: DaemonSettings): Promise<Daemon> {
  const { plans, log } = settings;
  const metrics = createMetrics(version, commit(), { env: process.env, onExport: (failed) => { tellExport(log, failed); } });
  const events = createEvents(log, metrics);
  const lock = acquireLock(settings.stateDir);
  const tracing = await trace(settings, metrics);
  const memory = openPositions(settings.stateDir, (error) => { events.stateDirectoryNotWritten(error instanceof Error ? error.message : String(error)); });
  if (memory.quarantined !== null) events.stateDirectoryQuarantined(memory.quarantined);
  // Topologies join their groups after HTTP is served.
  let admin: AdminServer | null = null;
  const peer = (): Peer | null => admin?.peer ?? null;
  const brokers = new Map<string, Broker>();
  const broker = (plan: Plan): Broker => {
    const key = JSON.stringify(plan.broker);
    const known = brokers.get(key) ?? createBroker(plan.broker, log, { peer });
    brokers.set(key, known);
    return known;
  };
  const state = watchDirectory(createStateDirectory(settings.stateDir));
  const limits = { ...defaultLimits, ...settings.limits };
  const supervisor = new Supervisor({ plans, broker, memory, state, tables: createTableKeeper(settings.stateDir), createTopics: settings.createTopics ?? false, acceptOffsets: settings.acceptOffsets ?? false, clock: systemClock, events, tracer: tracing?.tracer ?? null, reached: faultsFrom(process.env['MILLRACE_FAULT_AT']), limits });
  metrics.observe(() => supervisor.status());
  const alerts = new AlertWatcher({ status: () => supervisor.status(), clock: systemClock, events, tell: tellAlert });
  metrics.observeAlerts(() => alerts.status);
  admin = await listen(settings, daemonApi({ supervisor, memory, state, log, broker, alerts, peer }), metrics.handle);
  supervisor.start();
  alerts.use(plans);
  return {
    url: admin?.url ?? null,
    status: () => supervisor.status(),
    broker,
    async reload(plans) {
      const reloaded = await supervisor.reload(plans);
      alerts.use(plans);
      return reloaded;
    },
    events,
    stop: () => supervisor.stop(),
    async finished() {
      const failures = await supervisor.finished();
      await alerts.close();
      await tracing?.close();
      await admin?.close();
      for (const each of brokers.values()) await each.close().catch((error: unknown) => { log.warn({ error: asFailure(error, 'task_crashed').message }, 'broker did not close'); });
      await metrics.close();
      memory.close();
      lock.release();
      return failures;
    }
  };
}

function tellExport(log: Logger, failed: string | null): void {
  if (failed === null) log.info('metrics reach the collector again');
  else log.warn({ reason: failed }, `metrics do not reach the collector: ${failed}`);
}

async function listen(settings: DaemonSettings, api: DaemonApi, metrics: Parameters<typeof startAdmin>[0]['metrics']): Promise<AdminServer | null> {
  if (settings.http === null) return null;
  const { host, port, fallback, token, advertise = null } = settings.http;
  const admin = { host, token, advertise, version, metrics, api, status: () => api.status(), redact: (text: string) => redact(text, token === null ? settings.secrets : [...settings.secrets, token]) };
  try {
    return await startAdmin({ ...admin, port });
  } catch (error) {
    if (!fallback || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    settings.log.warn({ host, port }, `port ${port} is taken, using a free one`);
    return startAdmin({ ...admin, port: 0 });
  }
}

/** OpenTelemetry's SDK is loaded only where somebody wants traces. */
async function trace({ traces = null, log }: DaemonSettings, metrics: Metrics): Promise<Tracing | null> {
  if (traces === null) return null;
  const { startTracing } = await import('../telemetry/tracing.ts');
  return startTracing({ ...traces, version, log, onDropped: (spans) => { metrics.traceSpansDropped.add(spans); } });
}
