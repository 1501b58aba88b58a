import { findComponent } from '../../../actors/catalogue.ts';
import type { StatefulLogic } from '../../../actors/keyed/stateful.ts';
import { NodeContext } from '../../../src/topology/context.ts';
import { SourceFile } from '../../../src/topology/document.ts';

/** The logic of a keyed node with these options, as a file would have them. */
export function keyedOf(type: string, options: object): StatefulLogic {
  const component = findComponent('transform', type);
  if (component?.kind !== 'transform') throw new Error(`there is no ${type}`);
  const file = new SourceFile('test.yaml', '{}', { env: {} });
  const logic = component.build(component.config.parse(options), new NodeContext(file, ['transforms', 'node'])) as StatefulLogic;
  if (file.problems.length > 0) throw new Error(JSON.stringify(file.problems));
  return logic;
}
