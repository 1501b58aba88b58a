// Walks the environment of a folder and writes what it found as JSON: run as a process of its own, since LMDB may crash it.
import { writeSync } from 'node:fs';
import { walk } from './walk.ts';

writeSync(1, JSON.stringify(walk(process.argv[2] ?? '')));
