/** What holds for all tables, for the reference. */
export const tablesText = `
A table is the small or slowly changing side of an enrichment: each daemon has all of it, on its disk under \`--state-dir\`, and nodes of \`type: enrich\` look rows up by key.

- **Start.** No task begins before each table holds what its source had then; \`/readyz\` says what is waited for. Rows of a topic are used again after a restart, and read on from; files and queries are read anew.
- **Changes.** A topic is followed within some 100 ms. A file is looked at every \`refresh\`, a query is run again \`refresh\` after its last answer; what they give takes the place of the old rows all at once. All records of a batch see
  one state. What was sent before a change is not sent again, and a record that is worked on again after a crash may meet a newer row: where that matters, keep the table in a node (\`type: table\`) and join with it \`as_of: event_time\`.
- **Keys.** A text stands for itself, numbers and booleans for their text: the key \`7\` of an event finds the row \`"7"\`, and not \`"007"\`.
- **Trouble.** While a source is away, or has something that cannot be used, the rows stay and it is tried again. The log says why (\`table_unavailable\`), \`/readyz\` shows \`trouble\` with the age of the rows, \`millrace_table_age_seconds\` grows.
- **Rows that cannot be used.** In a topic: the value has no such codec, or there is no key. With \`on_error: fail\` the topology stops with \`record_failed\`; else they are left out and told, and their key has no row.
  A file or an answer with such a row is not taken at all.
- **Size.** A million rows of 100 bytes take some 140 MB of disk, and twice that while a file or a query is read again. A table that is too large for each daemon is a node: \`type: table\`.
`;
