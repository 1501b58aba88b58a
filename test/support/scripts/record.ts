import type { Script } from 'millrace';

/** A filter, a map and a rule in one: what is small is dropped, what has no number fails. */
const script: Script<{ above: number }> = (record, out, { above }) => {
  const { a } = record.value;
  if (a === undefined) return out.pass(record);
  if (typeof a !== 'number') throw new Error('expected a number');
  if (a <= above) return out.drop(record);
  out.send(record, { ...record.value, large: true });
};

export default script;
