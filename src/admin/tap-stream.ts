import type { ServerResponse } from 'node:http';
import type { TappedRecord } from './api.ts';
import { Problem } from './problem.ts';

/** Taps open at once in this process. */
const mostTaps = 8;

/** Bytes that wait for a reader who is slow; beyond them records are left out. */
const mostWaitingBytes = 256 * 1024;

/** Milliseconds between two lines that keep a quiet connection open. */
const heartbeat = 10_000;

let open = 0;

/**
 * Server-sent events, at most so many a second: what comes between is counted and left out, and so is what a slow reader does not take. A
 * `dropped` event tells how many, at most once a second.
 */
export function streamTap(response: ServerResponse, rate: number, tap: (listener: (record: () => TappedRecord) => void) => () => void, redact: (text: string) => string): void {
  if (open >= mostTaps) throw new Problem(429, `There are ${mostTaps} taps open already.`);
  open += 1;
  let left = rate;
  let dropped = 0;
  const untap = tap((record) => {
    if (left <= 0 || response.writableLength > mostWaitingBytes) {
      dropped += 1;
      return;
    }
    left -= 1;
    response.write(`event: record\ndata: ${redactedLine(record(), redact)}\n\n`);
  });
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.write(': what passes here, a sample\n\n');
  const refill = setInterval(() => {
    left = rate;
    if (dropped === 0 || response.writableLength > mostWaitingBytes) return;
    response.write(`event: dropped\ndata: {"records":${dropped}}\n\n`);
    dropped = 0;
  }, 1000);
  const beat = setInterval(() => { if (response.writableLength <= mostWaitingBytes) response.write(': still here\n\n'); }, heartbeat);
  response.once('close', () => {
    clearInterval(refill);
    clearInterval(beat);
    untap();
    open -= 1;
  });
}

/** Every text is redacted before it is quoted, or a quoted quotation mark in a secret would hide it. */
function redactedLine({ key, value, ...rest }: TappedRecord, redact: (text: string) => string): string {
  return JSON.stringify({ ...rest, key: key === null ? null : redact(key), value: value === null ? null : redact(value) });
}
