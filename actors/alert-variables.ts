/** A variable of an alert's condition: a number, never absent. */
export interface AlertVariable {
  readonly name: string;
  readonly description: string;
}

/** Seconds over which rates are means. */
export const rateWindow = 30;

/** What the condition of an alert may read: what this daemon knows of the topology. */
export const alertVariables = [
  { name: 'up', description: '0 while the topology starts, waits for its broker, or has failed; 1 while it runs, and where it was stopped or has ended.' },
  { name: 'tasks_assigned', description: 'Tasks that this daemon has.' },
  { name: 'tasks_running', description: 'Those of them that run.' },
  { name: 'lag_records', description: 'Readable records that are not committed yet, over all partitions.' },
  { name: 'lag_seconds', description: 'Age of the oldest of them, of the partition that is furthest behind; 0 where there is none.' },
  { name: 'input_rate', description: 'Records a second that come into the topics it reads, its own repartition topics among them.' },
  { name: 'processing_rate', description: 'Records a second that are read from them and committed.' },
  { name: 'output_rate', description: 'Records a second that sinks write.' },
  { name: 'dead_letter_rate', description: 'Records a second that become dead letters.' },
  { name: 'skipped_rate', description: 'Records a second that failed and were skipped.' },
  { name: 'late_rate', description: 'Records a second that come too late for their window or join.' },
  { name: 'watermark_delay_seconds', description: 'How far the watermark is behind the clock, of the task where it is furthest; 0 where no task goes by event time, or all are idle.' },
  { name: 'checkpoint_age_seconds', description: 'Seconds since the last checkpoint, or since the start, while there is something to read; else 0.' },
  { name: 'checkpoint_seconds', description: 'How long the last checkpoint took.' },
  { name: 'e2e_latency_seconds', description: "Mean time from a record's timestamp to the commit of what became of it; 0 where nothing was written." },
  { name: 'queue_records', description: 'Records between the nodes.' },
  { name: 'state_entries', description: 'Entries in all stores.' },
  { name: 'state_bytes', description: 'Their bytes on disk.' },
  { name: 'restore_remaining_records', description: 'Changelog offsets still to be read by tasks whose state is restored.' },
  { name: 'table_age_seconds', description: 'Seconds since the source of a replicated table was last seen to be as the table is, of the oldest.' }
] as const satisfies readonly AlertVariable[];

/** The values of all variables. */
export type AlertValues = Readonly<Record<(typeof alertVariables)[number]['name'], number>>;
