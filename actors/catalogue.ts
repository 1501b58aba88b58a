import type { Component, ComponentKind } from './component.ts';
import { dedupe } from './join/dedupe.ts';
import { join } from './join/join.ts';
import { table } from './join/table.ts';
import { kafkaSink } from './sink/kafka.ts';
import { kafkaSource } from './source/kafka.ts';
import { fileTable } from './table/file.ts';
import { kafkaTable } from './table/kafka.ts';
import { postgresTable } from './table/postgres.ts';
import { enrich } from './transform/enrich.ts';
import { filter } from './transform/filter.ts';
import { map } from './transform/map.ts';
import { merge } from './transform/merge.ts';
import { route } from './transform/route.ts';
import { script } from './transform/script.ts';
import { validate } from './transform/validate.ts';
import { window } from './window/window.ts';

/** Every component a topology may name, in the order of the reference. A test compares it with the folders. */
export const catalogue: readonly Component[] = [kafkaSource, kafkaTable, fileTable, postgresTable, filter, map, enrich, route, validate, merge, window, join, dedupe, table, script, kafkaSink];

/** The component of a kind with this `type:`, or undefined. */
export function findComponent(kind: ComponentKind, type: string): Component | undefined {
  return catalogue.find((component) => component.kind === kind && component.type === type);
}
