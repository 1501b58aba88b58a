import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { shortestToken } from '../admin/token.ts';
import type { Arguments } from './command.ts';
import { UsageError } from './command.ts';

/** The daemon's token, as `httpToken`; a file that is not there is made, for its owner alone, with a token of 256 random bits. */
export function daemonToken(args: Arguments): string | null {
  const file = args.text('http-token-file');
  if (file !== undefined) makeToken(file);
  return httpToken(args, 'http-token-file');
}

function makeToken(file: string): void {
  try {
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** The token of the API: out of the file that an option names, else of MILLRACE_HTTP_TOKEN; null for none. Its text is in no message. */
export function httpToken(args: Arguments, option: string): string | null {
  const file = args.text(option);
  const token = (file === undefined ? (process.env['MILLRACE_HTTP_TOKEN'] ?? '') : readFileSync(file, 'utf8')).trim();
  if (token === '' && file === undefined) return null;
  const where = file === undefined ? 'MILLRACE_HTTP_TOKEN' : file;
  if (!/^[\x21-\x7e]+$/.test(token) || token.length < shortestToken) throw new UsageError(`${where}: expected a token of at least ${shortestToken} characters, without spaces, found something else. One is made by: openssl rand -hex 32`);
  return token;
}
