import { failedSpan } from '../../actors/failed-span.ts';
import { failureCodes } from '../../actors/failure.ts';
import type { Failure, FailureCode } from '../../actors/failure.ts';
import type { RuntimeEvents } from '../../actors/events.ts';
import type { TraceContext } from '../../actors/trace.ts';
import { traceIds } from './trace-ids.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metric.ts';

/** Milliseconds between two lines about records that fail in one way at one node. */
const failedInterval = 10_000;

/** Records that failed in one way at one node: when that was told last, and how many there were since. */
interface ToldFailures {
  readonly topology: string;
  readonly node: string;
  readonly code: FailureCode;
  at: number;
  count: number;
  example: string;
  /** The span in which one of them failed; null where none was traced. */
  trace: TraceContext | null;
}

/** One function per thing that happens: it writes the log line and moves the metric, so that the two never disagree. */
export function createEvents(log: Logger, metrics: Metrics): RuntimeEvents {
  /** Tasks in trouble and its code: the same again and again, for every task while a broker is away, is told once. */
  const troubled = new Map<string, string>();
  /** Failed records by node and code, and when they were last told. */
  const failed = new Map<string, ToldFailures>();
  const tellFailed = (told: ToldFailures): void => {
    const { topology, node, code, count, example, trace } = told;
    log.warn({ topology, node, code, count, example, ...traceIds(trace), remedy: failureCodes[code].remedy }, `${count} ${count === 1 ? 'record' : 'records'} failed at ${node}: ${code}, one of them ${example}`);
    told.at = performance.now();
    told.count = 0;
    told.trace = null;
  };
  return {
    topologyChanged(topology, to, failure) {
      if (to === 'starting') beginAtZero(metrics, topology);
      // What waits for its turn would never be told.
      if (to === 'stopped' || to === 'failed') for (const told of failed.values()) if (told.topology === topology && told.count > 0) tellFailed(told);
      if (to === 'failed' && failure !== null) log.error({ topology, state: to, ...describe(failure) }, `topology failed: ${failure.code}: ${failure.message}`);
      else log.info({ topology, state: to }, `topology ${to}`);
    },
    connectionChanged(topology, failure) {
      if (failure === null) log.info({ topology }, 'broker answers');
      else log.warn({ topology, ...describe(failure) }, `waiting for the ${failure.code === 'registry_unavailable' ? 'schema registry' : 'broker'}: ${failure.message}`);
    },
    assigned(topology, generation, tasks) {
      metrics.rebalances.add(1, { topology });
      log.info({ topology, generation, tasks }, `assigned ${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}`);
    },
    taskOpened(topology, task, epoch) {
      if (troubled.delete(`${topology}/${task}`)) log.info({ topology, task, epoch }, 'task opened again');
      else log.debug({ topology, task, epoch }, 'task opened');
    },
    taskRetried(topology, task, failure, milliseconds) {
      metrics.taskRestarts.add(1, { topology, code: failure.code });
      if (failure.code === 'fenced') metrics.fenced.add(1, { topology });
      const known = troubled.get(`${topology}/${task}`) === failure.code;
      troubled.set(`${topology}/${task}`, failure.code);
      log[known ? 'debug' : 'warn']({ topology, task, retry_ms: Math.round(milliseconds), ...describe(failure) }, `task starts again: ${failure.code}: ${failure.message}`);
    },
    recordsFailed(topology, node, { code, count, example, trace = null }) {
      metrics.recordsFailed.add(count, { topology, node, code });
      const key = `${topology}/${node}/${code}`;
      const told = failed.get(key) ?? { topology, node, code, at: -Infinity, count: 0, example, trace };
      failed.set(key, told);
      told.count += count;
      told.example = example;
      told.trace ??= trace;
      if (performance.now() - told.at >= failedInterval) tellFailed(told);
    },
    topicsCreated(topology, topics) {
      log.info({ topology, topics }, `created topics ${topics.join(', ')}`);
    },
    checkpointed(topology, task, epoch, outputs, times, trace = null) {
      for (const [phase, milliseconds] of Object.entries(times)) metrics.checkpointDuration.record((milliseconds as number) / 1000, { topology, phase });
      if (log.isLevelEnabled('trace')) log.trace({ topology, task, epoch, outputs, times, ...traceIds(trace) }, 'checkpoint');
    },
    reloaded({ kept, started, changed, stopped }) {
      const parts = Object.entries({ changed, started, stopped }).filter(([, names]) => names.length > 0);
      metrics.reloads.add(1, { result: parts.length > 0 ? 'applied' : 'unchanged' });
      const what = parts.map(([verb, names]) => `${verb} ${names.join(', ')}`).join('; ');
      log.info({ kept, started, changed, stopped }, what === '' ? 'reload: nothing has changed' : `reload: ${what}`);
    },
    reloadRefused(reasons) {
      metrics.reloads.add(1, { result: 'refused' });
      for (const reason of reasons) log.error({ reason }, `reload: ${reason}`);
      log.error('reload refused: everything goes on as it was');
    },
    ...stateEvents(log),
    ...tableEvents(log),
    ...alertEvents(log, metrics)
  };
}

/** What happens to state and its directory. */
function stateEvents(log: Logger): Pick<RuntimeEvents, 'restoring' | 'stateAside' | 'stateDirectoryNotWritten' | 'stateDirectoryQuarantined'> {
  return {
    restoring(topology, task, { done, total, secondsLeft }) {
      const left = secondsLeft === null ? '' : `, about ${secondsLeft} s left`;
      log.info({ topology, task, done, total, seconds_left: secondsLeft }, `restoring the state of ${task}: ${done} of ${total} changes${left}`);
    },
    stateAside(topology, task, { reason, path }) {
      log.warn({ topology, task, reason, path }, `state of ${task} could not be used and is rebuilt: ${reason}${path === null ? '' : `; what was there is kept in ${path}`}`);
    },
    stateDirectoryNotWritten(message) {
      log.warn({ reason: message }, `state directory could not be written: ${message}`);
    },
    stateDirectoryQuarantined(path) {
      log.warn({ path }, `state directory was damaged; what was there is kept in ${path}`);
    }
  };
}

/** What happens to replicated tables. */
function tableEvents(log: Logger): Pick<RuntimeEvents, 'tableTrouble' | 'tableLoaded' | 'tableSkipped'> {
  return {
    tableTrouble(topology, table, failure) {
      if (failure === null) log.info({ topology, table }, `table ${table} can be read again`);
      else log.warn({ topology, table, ...describe(failure) }, `table ${table}: ${failure.code}: ${failure.message}`);
    },
    tableLoaded(topology, { name, rows, bytes }) {
      log.info({ topology, table: name, rows, bytes }, `table ${name} has ${rows} ${rows === 1 ? 'row' : 'rows'}`);
    },
    tableSkipped(topology, table, rows, { code, message, remedy }) {
      log.warn({ topology, table, rows, code, remedy }, `table ${table}: ${rows} ${rows === 1 ? 'row' : 'rows'} left out, the first because: ${message}`);
    }
  };
}

/** A counter that appears only with its first step hides that step from rates. */
function beginAtZero(metrics: Metrics, topology: string): void {
  for (const counter of [metrics.rebalances, metrics.fenced]) counter.add(0, { topology });
  metrics.taskRestarts.add(0, { topology, code: 'broker_unavailable' });
  for (const result of ['applied', 'unchanged', 'refused']) metrics.reloads.add(0, { result });
}

/** What alerts of topologies come to. */
function alertEvents(log: Logger, metrics: Metrics): Pick<RuntimeEvents, 'alertChanged' | 'alertTold' | 'alertBroken'> {
  return {
    alertChanged({ topology, alert, status, when, since, values }) {
      const read = Object.entries(values).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`).join(', ');
      log[status === 'firing' ? 'error' : 'info']({ topology, alert, status, when, since: new Date(since).toISOString(), values }, `alert ${alert} ${status}: ${when}${read === '' ? '' : ` (${read})`}`);
    },
    alertTold({ topology, alert, status }, way, failed) {
      metrics.alertNotifications.add(1, { topology, way, result: failed === null ? 'sent' : 'failed' });
      if (failed !== null) log.error({ topology, alert, status, way, reason: failed }, `alert ${alert} ${status}, and the ${way} could not be told: ${failed}`);
      else log.debug({ topology, alert, status, way }, `alert ${alert}: told by ${way}`);
    },
    alertBroken(topology, alert, failure) {
      log.warn({ topology, alert, ...describe(failure) }, `alert ${alert} cannot be judged: ${failure.message}`);
    }
  };
}

function describe(failure: Failure): Record<string, unknown> {
  const { cause } = failure;
  return {
    code: failure.code,
    remedy: failure.remedy,
    ...traceIds(failedSpan(failure)),
    ...(failure.code === 'task_crashed' && cause instanceof Error ? { stack: cause.stack } : {})
  };
}
