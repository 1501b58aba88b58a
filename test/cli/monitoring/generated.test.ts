import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { grafanaDashboard } from '../../../src/cli/monitoring/grafana.ts';
import { prometheusRules } from '../../../src/cli/monitoring/rules.ts';
import { loadTopologies } from '../../../src/topology/load.ts';
import { planOf } from '../../topology/harness.ts';
import { metricsIn, promqlMistake } from '../../support/promql.ts';
import { checkout } from '../../support/scratch.ts';

interface Dashboard {
  readonly panels: readonly { readonly id: number; readonly type: string; readonly title: string; readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }; readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[] }[];
}

interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly { readonly alert: string; readonly expr: string; readonly for?: string; readonly annotations: Readonly<Record<string, string>> }[] }[];
}

const flights = loadTopologies([join(checkout, 'docker/topologies/flights.yaml')], { env: {} }).plans;
const plain = planOf({ name: 'plain', broker: { type: 'embedded', path: './data' }, sources: { in: { type: 'kafka', topic: 'in' } }, sinks: { out: { type: 'kafka', from: 'in', topic: 'out' } } });
const dashboard = grafanaDashboard(flights) as Dashboard;
const rules = prometheusRules(flights) as Rules;
const queries = [...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)), ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr))];

/** Golden files: `UPDATE_GOLDEN=1` writes them anew. */
function golden(path: string, text: string): void {
  const file = join(checkout, path);
  if (process.env['UPDATE_GOLDEN'] !== undefined) {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(readFileSync(file, 'utf8'), text, `${path} is stale: UPDATE_GOLDEN=1 node --test test/cli/monitoring/generated.test.ts`);
}

describe('what is generated for Grafana and Prometheus', () => {
  it('is what the containers of docker/ run with', () => {
    golden('docker/grafana/dashboards/flights.json', `${JSON.stringify(dashboard, null, 2)}\n`);
    golden('docker/prometheus/flights.rules.yaml', stringify(rules, { lineWidth: 0 }));
  });

  it('has queries that Prometheus can read', () => {
    assert.notEqual(promqlMistake('sum(rate(x[5m])'), null, 'a mistake would be seen');
    for (const query of queries) assert.equal(promqlMistake(query), null);
    assert.ok(queries.flatMap(metricsIn).length >= queries.length);
  });

  it('names every node of the topology by its metrics, and is about this topology alone', () => {
    for (const { rules: own, name } of rules.groups) if (name !== 'millrace-daemons') for (const { expr } of own) assert.match(expr, /topology="flights"/);
    for (const { alert, annotations } of rules.groups.flatMap((group) => group.rules)) assert.ok(annotations['summary'] !== undefined && annotations['description'] !== undefined, alert);
  });

  it('has panels only for what the topology has', () => {
    const titles = (plans: Parameters<typeof grafanaDashboard>[0]): string[] => (grafanaDashboard(plans) as Dashboard).panels.map(({ title }) => title);
    const more = titles(flights).filter((title) => !titles([plain]).includes(title));
    assert.deepEqual(more, ['flights', 'Watermark delay', 'State, entries', 'State, bytes', 'Restore', 'Tables, rows', 'Tables, age']);
    const alerts = (plans: Parameters<typeof prometheusRules>[0]): string[] => prometheusRules(plans).groups.flatMap((group) => group.rules.map(({ alert }) => alert));
    assert.deepEqual(alerts(flights).filter((name) => !alerts([plain]).includes(name)), ['MillraceDeadLetters', 'MillraceWatermarkStuck', 'MillraceRestoreLong', 'MillraceTableOld']);
  });

  it('takes several topologies, whose panels lie beside and below each other, not over', () => {
    const { panels } = grafanaDashboard([plain, ...flights]) as Dashboard;
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}/${y + Math.floor(cell / w)}`));
    assert.equal(new Set(cells).size, cells.length);
    assert.deepEqual(panels.filter(({ type }) => type === 'row').map(({ title }) => title), ['plain', 'flights', 'Daemons']);
    assert.doesNotThrow(() => { parse(stringify(prometheusRules([plain, ...flights]))); });
  });
});
