import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { wantsOtlp } from '../../src/telemetry/metric-otlp.ts';
import { readTraceOptions } from '../../src/telemetry/trace-options.ts';
import { readDocker } from '../support/containers.ts';
import type { Compose } from '../support/containers.ts';
import { checkout } from '../support/scratch.ts';

const { services } = readDocker<Compose>('compose.yaml');
const prometheus = readDocker<{ rule_files: string[]; scrape_configs: { static_configs: { targets: string[] }[] }[] }>('prometheus/prometheus.yaml');
const { datasources } = readDocker<{ datasources: { type: string; url: string }[] }>('grafana/provisioning/datasources/prometheus.yaml');
const { providers } = readDocker<{ providers: { options: { path: string } }[] }>('grafana/provisioning/dashboards/millrace.yaml');

/** A service's port inside of the network, where it is one that the file opens to the host, too. */
function opens(service: string, port: string): boolean {
  return services[service]?.ports?.some((each) => each.split(':').at(-1) === port) ?? false;
}

/** Where a path of a container comes from, in docker/. */
function source(service: string, path: string): string {
  const [from = '', to = ''] = services[service]?.volumes?.map((volume) => volume.split(':')).find(([, to = '']) => path.startsWith(`${to}/`)) ?? [];
  return join(checkout, 'docker', from, path.slice(to.length));
}

describe('what watches the containers', () => {
  it('Prometheus looks where the daemon listens, and has rules', () => {
    for (const target of prometheus.scrape_configs.flatMap((job) => job.static_configs.flatMap(({ targets }) => targets))) {
      const [service = '', port = ''] = target.split(':');
      assert.ok(opens(service, port), target);
    }
    const config = services['prometheus']?.command?.[0]?.split('=')[1] ?? '';
    assert.ok(existsSync(source('prometheus', config)), config);
    const [rules = ''] = prometheus.rule_files;
    const folder = source('prometheus', rules);
    assert.ok(readdirSync(join(folder, '..')).some((name) => name.endsWith('.rules.yaml')), rules);
  });

  it('Grafana finds what it shows, and where it asks', () => {
    for (const { type, url } of datasources) {
      const { hostname, port } = new URL(url);
      assert.equal(hostname, type);
      assert.ok(opens(hostname, port), url);
    }
    for (const { options } of providers) assert.ok(existsSync(source('grafana', `${options.path}/flights.json`)));
    const home = String(services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']);
    assert.doesNotThrow(() => { JSON.parse(readFileSync(source('grafana', home), 'utf8')); });
  });

  it('the daemon sends traces to Jaeger, and metrics to nobody, since Prometheus comes for them', () => {
    const env = Object.fromEntries(Object.entries(services['millrace']?.environment ?? {}).map(([name, value]) => [name, String(value)]));
    assert.notEqual(readTraceOptions(env, null), null);
    assert.equal(wantsOtlp(env), false);
    const { hostname, port } = new URL(env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '');
    // Jaeger's own port for OTLP by HTTP.
    assert.deepEqual([services[hostname]?.image.split(':')[0], port], ['jaegertracing/all-in-one', '4318']);
  });

  it('nothing is open beyond this machine', () => {
    for (const [name, { ports = [] }] of Object.entries(services)) for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name);
  });
});
