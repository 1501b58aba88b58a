import { createContext, Script } from 'node:vm';

/*
 * An end to endless loops. Only V8 itself can end JavaScript that does not return, and Node asks it to when a script in a `vm` context
 * runs out of its timeout. That ends everything on the stack, so the script in the context does nothing but call back. The watchdog is a
 * thread that Node starts for each call: 0.17 to 0.2 ms, nearly all of it CPU time (Node 24, two shared cores). So there is one for a
 * batch and not for a record, which in comparison takes 0.2 µs of it.
 */

/** The work of the innermost guard. */
const context: { work: (() => void) | undefined } = { work: undefined };
createContext(context);
const doWork = new Script('work()', { filename: 'millrace:guard' });

/** A thread that worked for less of its time than this was stopped or starved, rather than busy. */
const busyShare = 0.25;

/** How guarded work ended; what it throws passes through, with the place of a syntax error in its stack where `displayErrors` is true. */
export function guard(milliseconds: number, work: () => void, displayErrors = false): 'done' | 'timeout' | 'stalled' {
  const outer = context.work;
  const before = process.threadCpuUsage();
  context.work = work;
  try {
    doWork.runInContext(context, { timeout: milliseconds, displayErrors });
    return 'done';
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000 >= milliseconds * busyShare ? 'timeout' : 'stalled';
  } finally {
    context.work = outer;
  }
}
