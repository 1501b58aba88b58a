import type { FailureCode } from '../../actors/failure.ts';

/** Exit codes as sysexits.h names them. */
export const exitCode = {
  ok: 0,
  usage: 64,
  data: 65,
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  io: 74,
  temporary: 75,
  noPermission: 77,
  config: 78
} as const;

const byFailure: Partial<Record<FailureCode, number>> = {
  config_invalid: exitCode.config,
  topic_missing: exitCode.config,
  plan_mismatch: exitCode.config,
  partitions_differ: exitCode.config,
  partitions_changed: exitCode.config,
  internal_topic: exitCode.config,
  not_authorized: exitCode.noPermission,
  authentication_failed: exitCode.noPermission,
  tls_failed: exitCode.noPermission,
  state_locked: exitCode.cannotCreate,
  state_incompatible: exitCode.config,
  state_missing: exitCode.data,
  state_corrupt: exitCode.io,
  state_disk_full: exitCode.io,
  registry_refused: exitCode.noPermission,
  schema_not_registered: exitCode.config,
  schema_refused: exitCode.config,
  registry_unavailable: exitCode.unavailable,
  broker_unavailable: exitCode.unavailable,
  unsupported_broker: exitCode.unavailable,
  group_in_use: exitCode.temporary,
  dead_letter_failed: exitCode.io,
  record_failed: exitCode.data,
  state_too_large: exitCode.data,
  checkpoint_lost: exitCode.data,
  foreign_commit: exitCode.data,
  offset_out_of_range: exitCode.data,
  export_refused: exitCode.data,
  import_refused: exitCode.data,
  import_unfinished: exitCode.data
};

/** What a process ends with because of a failure. */
export function exitCodeOf(code: FailureCode): number {
  return byFailure[code] ?? exitCode.software;
}
