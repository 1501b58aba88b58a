import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { Skippable } from './kafka.ts';
import { jaegerBinary, whyNoJaeger } from './jaeger/binary.ts';
import { freePorts } from './ports.ts';

/** A span as Jaeger's API shows it, with what tests look at. */
export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  /** When it began, since 1970, and how long it took, both in microseconds. */
  readonly startTime: number;
  readonly duration: number;
  readonly references: readonly { readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM'; readonly traceID: string; readonly spanID: string }[];
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
  readonly processID: string;
}

/** A trace as its API shows it. */
export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** A Jaeger of the test's own, its traces in memory. */
export class Jaeger {
  readonly #binary: string;
  readonly #ports: readonly number[];
  #child: ChildProcess | null = null;

  constructor(binary: string, ports: readonly number[]) {
    this.#binary = binary;
    this.#ports = ports;
  }

  /** Where OTLP is taken. */
  get http(): string {
    return `http://127.0.0.1:${this.#ports[0]}`;
  }

  get grpc(): string {
    return `grpc://127.0.0.1:${this.#ports[1]}`;
  }

  /** Where it is asked. */
  get query(): string {
    return `http://127.0.0.1:${this.#ports[2]}`;
  }

  /** One on ports that are free, to be started. */
  static async free(binary: string): Promise<Jaeger> {
    return new Jaeger(binary, await freePorts(7));
  }

  async start(): Promise<void> {
    const [http, grpc, query, ...others] = this.#ports;
    const args = [
      '--collector.otlp.enabled=true', `--collector.otlp.http.host-port=127.0.0.1:${http}`, `--collector.otlp.grpc.host-port=127.0.0.1:${grpc}`,
      `--query.http-server.host-port=127.0.0.1:${query}`, `--query.grpc-server.host-port=127.0.0.1:${others[0]}`, `--admin.http.host-port=127.0.0.1:${others[1]}`,
      `--collector.grpc-server.host-port=127.0.0.1:${others[2]}`, `--collector.http-server.host-port=127.0.0.1:${others[3]}`, '--memory.max-traces=20000', '--log-level=error'
    ];
    this.#child = spawn(this.#binary, args, { stdio: 'ignore' });
    running.add(this.#child);
    // A test that fails must not wait for it.
    this.#child.unref();
    const deadline = Date.now() + 20_000;
    while (!(await fetch(`${this.query}/api/services`).then(({ ok }) => ok, () => false))) {
      if (Date.now() > deadline || this.#child.exitCode !== null) throw new Error(`Jaeger did not start (${this.#child.exitCode ?? 'it runs'}).`);
      await wait(50);
    }
  }

  /** Its traces are lost. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
    running.delete(child);
  }

  /** It takes connections and answers nothing. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  continue(): void {
    this.#child?.kill('SIGCONT');
  }

  /** A trace once it is as it is asked for. Rejects with what there is when it takes too long. */
  async trace(id: string, complete: (trace: JaegerTrace) => boolean, timeout = 15_000): Promise<JaegerTrace> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const answer = await this.#ask(`/api/traces/${id}`);
      const [trace] = answer;
      if (trace !== undefined && complete(trace)) return trace;
      if (Date.now() > deadline) throw new Error(`Jaeger has of ${id}: ${trace?.spans.map(({ operationName }) => operationName).join(', ') ?? 'nothing'}`);
      await wait(100);
    }
  }

  /** The newest traces of a service. */
  traces(service: string): Promise<readonly JaegerTrace[]> {
    return this.#ask(`/api/traces?service=${service}&limit=1000`);
  }

  async #ask(path: string): Promise<readonly JaegerTrace[]> {
    const response = await fetch(this.query + path);
    const body = (await response.json()) as { readonly data: readonly JaegerTrace[] | null };
    return body.data ?? [];
  }
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A Jaeger that runs. Skips the test and answers null where none can be had, unless CI=true: then it throws. */
export async function jaegerOrSkip(t: Skippable): Promise<Jaeger | null> {
  const why = await whyNoJaeger();
  if (why === null) {
    const jaeger = await Jaeger.free(await jaegerBinary());
    await jaeger.start();
    return jaeger;
  }
  if (process.env['CI'] === 'true') throw new Error(why);
  t.skip(why);
  return null;
}
