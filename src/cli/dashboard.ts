import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { loadPlans } from './load-plans.ts';
import { grafanaDashboard } from './monitoring/grafana.ts';
import type { Output } from './output.ts';

/** `millrace dashboard`: what to look at, as Grafana wants it. */
export function dashboardCommand(output: Output): Command {
  return {
    name: 'dashboard',
    summary: "Prints a dashboard for Grafana, made for the topologies' nodes. Its data source is chosen in Grafana.",
    usage: 'FILE|DIR…',
    words: ['files'],
    examples: ['millrace dashboard config/flights.yaml > flights.json'],
    options: [],
    run(args) {
      if (args.positionals.length === 0) throw new UsageError('Name at least one topology file or folder.');
      const loaded = loadPlans(args.positionals, output);
      if (loaded === null) return Promise.resolve(exitCode.config);
      output.print(`${JSON.stringify(grafanaDashboard(loaded.plans), null, 2)}\n`);
      return Promise.resolve(exitCode.ok);
    }
  };
}
