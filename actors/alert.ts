/** The states of an alert. */
export const alertStates = ['quiet', 'pending', 'firing'] as const;

/** Where an alert is in its life: its condition does not hold; holds, but not for as long as it has to; holds. */
export type AlertState = (typeof alertStates)[number];

/** An alert that fires, or does no more (`resolved`), as it is told. */
export interface AlertChange {
  readonly topology: string;
  readonly alert: string;
  readonly status: 'firing' | 'resolved';
  /** The condition, as the file has it. */
  readonly when: string;
  /** Since when the condition held, in milliseconds since 1970. */
  readonly since: number;
  /** When it was found to fire, or to have resolved. */
  readonly at: number;
  /** The variables that the condition reads, as they were then. */
  readonly values: Readonly<Record<string, number>>;
}

/** An alert as it is now. */
export interface AlertStatus {
  readonly topology: string;
  readonly alert: string;
  readonly state: AlertState;
  /** Since when; null while it is quiet. */
  readonly since: number | null;
}

/** An alert as it was at the last look, with what it was judged by. */
export interface AlertView extends AlertStatus {
  readonly when: string;
  /** Milliseconds for which the condition has to hold. */
  readonly for: number;
  /** The variables that the condition reads; empty before the first look. */
  readonly values: Readonly<Record<string, number>>;
  /** True where the condition could not be evaluated. */
  readonly broken: boolean;
}
