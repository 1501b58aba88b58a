import { asFailure } from '../../actors/failure.ts';
import type { Failure } from '../../actors/failure.ts';
import { isLoopback } from '../admin/guard.ts';
import { shortestToken } from '../admin/token.ts';
import { Registries } from '../codec/registry/registries.ts';
import { createLog } from '../telemetry/log.ts';
import type { Logger } from '../telemetry/log.ts';
import { readTraceOptions } from '../telemetry/trace-options.ts';
import type { Plan } from '../topology/model.ts';
import type { Arguments, Command, OptionHelp } from './command.ts';
import { UsageError } from './command.ts';
import { loadPlans } from './load-plans.ts';
import type { Daemon, DaemonSettings } from './daemon.ts';
import { exitCode, exitCodeOf } from './exit-code.ts';
import { advertisedUrl } from './http-advertise.ts';
import { daemonToken } from './http-token.ts';
import type { Output } from './output.ts';
import { processSecrets } from './process-secrets.ts';
import { Reporter, statusLine } from './report.ts';
import { Reloader, reloadOnSignal } from './reload.ts';
import { onStopSignal } from './signals.ts';
import { onStrayErrors } from './stray-errors.ts';
import { watchFiles } from './watch.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** Options that every command that runs topologies has. */
export const daemonOptions: readonly OptionHelp[] = [
  { name: 'state-dir', value: 'DIR', summary: "This daemon's own folder for state.", default: './data/state' },
  { name: 'http', value: 'HOST:PORT', summary: 'Where probes, metrics and the API are served; off for nowhere. An address that others can reach needs a token.', default: '127.0.0.1:7171' },
  { name: 'http-advertise', value: 'HOST:PORT|URL', summary: 'Where other daemons of the group reach that, to ask for state by key. The address it is bound to if left out; for 0.0.0.0 and ::, the name of this machine.' },
  { name: 'http-token-file', value: 'FILE', summary: 'File with the token that the API asks for data and changes, made where it is not there; or MILLRACE_HTTP_TOKEN.' },
  { name: 'log-level', value: 'LEVEL', choices: levels, summary: 'trace, debug, info, warn, error or silent.', default: 'info' },
  { name: 'shutdown-timeout', value: 'SECONDS', summary: 'How long a stop may take.', default: '25' },
  { name: 'accept-offsets', summary: "Go on from the group's offsets as they are, whoever set them; where there are none, start: decides." },
  { name: 'traces', value: 'URL', summary: 'Send traces there by OTLP: http://HOST:4318 or grpc://HOST:4317; also where OTEL_* variables say so.' },
  { name: 'traces-per-second', value: 'N', summary: 'Traces begun per second at most; ten times as many of producers are gone on with.', default: '10' },
  { name: 'session-timeout', value: 'SECONDS', summary: 'Silence after which the group takes this member for dead.', default: '10' }
];

/** `millrace run`: the daemon. */
export function runCommand(output: Output): Command {
  return {
    name: 'run',
    summary: 'Runs topologies until it is told to stop (SIGTERM, Ctrl-C).',
    usage: 'FILE|DIR… [options]',
    words: ['files'],
    examples: ['millrace run config/flights.yaml', 'millrace run topologies/ --state-dir /var/lib/millrace --watch'],
    options: [
      ...daemonOptions,
      { name: 'create-topics', summary: 'Make topics that are missing on Kafka, with 4 partitions, to try things out.' },
      { name: 'watch', summary: 'Reload when a topology file, or one that it names, changes; SIGHUP does it at any time.' }
    ],
    async run(args) {
      if (args.positionals.length === 0) throw new UsageError('Name at least one topology file or folder.');
      const registries = new Registries(args.text('state-dir'));
      const loaded = loadPlans(args.positionals, output, registries);
      if (loaded === null) return exitCode.config;
      loaded.secrets.push(...processSecrets(args, process.env));
      const log = createLog({ level: logLevel(args), secrets: loaded.secrets, to: output.log });
      // Only now the brokers' clients are loaded: a mistake in a file is told at once.
      const { startDaemon } = await import('./daemon.ts');
      const daemon = await startDaemon({ ...daemonSettings(args, loaded, log), createTopics: args.on('create-topics') });
      if (daemon.url !== null) log.info({ url: daemon.url }, `probes and metrics at ${daemon.url}`);
      const reloader = new Reloader(daemon, args.positionals, { ...loaded, registries });
      const forget = reloadOnSignal(reloader, daemon, output);
      const unwatch = args.on('watch') ? watchFiles(reloader) : null;
      try {
        return await superviseDaemon(daemon, args, log, output);
      } finally {
        unwatch?.();
        forget();
      }
    }
  };
}

/** Runs until all topologies have ended, with a status line or progress lines; gives the exit code. */
export async function superviseDaemon(daemon: Daemon, args: Arguments, log: Logger, output: Output): Promise<number> {
  const forget = onStopSignal(daemon, seconds(args, 'shutdown-timeout') * 1000, log);
  const forgetStray = onStrayErrors(log);
  const stopReporting = output.interactive ? showStatus(daemon, output) : logProgress(daemon, log);
  const failures = await daemon.finished();
  stopReporting();
  forget();
  forgetStray();
  return exitCodeFor(failures);
}

/** The settings that the common options give. */
export function daemonSettings(args: Arguments, { plans, secrets }: { readonly plans: readonly Plan[]; readonly secrets: readonly string[] }, log: Logger): DaemonSettings {
  const limits = { sessionTimeout: seconds(args, 'session-timeout') * 1000 };
  return { plans, secrets, log, stateDir: args.text('state-dir') as string, http: httpAddress(args), limits, acceptOffsets: args.on('accept-offsets'), traces: traces(args) };
}

function traces(args: Arguments): NonNullable<DaemonSettings['traces']> | null {
  const perSecond = Number(args.text('traces-per-second'));
  if (!(perSecond > 0)) throw new UsageError(`--traces-per-second is a number above 0, not ${args.text('traces-per-second') ?? ''}.`);
  try {
    const options = readTraceOptions(process.env, args.text('traces') ?? null);
    return options === null ? null : { options, perSecond };
  } catch (error) {
    throw new UsageError(`--traces: ${(error as Error).message}.`);
  }
}

/** The log level asked for. */
export function logLevel(args: Arguments): string {
  const level = args.text('log-level') as string;
  if (!levels.includes(level)) throw new UsageError(`--log-level is one of ${levels.join(', ')}, not ${level}.`);
  return level;
}

function seconds(args: Arguments, option: string): number {
  const value = Number(args.text(option));
  if (!(value > 0)) throw new UsageError(`--${option} is a number of seconds above 0, not ${args.text(option) ?? ''}.`);
  return value;
}

function httpAddress(args: Arguments): DaemonSettings['http'] {
  const text = args.text('http') as string;
  if (text === 'off') return null;
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65_535) throw new UsageError(`--http is HOST:PORT or off, not ${text}.`);
  const host = (match[1] || '127.0.0.1').replace(/^\[(.*)\]$/, '$1');
  const token = daemonToken(args);
  if (token === null && !isLoopback(host)) throw new UsageError(`--http ${text} can be reached from other machines: it needs a token, by --http-token-file FILE or MILLRACE_HTTP_TOKEN (${shortestToken} characters or more). Probes and metrics stay open.`);
  return { host, port: Number(match[2]), fallback: text === '127.0.0.1:7171', token, advertise: advertisedUrl(args.text('http-advertise') ?? null) };
}

function exitCodeFor(failures: readonly Failure[]): number {
  const [first] = failures;
  return first === undefined ? exitCode.ok : exitCodeOf(asFailure(first, 'task_crashed').code);
}

function showStatus(daemon: Daemon, output: Output): () => void {
  const reporter = new Reporter();
  const timer = setInterval(() => { output.status(statusLine(daemon.status().map((status) => reporter.report(status, Date.now())))); }, 1000);
  return () => {
    clearInterval(timer);
    output.status('');
  };
}

function logProgress(daemon: Daemon, log: Logger): () => void {
  const reporter = new Reporter();
  for (const status of daemon.status()) reporter.report(status, Date.now());
  const timer = setInterval(() => {
    for (const status of daemon.status()) log.info(reporter.report(status, Date.now()), 'progress');
  }, 10_000);
  return () => { clearInterval(timer); };
}
