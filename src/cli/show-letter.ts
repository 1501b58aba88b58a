import type { z } from 'zod';
import type { deadLettersAnswer } from '../admin/answers.ts';
import type { Letter } from '../dead-letters/letter.ts';
import { showBytes } from './show-bytes.ts';

/** A dead letter as the API and `dlq ls` show it; key, value and message cut to `most` characters. */
export function showLetter({ topic, partition, offset, time, code, node, message, tries, source, key, value, truncated }: Letter, most: number): z.infer<typeof deadLettersAnswer>['dead_letters'][number] {
  return { topic, partition, offset, time: new Date(time).toISOString(), code, node, message: cut(message, most), tries, source, key: showBytes(key, most), value: showBytes(value, most), truncated };
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
