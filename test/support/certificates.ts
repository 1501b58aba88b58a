import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secret, secretKey } from './secrets.ts';

/** A certificate and its key, as files and as PEM text. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** What goes into a certificate. */
export interface CertificateOptions {
  readonly name: string;
  /** Such as DNS:localhost,IP:127.0.0.1. */
  readonly names?: string;
  readonly days?: number;
  /** Encrypts the key. */
  readonly passphrase?: string;
}

/** Certificates of an authority of this process's own, made by openssl, gone when the process ends. */
export class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-certificates-'));
  readonly caFile: string;
  readonly ca: string;
  readonly #keyFile: string;
  #made = 0;

  constructor(name = 'Test Authority') {
    process.once('exit', () => { rmSync(this.folder, { recursive: true, force: true }); });
    this.caFile = join(this.folder, 'ca.pem');
    this.#keyFile = join(this.folder, 'ca.key');
    openssl('req', '-x509', ...newKey, '-nodes', '-keyout', this.#keyFile, '-out', this.caFile, '-days', '2', '-subj', `/O=Millrace/CN=${name}`);
    secretKey(readFileSync(this.#keyFile, 'utf8'));
    this.ca = readFileSync(this.caFile, 'utf8');
  }

  /** A certificate that this authority signed. */
  issue({ name, names, days = 2, passphrase }: CertificateOptions): Certificate {
    const at = join(this.folder, String(++this.#made));
    const [certFile, keyFile, request, extensions] = [`${at}.pem`, `${at}.key`, `${at}.csr`, `${at}.ext`];
    const encrypted = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${secret(passphrase, 'passphrase')}`];
    openssl('req', ...newKey, ...encrypted, '-keyout', keyFile, '-out', request, '-subj', `/O=Millrace/CN=${name}`);
    writeFileSync(extensions, names === undefined ? '' : `subjectAltName=${names}`);
    openssl('x509', '-req', '-in', request, '-CA', this.caFile, '-CAkey', this.#keyFile, '-days', String(days), '-extfile', extensions, '-out', certFile);
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: secretKey(readFileSync(keyFile, 'utf8')) };
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
