import type { GraphEdge, GraphNode, GraphPart, GraphTopic, TopologyGraph } from './graph.ts';

/** Graphviz' language, https://graphviz.org/doc/info/lang.html */
export function toDot({ topologies, topics, edges }: TopologyGraph): string {
  const lines = [
    `digraph ${quoted(topologies.map(({ name }) => name).join(', '))} {`,
    '  rankdir=LR;',
    '  node [fontname="Helvetica", fontsize=11];',
    '  edge [fontname="Helvetica", fontsize=10];'
  ];
  topologies.forEach(({ name, parts }, index) => {
    if (topologies.length === 1) lines.push(...partsOf(parts, 'cluster_', '  '));
    else lines.push(`  subgraph cluster_${index} {`, `    label=${quoted(`topology ${name}`)};`, ...partsOf(parts, `cluster_${index}_`, '    '), '  }');
  });
  lines.push(...topics.map(topicLine), ...edges.map(edgeLine), '}');
  return `${lines.join('\n')}\n`;
}

function partsOf(parts: readonly GraphPart[], prefix: string, indent: string): string[] {
  return parts.flatMap(({ name, nodes }, index) => [
    `${indent}subgraph ${prefix}${index} {`,
    `${indent}  label=${quoted(`sub-topology ${name}`)};`,
    `${indent}  style=rounded;`,
    ...nodes.map((node) => `${indent}  ${nodeText(node)}`),
    `${indent}}`
  ]);
}

function nodeText({ id, name, kind, type }: GraphNode): string {
  const label = quoted(`${name}\n${kind === 'transform' ? '' : `${kind} `}${type}`);
  return `${id} [label=${label}, shape=box${kind === 'transform' ? '' : ', style=rounded'}];`;
}

function topicLine({ id, name, kind, deadLetters }: GraphTopic): string {
  if (kind === 'table') return `  ${id} [label=${quoted(`${name}\ntable`)}, shape=folder];`;
  return `  ${id} [label=${quoted(`${kind === 'pattern' ? `/${name}/` : name}${deadLetters ? '\ndead letters' : ''}`)}, shape=cylinder];`;
}

function edgeLine({ from, to, kind, label }: GraphEdge): string {
  if (kind === 'dead_letters') return `  ${from} -> ${to} [style=dashed];`;
  if (kind === 'look_ups') return `  ${from} -> ${to} [style=dotted, label="looked up by"];`;
  return label === '' ? `  ${from} -> ${to};` : `  ${from} -> ${to} [label=${quoted(label)}];`;
}

/** In a label a backslash begins an escape: \n is the line break, \\ the backslash itself. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
