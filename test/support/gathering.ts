import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvidenceKind } from './evidence.ts';
import { SecretSearch } from './secret-search.ts';
import type { Secret } from './secrets.ts';

/** What a whole run must at least have, so that the search cannot become empty unseen. */
interface Least {
  readonly secrets: number;
  readonly kinds: readonly EvidenceKind[];
}

const unit: Least = { secrets: 60, kinds: ['daemon', 'command', 'answer', 'error', 'problem', 'webhook', 'log'] };
const least: Readonly<Record<'unit' | 'integration' | 'all', Least>> = {
  unit,
  integration: { secrets: 40, kinds: ['daemon', 'command', 'answer', 'error', 'letter'] },
  all: { secrets: 90, kinds: [...unit.kinds, 'letter'] }
};

/** Lines about secrets that were shown, at most. */
const mostLines = 50;

/** Where the tests of a run put what the program showed, and the secrets that they used. */
export class Gathering {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-evidence-'));
  readonly #seen = join(this.#folder, 'seen');
  readonly #secrets = join(this.#folder, 'secrets');

  constructor() {
    mkdirSync(this.#seen);
    writeFileSync(this.#secrets, '', { mode: 0o600 });
  }

  /** What the tests have to know. */
  get env(): Readonly<Record<string, string>> {
    return { MILLRACE_TEST_EVIDENCE: this.#seen, MILLRACE_TEST_SECRETS: this.#secrets };
  }

  /** Searches all of it; `whole`: what ran, null for single files. What was gathered is kept where a secret is found. */
  search(whole: keyof typeof least | null): { readonly ok: boolean; readonly report: string } {
    const secrets = this.#read();
    const files = readdirSync(this.#seen);
    const { bytes, shown } = new SecretSearch(secrets).files(files.map((file) => join(this.#seen, file)));
    const lacks = whole === null ? [] : lacking(least[whole], secrets.length, files);
    const what = `${secrets.length} secrets in ${files.length} files of what was shown, ${(bytes / 1e6).toFixed(1)} MB`;
    if (shown.length === 0) rmSync(this.#folder, { recursive: true });
    if (shown.length + lacks.length === 0) return { ok: true, report: `Searched: ${what}: none found.` };
    const lines = shown.slice(0, mostLines).map(({ file, line, kind, form }) => `${file}:${line}: a ${kind}, ${form}`);
    return { ok: false, report: [`Searched: ${what}: ${shown.length} found.`, ...lines, ...lacks].join('\n') };
  }

  /** Each once: many tests use the same. */
  #read(): Secret[] {
    const lines = readFileSync(this.#secrets, 'utf8').split('\n').filter((line) => line !== '');
    const all = lines.map((line) => JSON.parse(line) as Secret);
    return [...new Map(all.map((secret) => [secret.text, secret])).values()];
  }
}

function lacking(least: Least, secrets: number, files: readonly string[]): string[] {
  const kinds = least.kinds.filter((kind) => !files.some((file) => file.startsWith(`${kind} of `)));
  return [
    ...(secrets < least.secrets ? [`Expected at least ${least.secrets} secrets that tests noted, found ${secrets}.`] : []),
    ...kinds.map((kind) => `Expected something of the kind "${kind}" among what was shown, found nothing.`)
  ];
}
