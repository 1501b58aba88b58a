/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly name: string;
  /** `--from=packages` as { from: 'packages' }. */
  readonly flags: Readonly<Record<string, string>>;
  readonly text: string;
  /** The words: of the exec form (`["a", "b"]`) where it has one. */
  readonly words: readonly string[];
}

/** A stage: what stands from one FROM to the next. */
export interface Stage {
  readonly image: string;
  /** What `AS` calls it; '' without. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** Reads a Dockerfile that is known to be well-formed. */
export function readDockerfile(text: string): Stage[] {
  const stages: { image: string; name: string; instructions: Instruction[] }[] = [];
  const lines = text.replaceAll(/\\\n\s*/g, ' ').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  for (const line of lines) {
    const instruction = readInstruction(line);
    if (instruction.name === 'FROM') stages.push({ image: instruction.words[0] ?? '', name: instruction.words[2] ?? '', instructions: [] });
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

const leadingFlag = /^--([a-z-]+)=(\S+)\s+/;

function readInstruction(line: string): Instruction {
  const flags: Record<string, string> = {};
  const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
  let text = rest;
  for (let flag = leadingFlag.exec(text); flag !== null; flag = leadingFlag.exec(text)) {
    flags[flag[1] as string] = flag[2] as string;
    text = text.slice(flag[0].length);
  }
  const exec = /(\[.*\])\s*$/.exec(text)?.[1];
  return { name, flags, text, words: exec === undefined ? text.trim().split(/\s+/) : (JSON.parse(exec) as string[]) };
}

/** The words of the last such instruction, which is the one that counts. */
export function lastWords({ instructions }: Stage, name: string): readonly string[] {
  return instructions.findLast((instruction) => instruction.name === name)?.words ?? [];
}
