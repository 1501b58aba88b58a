import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './scratch.ts';

/** The pages that are held to the program. */
export const documents: readonly string[] = ['README.md', 'TROUBLESHOOTING.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'config/README.md', 'config/REFERENCE.md', 'docker/README.md'];

/** A page's text. */
export function readDocument(path: string): string {
  return readFileSync(join(checkout, path), 'utf8');
}

/** What stands in the fenced blocks of a language. */
export function fenced(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block]) => block as string);
}

/** The commands of a page: one a line, in blocks of `sh`. */
export function commandsOf(text: string): string[] {
  return fenced(text, 'sh').flatMap((block) => block.split('\n').map((line) => line.trim())).filter((line) => line !== '' && !line.startsWith('#'));
}

/** Text in backticks, outside of blocks. */
export function inlineCode(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code as string);
}

/** A page without its fenced blocks. */
export function withoutBlocks(text: string): string {
  return text.replaceAll(/^```.*?^```/gms, '');
}

/** What a heading's link is called, as GitHub makes it. */
export function anchorsOf(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => (heading as string).toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-'));
}
