import { readFileSync } from 'node:fs';

/** Tells one run of the machine's kernel from the next (random(4)); '' where the system does not say. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
