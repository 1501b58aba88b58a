import assert from 'node:assert/strict';
import { parse } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import { silent } from './containers.ts';
import { evidence } from './evidence.ts';

/** Runs a command in this process, which is quicker than one of its own; gives what it prints. Rejects with what the program would tell. */
export async function runCommand(name: string, ...args: string[]): Promise<string> {
  let printed = '';
  const entry = commands[name] ?? assert.fail(`there is no command ${name}`);
  const command = await entry.load({ ...silent, print: (text) => { printed += text; }, complain: (text) => { evidence('command', text); }, log: { write: (line) => { evidence('log', line); } } });
  try {
    assert.equal(await command.run(parse(command, args)), 0, printed);
    return printed;
  } catch (error) {
    evidence('error', String(error));
    throw error;
  } finally {
    evidence('command', printed);
  }
}
