/** The ways in which a secret is written: as it is, escaped for JSON once and twice, for URLs and forms, in hex, and in base64 wherever in a longer text it begins. */
export function formsOf(secret: string): ReadonlyMap<string, string> {
  const forms = new Map<string, string>();
  const add = (text: string, name: string): void => {
    if (!forms.has(text)) forms.set(text, name);
  };
  add(secret, 'as it is');
  const json = inner(secret);
  add(json, 'as JSON');
  add(inner(json), 'as JSON in JSON');
  const percent = encodeURIComponent(secret);
  for (const [text, name] of [[percent, 'percent-encoded'], [percent.replaceAll('%20', '+'), 'as of a form']] as const) {
    add(text, name);
    add(text.replace(/%../g, (code) => code.toLowerCase()), name);
  }
  for (const text of new Set([secret, percent])) for (const core of base64Cores(text)) {
    add(core, 'in base64');
    add(core.replaceAll('+', '-').replaceAll('/', '_'), 'in base64url');
  }
  const hex = Buffer.from(secret).toString('hex');
  add(hex, 'in hex');
  add(hex.toUpperCase(), 'in hex');
  return forms;
}

function inner(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The characters that a text comes to in base64 whatever stands before and behind it, for each place at which it may begin: of `user:secret`, `\0user\0secret` and the like. */
function base64Cores(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  });
}
