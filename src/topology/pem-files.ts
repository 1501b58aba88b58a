import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Path } from '../../actors/component.ts';

/** Takes a mistake at a path below the option that is read. */
export type ReportProblem = (at: Path, code: string, message: string, hint?: string) => void;

const begin = '-----BEGIN ';
const certificateBlock = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const keyBlock = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;
const toPem = 'Java keystores and PKCS #12 files become PEM with keytool -importkeystore -deststoretype pkcs12, and openssl pkcs12 -in FILE -nodes';

/** Certificates and keys as a file names them: by a path, or as the PEM text itself. Mistakes are reported, never thrown. */
export class PemFiles {
  readonly #folder: string;
  readonly #report: ReportProblem;
  readonly #names: (file: string, content: string) => void;
  failed = false;

  constructor(folder: string, report: ReportProblem, names: (file: string, content: string) => void = () => undefined) {
    this.#folder = folder;
    this.#report = report;
    this.#names = names;
  }

  /** PEM text of one certificate or several. */
  certificates(option: string, at: Path): string | null {
    const text = this.#read(option, at);
    if (text === null) return null;
    const blocks = text.match(certificateBlock);
    if (blocks === null) return this.#problem(at, 'bad_value', `expected certificates in PEM (-----BEGIN CERTIFICATE-----), found ${kindOf(text)}`, toPem);
    for (const [index, block] of blocks.entries()) {
      if (certificateOf(block) === null) return this.#problem(at, 'bad_value', `expected certificates in PEM, found that number ${index + 1} is damaged`);
    }
    return text;
  }

  /** The client's certificate and key, which must belong together. */
  client({ cert, key, passphrase }: { readonly cert: string | undefined; readonly key: string | undefined; readonly passphrase: string | undefined }): { cert: string | null; key: string | null } {
    const none = { cert: null, key: null };
    if (cert === undefined) {
      if (key !== undefined) this.#problem(['key'], 'missing_option', 'expected the option cert: a key is nothing without its certificate');
      else if (passphrase !== undefined) this.#problem(['passphrase'], 'missing_option', 'expected the options cert and key: a passphrase opens a key');
      return none;
    }
    const certText = this.certificates(cert, ['cert']);
    const keyAt = key === undefined ? ['cert'] : ['key'];
    const keyText = key === undefined ? certText : this.#read(key, ['key']);
    if (certText === null || keyText === null) return none;
    if (!keyBlock.test(keyText)) {
      if (key === undefined) this.#problem(['cert'], 'missing_option', 'expected the option key: the file of cert has no private key in it');
      else this.#problem(keyAt, 'bad_value', `expected a private key in PEM, found ${kindOf(keyText)}`, toPem);
      return none;
    }
    const opened = this.#open(keyText, keyAt, passphrase);
    if (opened === null) return none;
    if (!(certificateOf(certText.match(certificateBlock)?.[0] ?? '')?.checkPrivateKey(opened) ?? false)) {
      this.#problem(keyAt, 'bad_value', 'expected the key of the certificate, found that of another one');
      return none;
    }
    return { cert: certText, key: keyText };
  }

  #open(key: string, at: Path, passphrase: string | undefined): KeyObject | null {
    try {
      return createPrivateKey({ key, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const encrypted = code === 'ERR_MISSING_PASSPHRASE' || key.includes('ENCRYPTED');
      if (encrypted && passphrase === undefined) return this.#problem(at, 'missing_option', 'expected the option passphrase: the key is encrypted');
      if (encrypted) return this.#problem(['passphrase'], 'bad_value', 'expected the passphrase of the key, found another one');
      return this.#problem(at, 'bad_value', `expected a private key, found one that cannot be read (${code ?? message.slice(0, 60)})`);
    }
  }

  #read(option: string, at: Path): string | null {
    if (option.trimStart().startsWith(begin)) return option;
    const file = resolve(this.#folder, option);
    try {
      const text = readFileSync(file, 'latin1');
      this.#names(file, text);
      return text;
    } catch (error) {
      // What is long, or has line breaks or no dot, may be a key whose first line is missing.
      const shown = /^[\x20-\x7e]{1,39}$|^(?=.*\.)[\x20-\x7e]{1,200}$/.test(option) ? option : 'a file of this name';
      return this.#problem(at, 'unreadable_file', `cannot read ${shown} (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`, 'a path is relative to the topology file; PEM text begins with -----BEGIN');
    }
  }

  #problem(at: Path, code: string, message: string, hint?: string): null {
    this.failed = true;
    this.#report(at, code, message, hint);
    return null;
  }
}

function certificateOf(block: string): X509Certificate | null {
  try {
    return new X509Certificate(block.replace(/BEGIN (TRUSTED|X509) /, 'BEGIN ').replace(/END (TRUSTED|X509) /, 'END '));
  } catch {
    return null;
  }
}

/** What a text is, without showing any of it. */
function kindOf(text: string): string {
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1];
  if (label !== undefined) return label;
  if (text.trim() === '') return 'an empty file';
  return /[^\x09\x0a\x0d\x20-\x7e]/.test(text) ? 'a binary file' : 'other text';
}
