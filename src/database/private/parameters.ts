/** Parameters of every parameter group: TLS only, and statements that take longer than a second are logged. */
const DEFAULT_PARAMETERS: Readonly<Record<string, string>> = {
  'rds.force_ssl': '1',
  log_min_duration_statement: '1000',
};

/**
 * Parameters that take effect at the next restart: those that PostgreSQL sets at its start
 * (https://www.postgresql.org/docs/current/view-pg-settings.html, context postmaster) and those of RDS
 * (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html). RDS refuses
 * to apply one of them at once.
 */
const STATIC_PARAMETERS = new Set([
  ...['autovacuum_freeze_max_age', 'autovacuum_max_workers', 'autovacuum_multixact_freeze_max_age'],
  ...['huge_pages', 'ignore_invalid_pages', 'jit_provider', 'max_connections', 'max_files_per_process'],
  ...['max_locks_per_transaction', 'max_logical_replication_workers', 'max_pred_locks_per_transaction'],
  ...['max_prepared_transactions', 'max_replication_slots', 'max_wal_senders', 'max_worker_processes'],
  ...['min_dynamic_shared_memory', 'old_snapshot_threshold', 'recovery_init_sync_method', 'shared_buffers'],
  ...['shared_memory_type', 'shared_preload_libraries', 'track_activity_query_size', 'track_commit_timestamp'],
  ...['unix_socket_directories', 'unix_socket_permissions', 'wal_buffers', 'wal_level', 'autovacuum_worker_slots'],
  ...['io_max_combine_limit', 'io_max_concurrency', 'io_method', 'max_notify_queue_pages', 'subtransaction_buffers'],
  ...['commit_timestamp_buffers', 'multixact_member_buffers', 'multixact_offset_buffers', 'notify_buffers'],
  ...['serializable_buffers', 'transaction_buffers', 'superuser_reserved_connections', 'reserved_connections'],
  ...['max_active_replication_origins', 'event_source', 'cluster_name', 'bonjour', 'debug_io_direct'],
  ...['rds.logical_replication', 'rds.rds_superuser_reserved_connections', 'rds.custom_dns_resolution'],
  ...['rds.enable_plan_management', 'rds.accepted_password_auth_method', 'rds.restrict_password_commands'],
  ...[
    'pg_stat_statements.max',
    'pg_stat_statements.track_utility_max',
    'cron.database_name',
    'cron.use_background_workers',
  ],
  ...['cron.max_running_jobs', 'cron.host', 'pglogical.max_workers', 'pg_bigm.max_size', 'pgaudit.max'],
]);

/** The parameters of a database, each with the moment at which RDS applies a change. */
export function parametersOf(given: { readonly [name: string]: string } = {}) {
  return Object.entries({ ...DEFAULT_PARAMETERS, ...given }).map(([name, value]) => ({
    name,
    value,
    ...(STATIC_PARAMETERS.has(name) ? { applyMethod: 'pending-reboot' } : {}),
  }));
}
