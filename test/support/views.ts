/** Longest wait for one answer, in milliseconds. */
const patience = 1000;

/** Asks a daemon for all that it shows to anybody. Never rejects: a daemon that is about to end may not answer. */
export async function views(url: string): Promise<void> {
  const ask = (path: string): Promise<string> => fetch(url + path, { signal: AbortSignal.timeout(patience) }).then((response) => response.text());
  try {
    const [list] = await Promise.all(['/v1/topologies', '/metrics', '/readyz', '/livez', '/v1/log-level', '/v1/nothing'].map(ask));
    const { topologies } = JSON.parse(list as string) as { readonly topologies: readonly { readonly name: string }[] };
    await Promise.all(topologies.flatMap(({ name }) => ['', '/progress', '/watermarks', '/graph'].map((view) => ask(`/v1/topologies/${name}${view}`))));
  } catch {
    // It was asked what it could still answer.
  }
}
