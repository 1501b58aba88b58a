import { failureCodes } from '../../actors/failure.ts';
import type { Logger } from '../telemetry/log.ts';
import { explain, isOfScript } from '../topology/script/explain.ts';
import { exitCode } from './exit-code.ts';

/**
 * Errors that nobody waits for. What a script left behind, a promise or a timer that fails, is told and does no more harm: its record was
 * settled before. Anything else is a mistake in Millrace, and the process ends at once rather than going on in a state that nobody
 * knows; what is not committed is read again. Returns how to take the handlers away.
 */
export function onStrayErrors(log: Logger): () => void {
  const handle = (error: unknown): void => {
    if (isOfScript(error)) {
      log.error({ code: 'script_failed', remedy: 'A script is synchronous: it must leave no promise and no timer behind.' }, `a script left work behind that failed: ${explain(error, 'script')}`);
      return;
    }
    const { code, message, stack } = error as NodeJS.ErrnoException;
    log.fatal({ code, remedy: failureCodes.task_crashed.remedy, stack }, `crashed: ${message}`);
    process.exit(exitCode.software);
  };
  process.on('uncaughtException', handle);
  process.on('unhandledRejection', handle);
  return () => {
    process.off('uncaughtException', handle);
    process.off('unhandledRejection', handle);
  };
}
