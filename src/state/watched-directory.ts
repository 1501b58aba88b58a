import type { Holds } from '../../actors/holds.ts';
import type { StateDirectory, TaskState } from '../../actors/store.ts';

/** The open state of a task. */
export interface OpenState {
  readonly task: string;
  readonly state: TaskState;
  /** What each store holds, by its name. */
  readonly stores: ReadonlyMap<string, Holds>;
}

/** A state directory that knows which tasks have their state open, for whoever looks on. */
export interface WatchedDirectory extends StateDirectory {
  /** Tasks of a topology, by the group under which their state is kept, in the order of their names. */
  opened(topology: string): readonly OpenState[];
}

/** Watches a directory. A state that is closed is forgotten. */
export function watchDirectory(directory: StateDirectory): WatchedDirectory {
  const open = new Map<string, Map<string, OpenState>>();
  return {
    held: (topology) => directory.held(topology),
    opened: (topology) => [...(open.get(topology)?.values() ?? [])].toSorted((a, b) => (a.task < b.task ? -1 : 1)),
    open({ topology, task, stores, ...more }) {
      const state = directory.open({ topology, task, stores, ...more });
      const tasks = open.get(topology) ?? new Map<string, OpenState>();
      open.set(topology, tasks.set(task, { task, state, stores }));
      const close = state.close.bind(state);
      state.close = (): void => {
        if (tasks.get(task)?.state === state) tasks.delete(task);
        close();
      };
      return state;
    }
  };
}
