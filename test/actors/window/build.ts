import { findComponent } from '../../../actors/catalogue.ts';
import type { StatefulLogic } from '../../../actors/keyed/stateful.ts';
import { NodeContext } from '../../../src/topology/context.ts';
import { SourceFile } from '../../../src/topology/document.ts';

/** The logic of a window node with these options, as a file would have them. */
export function windowOf(options: object): StatefulLogic {
  const component = findComponent('transform', 'window');
  if (component?.kind !== 'transform') throw new Error('there is no window');
  const file = new SourceFile('test.yaml', '{}', { env: {} });
  const logic = component.build(component.config.parse(options), new NodeContext(file, ['transforms', 'node'])) as StatefulLogic;
  if (file.problems.length > 0) throw new Error(JSON.stringify(file.problems));
  return logic;
}
