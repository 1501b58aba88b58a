import type { Command } from './command.ts';
import type { Output } from './output.ts';

/** A command before its module is loaded. */
export interface CommandEntry {
  readonly summary: string;
  load(output: Output): Promise<Command>;
}

/** A command's module is loaded when it is called: checking a file needs no broker's client. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  init: { summary: 'Writes a topology to start from.', load: async (output) => (await import('./init.ts')).initCommand(output) },
  validate: { summary: 'Checks topology files and reports every mistake.', load: async (output) => (await import('./validate.ts')).validateCommand(output) },
  test: { summary: 'Runs the cases beside topologies.', load: async (output) => (await import('./test.ts')).testCommand(output) },
  graph: { summary: 'Prints topologies as a picture, for Mermaid or Graphviz.', load: async (output) => (await import('./graph.ts')).graphCommand(output) },
  plan: { summary: 'Shows what a start would find, make, keep and refuse.', load: async (output) => (await import('./plan.ts')).planCommand(output) },
  doctor: { summary: 'Looks at all that a topology needs, and at what production needs.', load: async (output) => (await import('./doctor.ts')).doctorCommand(output) },
  run: { summary: 'Runs topologies until it is told to stop.', load: async (output) => (await import('./run.ts')).runCommand(output) },
  status: { summary: 'Shows what a running daemon is doing.', load: async (output) => (await import('./status.ts')).statusCommand(output) },
  why: { summary: 'Says what a running topology waits for, or what slows it.', load: async (output) => (await import('./why.ts')).whyCommand(output) },
  top: { summary: 'Shows what a running daemon is doing, again and again.', load: async (output) => (await import('./top.ts')).topCommand(output) },
  tap: { summary: 'Shows records that pass a node of a running topology.', load: async (output) => (await import('./tap.ts')).tapCommand(output) },
  dlq: { summary: 'Lists and shows dead letters, and drives them again.', load: async (output) => (await import('./dlq.ts')).dlqCommand(output) },
  offsets: { summary: "Shows or sets a topology's committed offsets.", load: async (output) => (await import('./offsets.ts')).offsetsCommand(output) },
  state: { summary: 'Shows, checks or drops the keyed state on this machine.', load: async (output) => (await import('./state.ts')).stateCommand(output) },
  dashboard: { summary: 'Prints a dashboard for Grafana.', load: async (output) => (await import('./dashboard.ts')).dashboardCommand(output) },
  alerts: { summary: 'Prints alerting rules for Prometheus.', load: async (output) => (await import('./alerts.ts')).alertsCommand(output) },
  demo: { summary: 'Streams 20,000 real flights through a topology.', load: async (output) => (await import('./demo.ts')).demoCommand(output) },
  completion: { summary: 'Prints a completion script for a shell.', load: async (output) => (await import('./completion.ts')).completionCommand(output) }
};
