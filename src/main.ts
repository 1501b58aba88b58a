#!/usr/bin/env -S node --max-semi-space-size=8
// Before anything else is loaded: an older Node would end with the first thing it cannot read.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`millrace: this is Node ${process.versions.node}, and Millrace needs 24 or later: npm install node@24 brings it into your project\n`);
  process.exitCode = 78;
} else {
  const { main } = await import('./cli/program.ts');
  process.exitCode = await main(process.argv.slice(2));
}

export {};
