import type { Logger } from '../telemetry/log.ts';

/** Something that can be stopped in an orderly way. */
interface Stoppable {
  stop(): Promise<void>;
}

/**
 * The first SIGTERM or SIGINT drains and stops; a second one, or the timeout, ends the process at once, which
 * loses nothing: what is not committed is read again. Returns how to take the handlers away.
 */
export function onStopSignal(stoppable: Stoppable, timeout: number, log: Logger): () => void {
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    const code = signal === 'SIGINT' ? 130 : 143;
    if (stopping) {
      log.warn({ signal }, 'second signal: ending at once');
      process.exit(code);
    }
    stopping = true;
    log.info({ signal }, 'stopping: finishing what was read, once more to end at once');
    timer = setTimeout(() => {
      log.error({ timeout_ms: timeout }, 'did not stop in time: ending at once');
      process.exit(code);
    }, timeout);
    void stoppable.stop();
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
  return () => {
    clearTimeout(timer);
    process.off('SIGTERM', handle);
    process.off('SIGINT', handle);
  };
}
