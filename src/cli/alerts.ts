import { stringify } from 'yaml';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { loadPlans } from './load-plans.ts';
import { prometheusRules } from './monitoring/rules.ts';
import type { Output } from './output.ts';

/** `millrace alerts`: what to be woken for, as Prometheus wants it. */
export function alertsCommand(output: Output): Command {
  return {
    name: 'alerts',
    summary: "Prints alerting rules for Prometheus, made for the topologies' nodes.",
    usage: 'FILE|DIR…',
    words: ['files'],
    examples: ['millrace alerts config/flights.yaml > flights.rules.yaml'],
    options: [],
    run(args) {
      if (args.positionals.length === 0) throw new UsageError('Name at least one topology file or folder.');
      const loaded = loadPlans(args.positionals, output);
      if (loaded === null) return Promise.resolve(exitCode.config);
      output.print(stringify(prometheusRules(loaded.plans), { lineWidth: 0 }));
      return Promise.resolve(exitCode.ok);
    }
  };
}
