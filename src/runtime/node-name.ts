/** The name that a node has in the file: a keyed node may be two here, with a repartition topic in between. */
export function nameInFile(name: string): string {
  return name.split('.')[0] as string;
}
