/*
 * Loaded before each test file of a run (`test/run.ts`): what the program answers by HTTP, and every failure that it makes in the test's own process, is kept as evidence.
 */
import { Failure } from '../../actors/failure.ts';
import { evidence } from './evidence.ts';

/** Of the admin server, and of Jaeger. Others, such as token endpoints, answer with secrets as they should. */
const answers = /^\/(metrics|readyz|livez|v1\/|api\/(traces|services))/;

/** Texts of one process that are known by now, at most. */
const mostFailures = 20_000;

const original = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const response = await original(input, init);
  const { pathname } = new URL(input instanceof Request ? input.url : String(input));
  if (answers.test(pathname) && isKept(pathname)) keep(pathname, response);
  return response;
};

/** How often a path was asked for. Tests that wait ask for the same thousands of times: of these one in twenty is kept. */
const asked = new Map<string, number>();

function isKept(path: string): boolean {
  const times = (asked.get(path) ?? 0) + 1;
  asked.set(path, times);
  return times <= 100 || times % 20 === 0;
}

/** Reads a copy as it comes: a stream is kept as far as the test reads on. */
function keep(path: string, response: Response): void {
  const kind = path.startsWith('/api/') ? 'trace' : 'answer';
  evidence(kind, `${path} ${response.status} ${JSON.stringify([...response.headers])}`);
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) return;
  void response.clone().text().then((text) => { evidence(kind, text); }, () => undefined);
}

/** Each failure sets its name behind its message: the only thing of it that can be waited for from outside. */
const told = new Set<string>();
Object.defineProperty(Failure.prototype, 'name', {
  configurable: true,
  set(this: Failure, name: string) {
    Object.defineProperty(this, 'name', { value: name, writable: true, configurable: true, enumerable: true });
    if (told.size >= mostFailures || told.has(this.message)) return;
    told.add(this.message);
    evidence('error', this.message);
  }
});
