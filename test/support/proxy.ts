import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Keys of the requests that tests lose or count, by Kafka's name. */
export const apiKeys = {
  Produce: 0,
  OffsetCommit: 8,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
  SaslAuthenticate: 36
} as const;

/** A kind of request, by Kafka's name. */
export type ApiName = keyof typeof apiKeys;

/**
 * What happens to one request: `lose_reply`: the broker does it, its answer is dropped and the connection cut;
 * `cut`: the connection is cut instead of forwarding it; `late`: cut too, and the request reaches the broker on
 * a connection of its own so many milliseconds later.
 */
export interface Fault {
  readonly api: ApiName;
  /** Which request of that kind since `arm`, from 1 on. */
  readonly nth: number;
  readonly what: 'lose_reply' | 'cut' | { readonly late: number };
}

/** A fault that happened; `answer` is what the broker said to a late request, in bytes behind the correlation id. */
export interface Fired {
  readonly fault: Fault;
  answer: Buffer | null;
}

/** The beginning of every Kafka request (KIP-482 keeps this much of it in all versions). */
interface Header {
  readonly api: number;
  readonly correlation: number;
  readonly client: string;
}

/**
 * A loopback proxy in front of one Kafka broker, which advertises the proxy's port as its own. It understands the framing
 * and the request header, and lets chosen requests of one client go wrong.
 */
export class KafkaProxy {
  readonly port: number;
  readonly fired: Fired[] = [];
  readonly #server: Server;
  readonly #client: string;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #target = 0;
  #faults: Fault[] = [];
  #seen = new Map<number, number>();
  readonly #requests = new Map<number, number>();
  readonly #delays = new Map<number, number>();
  #connections = 0;

  private constructor(server: Server, client: string) {
    this.#server = server;
    this.#client = client;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket: Socket) => { this.#connected(socket); });
  }

  /** Listens on a free port; only requests of this client id are counted and go wrong. */
  static async listen(client: string): Promise<KafkaProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new KafkaProxy(server, client);
  }

  /** Where connections go; before this they are refused. */
  forwardTo(port: number): void {
    this.#target = port;
  }

  /** Sets the faults to come and counts requests from here on. */
  arm(faults: readonly Fault[]): void {
    this.#faults = [...faults];
    this.#seen = new Map();
    this.fired.length = 0;
  }

  /** Requests of a kind reach the broker so many milliseconds late from here on; what comes behind them on the same connection waits too. */
  slow(api: ApiName, milliseconds: number): void {
    this.#delays.set(apiKeys[api], milliseconds);
  }

  /** Faults that have not happened yet. */
  get left(): readonly Fault[] {
    return this.#faults;
  }

  /** How many requests of a kind came, of all clients. */
  requests(api: ApiName): number {
    return this.#requests.get(apiKeys[api]) ?? 0;
  }

  /** How many connections came. */
  get connections(): number {
    return this.#connections;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #connected(client: Socket): void {
    if (this.#target === 0) {
      client.destroy();
      return;
    }
    this.#connections++;
    const broker = this.#connect();
    this.#hold(client);
    const cut = (): void => {
      client.destroy();
      broker.destroy();
    };
    for (const socket of [client, broker]) socket.once('close', cut);
    /** Correlation ids whose answer is to be lost. */
    const lost = new Set<number>();
    let free = 0;
    const forward = (frame: Buffer): void => {
      const now = performance.now();
      const { api, client: from } = headerOf(frame);
      free = Math.max(free, now + (from === this.#client ? (this.#delays.get(api) ?? 0) : 0));
      if (free <= now) {
        broker.write(frame);
        return;
      }
      const copy = Buffer.from(frame);
      this.#after(free - now, () => { if (!broker.destroyed) broker.write(copy); });
    };
    const frames = onFrames((frame) => {
      const fault = this.#next(frame);
      if (fault === null || fault.what === 'lose_reply') {
        if (fault !== null) lost.add(headerOf(frame).correlation);
        forward(frame);
        return;
      }
      if (fault.what !== 'cut') this.#later(frame, fault, fault.what.late);
      cut();
    });
    client.on('data', (chunk: Buffer) => { if (!client.destroyed) frames(chunk); });
    const answers = onFrames((frame) => {
      if (lost.has(frame.readInt32BE(4))) cut();
      else client.write(frame);
    });
    broker.on('data', (chunk: Buffer) => { if (!broker.destroyed) answers(chunk); });
  }

  /** The fault that is due for a request, noted as fired. */
  #next(frame: Buffer): Fault | null {
    const { api, client } = headerOf(frame);
    this.#requests.set(api, (this.#requests.get(api) ?? 0) + 1);
    if (client !== this.#client) return null;
    const nth = (this.#seen.get(api) ?? 0) + 1;
    this.#seen.set(api, nth);
    const at = this.#faults.findIndex((fault) => apiKeys[fault.api] === api && fault.nth === nth);
    const fault = this.#faults[at];
    if (fault === undefined) return null;
    this.#faults.splice(at, 1);
    if (typeof fault.what === 'string') this.fired.push({ fault, answer: null });
    return fault;
  }

  #after(milliseconds: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, milliseconds);
    this.#timers.add(timer);
  }

  #later(frame: Buffer, fault: Fault, milliseconds: number): void {
    const copy = Buffer.from(frame);
    this.#after(milliseconds, () => {
      const broker = this.#connect();
      broker.write(copy);
      const answers = onFrames((answer) => {
        this.fired.push({ fault, answer: answer.subarray(8) });
        broker.destroy();
      });
      broker.on('data', answers);
    });
  }

  #connect(): Socket {
    const socket = createConnection(this.#target, '127.0.0.1');
    this.#hold(socket);
    return socket;
  }

  #hold(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // A cut connection is what this is for.
    socket.on('error', () => undefined);
  }
}

/** Cuts a stream of bytes into Kafka's frames: four bytes of length, then so many bytes. Frames are handed on whole. */
function onFrames(take: (frame: Buffer) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  let needed = 4;
  return (chunk) => {
    chunks.push(chunk);
    held += chunk.length;
    if (held < needed) return;
    let rest = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    for (;;) {
      needed = rest.length < 4 ? 4 : rest.readInt32BE(0) + 4;
      if (rest.length < needed || rest.length < 4) break;
      take(rest.subarray(0, needed));
      rest = rest.subarray(needed);
    }
    chunks = [rest];
    held = rest.length;
  };
}

function headerOf(frame: Buffer): Header {
  const length = frame.readInt16BE(12);
  return { api: frame.readInt16BE(4), correlation: frame.readInt32BE(8), client: length < 0 ? '' : frame.toString('utf8', 14, 14 + length) };
}
