import type { OptionHelp } from '../command.ts';

/** What stands behind an option: words to choose from, a folder, a text that nobody can guess; null for a switch. */
export type OptionValue = readonly string[] | 'folder' | 'text' | null;

/** Tells by the name of the value in the help what may stand there. */
export function valueOf({ value, choices }: OptionHelp): OptionValue {
  if (value === undefined) return null;
  if (choices !== undefined) return choices;
  return value === 'DIR' ? 'folder' : 'text';
}
