import { toDot } from '../topology/graph-dot.ts';
import { toMermaid } from '../topology/graph-mermaid.ts';
import { topologyGraph } from '../topology/graph.ts';
import type { TopologyGraph } from '../topology/graph.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { loadPlans } from './load-plans.ts';
import type { Output } from './output.ts';

const formats: Readonly<Record<string, (graph: TopologyGraph) => string>> = {
  mermaid: toMermaid,
  dot: toDot,
  json: (graph) => `${JSON.stringify(graph, null, 2)}\n`
};

/** `millrace graph`: what reads what, to be looked at. */
export function graphCommand(output: Output): Command {
  return {
    name: 'graph',
    summary: 'Prints topologies as a picture: topics, nodes, sub-topologies. Several files are one picture, joined at the topics they share. Needs no broker.',
    usage: 'FILE|DIR… [options]',
    words: ['files'],
    examples: ['millrace graph config/flights.yaml', 'millrace graph config/flights.yaml --format dot | dot -Tsvg > flights.svg'],
    options: [
      { name: 'format', value: 'FORMAT', choices: Object.keys(formats), summary: `${Object.keys(formats).join(', ')}. Mermaid is what GitHub and many editors draw.`, default: 'mermaid' },
      { name: 'json', summary: 'The same as --format json.' }
    ],
    run(args) {
      if (args.positionals.length === 0) throw new UsageError('Name at least one topology file or folder.');
      const format = args.on('json') ? 'json' : (args.text('format') as string);
      const write = Object.hasOwn(formats, format) ? formats[format] : undefined;
      if (write === undefined) throw new UsageError(`--format is one of ${Object.keys(formats).join(', ')}, not ${format}.`);
      const loaded = loadPlans(args.positionals, output);
      if (loaded === null) return Promise.resolve(exitCode.config);
      output.print(write(topologyGraph(loaded.plans)));
      return Promise.resolve(exitCode.ok);
    }
  };
}
