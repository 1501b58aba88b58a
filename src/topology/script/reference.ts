/** The chapter of the reference about the modules of `script` transforms. */
export const scripts = `
## Scripts

A \`script\` transform runs a TypeScript module. Types are stripped when it is loaded and nothing is compiled, so no \`enum\`, \`namespace\` or parameter
properties; imports name files with their extension. \`import type\` from \`millrace\` gives the types for an editor or \`tsc\` (\`npm install --save-dev millrace\`), and
is not needed to run.

\`\`\`ts
import type { Script } from 'millrace';

const script: Script<{ limit: number }> = (record, out, { limit }) => {
  if (record.value.test === true) return out.drop(record);
  out.send(record, { ...record.value, large: Number(record.value.amount) > limit });
};
export default script;
\`\`\`

| Export | Is called with | A record for which it calls nothing |
| --- | --- | --- |
| \`export default\` (\`Script\`) | \`(record, out, options)\`, once per record | is dropped, counted as filtered |
| \`export const batch\` (\`ScriptBatch\`) | \`(records, out, options)\`, as many as came together, mostly up to 1,000; it settles them in their order, one after the other | fails with \`script_failed\` |

| Of a record | Is |
| --- | --- |
| \`value\` | the decoded value; not to be changed in place, since other nodes may hold the same object: \`{ ...record.value, more: 1 }\` is a changed copy |
| \`key\`, \`keyText\` | bytes or null; the same as text, a throw where it is no UTF-8 |
| \`headers\`, \`header(name)\` | all of them as names and bytes; the last of that name as text, or null |
| \`topic\`, \`partition\`, \`offset\`, \`timestamp\` | where it was read, and its time in milliseconds since 1970 |
| \`tombstone\` | true for a record without a value; only with \`tombstones: script\` |

| Helper | Does |
| --- | --- |
| \`out.pass(record, changes)\` | sends it on with its value as it is, byte for byte |
| \`out.send(record, value, changes)\` | sends this value; several times for several outputs, up to 10,000 for a record |
| \`out.delete(record, changes)\` | sends a tombstone for its key; may stand beside \`send\` |
| \`out.drop(record)\` | drops it, counted as filtered |
| \`out.fail(record, message)\` | makes it a failed record, with \`script_failed\` |
| \`out.now\` | the wall clock when the batch came in, in milliseconds |

\`changes\` may be left out: \`key\` (text, bytes, or null for none), \`headers\` (a map; null removes one) and \`timestamp\` (milliseconds).

- **Errors.** A throw fails the record with \`script_failed\` and the line of the script, and \`on_error\` says what happens to it. Nothing of a failed record is sent. What contradicts
  itself, such as \`pass\` after \`send\`, is a failure too.
- **Budget.** What takes longer than \`budget\` for one record is ended wherever it is, an endless loop too, and the record fails with \`script_timeout\`; the others keep what became of them.
  A record on which time was up is tried once more from its beginning, to see whether it was that record. In the batch form the budget is that of a call, and a failed call is tried again with fewer records.
- **Cost.** About 0.2 µs for a record in either form beside its own work, and 0.2 ms for each batch, which is up to 1,000 records when much comes in and a few when little does. The batch form is for work that is worth sharing between records.
- **No state, no I/O.** A script is synchronous and does all it does by \`out\`: a promise is a failure, as is a value that is returned where nothing was sent. What it leaves behind (a promise, a timer) is outside of its budget: where that
  fails it is told in the log, where it never ends it holds the daemon. Records are worked on again after a crash, variables of a module are shared by all tasks and lost at a restart.
- **Loading.** The module runs once when the file is loaded, also by \`validate\`, within 5 seconds. A change of it, or of a file it imports by a relative path, is a change of the topology for SIGHUP and \`--watch\`; packages are
  loaded once per process. A script is part of the daemon: it is not shut in, and memory that it takes without end takes the daemon with it.
`;
