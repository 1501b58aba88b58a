import type { GraphEdge, GraphNode, GraphPart, GraphTopic, TopologyGraph } from './graph.ts';

/** Mermaid's flowchart, https://mermaid.js.org/syntax/flowchart.html */
export function toMermaid({ topologies, topics, edges }: TopologyGraph): string {
  const lines = ['flowchart LR'];
  topologies.forEach(({ name, parts }, index) => {
    if (topologies.length === 1) lines.push(...partsOf(parts, 's', '  '));
    else lines.push(`  subgraph p${index}["topology ${text(name)}"]`, ...partsOf(parts, `p${index}s`, '    '), '  end');
  });
  lines.push(...topics.map(topicLine), ...edges.map(edgeLine));
  return `${lines.join('\n')}\n`;
}

function partsOf(parts: readonly GraphPart[], prefix: string, indent: string): string[] {
  return parts.flatMap(({ name, nodes }, index) => [
    `${indent}subgraph ${prefix}${index}["sub-topology ${text(name)}"]`,
    ...nodes.map((node) => `${indent}  ${nodeText(node)}`),
    `${indent}end`
  ]);
}

function nodeText({ id, name, kind, type }: GraphNode): string {
  const label = `"${text(name)}<br/>${kind === 'transform' ? '' : `${kind} `}${text(type)}"`;
  return kind === 'transform' ? `${id}[${label}]` : `${id}([${label}])`;
}

function topicLine({ id, name, kind, deadLetters }: GraphTopic): string {
  if (kind === 'table') return `  ${id}[["${text(name)}<br/>table"]]`;
  return `  ${id}[("${kind === 'pattern' ? `/${text(name)}/` : text(name)}${deadLetters ? '<br/>dead letters' : ''}")]`;
}

function edgeLine({ from, to, kind, label }: GraphEdge): string {
  if (kind === 'dead_letters') return `  ${from} -.-> ${to}`;
  if (kind === 'look_ups') return `  ${from} -. looked up by .-> ${to}`;
  return label === '' ? `  ${from} --> ${to}` : `  ${from} -- "${text(label)}" --> ${to}`;
}

/** Characters that mean something in a label, as the entity codes that Mermaid reads. */
const entities: Readonly<Record<string, string>> = { '#': '#35;', '"': '#quot;', '&': '#amp;', '<': '#lt;', '>': '#gt;', '`': '#96;', '\\': '#92;', '*': '#42;', '\n': ' ' };

function text(plain: string): string {
  return plain.replaceAll(/[#"&<>`\\*\n]/g, (character) => entities[character] ?? character);
}
