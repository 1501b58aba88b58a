import * as z from 'zod';
import { duration, expression, namePattern } from '../../actors/options.ts';
import type { SourceFile } from './document.ts';
import { compileCondition } from './expression/alert.ts';
import type { AlertWay, PlanAlert } from './model.ts';

const error = 'an http or https URL, without user and password';
const url = z.string({ error }).refine(isUrl, { error });
const text = (what: string) => z.string({ error: what }).min(1, { error: what });

const webhook = z.strictObject({
  webhook: url.describe('URL to which the alert is posted as JSON when it fires and when it has resolved; tried again for about four minutes. Never shown: put what is secret in it into ${env:…} or ${file:…}.'),
  secret: text('a text').optional().describe('Signs what is posted, by HMAC-SHA256 as Standard Webhooks has it (webhook-id, webhook-timestamp, webhook-signature). Base64 behind whsec_, else the text itself.')
});

const command = z.strictObject({
  command: z.array(text('a text'), { error: 'a program and its arguments, as a list' }).min(1, { error: 'a program and its arguments, as a list' }).describe('Program that is started when the alert fires and when it has resolved, with the JSON on its input; no shell.'),
  timeout: duration({ min: 100, max: 600_000 }).prefault('10s').describe('How long it may take; then it is killed.')
});

const way = z.union([z.literal('log').describe('The log alone, where each alert is told anyhow.'), webhook, command], { error: 'log, { webhook: https://… } or { command: [program, argument] }' });

const alert = z.strictObject({
  when: expression().describe('The condition, an expression over the variables of alerts, such as lag_seconds > 60.'),
  for: duration().prefault('1m').describe('How long it has to hold before the alert fires.'),
  notify: z.union([way, z.array(way).min(1, { error: 'at least one way' })], { error: 'log, { webhook: https://… }, { command: [program, argument] }, or a list of such' }).default('log').describe('Who is told, beside the log.')
});

/** The option `alerts` of a topology. */
export const alertsOptions = z.record(z.string().regex(namePattern, { error: 'a name in lower_snake_case' }), alert, { error: 'a map of alerts by name' });

/** The alerts that a topology names. Options that are wrong in themselves are reported with the rest of the file; here only conditions. URLs and secrets are noted, whatever else may be wrong around them. */
export function readAlerts(file: SourceFile, option: unknown): PlanAlert[] {
  noteSecrets(file, option);
  if (typeof option !== 'object' || option === null || Array.isArray(option)) return [];
  return Object.entries(option).flatMap(([name, entry]) => {
    const source = (entry as { when?: unknown } | null)?.when;
    if (typeof source !== 'string' || source === '') return [];
    const { problems, uses, holds } = compileCondition(source);
    for (const { code, message, hint, offset } of problems) file.report(['alerts', name, 'when'], code, message, hint, { offset });
    const parsed = alert.safeParse(entry);
    if (!parsed.success || holds === null) return [];
    const { notify } = parsed.data;
    return [{ name, when: source, uses, holds, for: parsed.data.for, notify: (Array.isArray(notify) ? notify : [notify]).flatMap(wayOf) }];
  });
}

function wayOf(notify: z.output<typeof way>): AlertWay[] {
  if (notify === 'log') return [];
  if ('webhook' in notify) return [{ kind: 'webhook', url: notify.webhook, secret: notify.secret ?? null }];
  return [{ kind: 'command', command: notify.command, timeout: notify.timeout }];
}

/** Whoever knows the URL of a webhook can post to it. */
function noteSecrets(file: SourceFile, option: unknown): void {
  if (typeof option !== 'object' || option === null) return;
  for (const [name, value] of Object.entries(option)) {
    if (typeof value !== 'string') noteSecrets(file, value);
    else if (name === 'secret') file.secrets.push(value);
    else if (name === 'webhook') file.secrets.push(value, ...partsOf(value));
  }
}

/** A message of Node may have the path alone. */
function partsOf(value: string): string[] {
  if (!URL.canParse(value)) return [];
  const { href, pathname, search, password } = new URL(value);
  return [href, pathname + search, pathname, password].filter((part) => part.length >= shortestPart);
}

/** Shorter paths, such as /hook, are no secrets and stand in other texts. */
const shortestPart = 8;

function isUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}
