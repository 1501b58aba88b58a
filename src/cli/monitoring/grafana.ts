import type { Plan } from '../../topology/model.ts';
import { daemonPanels, topologyPanels } from './panels.ts';
import type { Panel } from './panels.ts';

/** The grid of Grafana is so many columns wide; a panel takes a third of it. */
const columns = 24;
const size = { w: 8, h: 8 } as const;

/** The datasource is chosen on the page, so that the file goes into any Grafana. */
const datasource = { type: 'prometheus', uid: '${datasource}' } as const;

/** A dashboard for Grafana (schema 39, Grafana 10.3 or later): a row for each topology, and one for the daemons. */
export function grafanaDashboard(plans: readonly Plan[]): unknown {
  const rows = [...plans.map((plan) => ({ title: plan.name, panels: topologyPanels(plan) })), { title: 'Daemons', panels: daemonPanels }];
  const names = plans.map(({ name }) => name);
  return {
    uid: `millrace-${names.join('-')}`.slice(0, 40),
    title: `Millrace: ${names.join(', ')}`,
    tags: ['millrace'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-30m', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' }] },
    panels: placed(rows)
  };
}

function placed(rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[]): unknown[] {
  const result: unknown[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    result.push({ id: result.length + 1, type: 'row', title, collapsed: false, panels: [], gridPos: { x: 0, y, w: columns, h: 1 } });
    y += 1;
    panels.forEach((panel, index) => {
      const x = (index * size.w) % columns;
      result.push(panelJson(panel, result.length + 1, { x, y, ...size }));
      if (x + size.w >= columns || index === panels.length - 1) y += size.h;
    });
  }
  return result;
}

function panelJson({ title, description, unit, queries }: Panel, id: number, gridPos: unknown): unknown {
  return {
    id,
    type: 'timeseries',
    title,
    description,
    datasource,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: 'never' } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(({ expr, legend }, index) => ({ refId: String.fromCharCode(65 + index), datasource, expr, legendFormat: legend }))
  };
}
