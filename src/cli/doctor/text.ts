import type { Plan } from '../../topology/model.ts';
import type { Finding } from './finding.ts';
import type { Box } from './production.ts';

const marks: Readonly<Record<Finding['status'], string>> = { ok: '✔', warning: '!', failure: '✖', skipped: '-' };

/** What was found, for people: a line each, and what to do below it. */
export function findingsText(plan: Plan, findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ area }) => area.length));
  const lines = findings.flatMap(({ area, status, found, remedy }) => [`${marks[status]} ${area.padEnd(width)}  ${found}`, ...(remedy === null ? [] : [`  ${' '.repeat(width)}  → ${remedy}`])]);
  const count = (status: Finding['status']): number => findings.filter((each) => each.status === status).length;
  const sum = [`${count('ok')} well`, ...(count('warning') > 0 ? [`${count('warning')} to look at`] : []), ...(count('failure') > 0 ? [`${count('failure')} wrong`] : []), ...(count('skipped') > 0 ? [`${count('skipped')} not looked at`] : [])];
  return `${plan.name}, ${where(plan)}\n\n${lines.join('\n')}\n\n${sum.join(', ')}\n`;
}

/** The checklist, for people. */
export function boxesText(plan: Plan, boxes: readonly Box[]): string {
  const width = Math.max(...boxes.map(({ box }) => box.length));
  const lines = boxes.flatMap(({ box, ticked, found, remedy }) => [`[${ticked === null ? '?' : ticked ? 'x' : ' '}] ${box.padEnd(width)}  ${found}`, ...(remedy === null ? [] : [`    ${' '.repeat(width)}  → ${remedy}`])]);
  const ticked = boxes.filter((each) => each.ticked === true).length;
  return `${plan.name}, ${where(plan)}\n\n${lines.join('\n')}\n\n${ticked} of ${boxes.length} ticked\n`;
}

function where({ broker }: Plan): string {
  return broker.type === 'embedded' ? `embedded broker in ${broker.path}` : broker.brokers.join(',');
}
