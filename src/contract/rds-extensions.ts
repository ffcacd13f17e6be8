/** Where the table comes from, for messages. */
export const RDS_EXTENSIONS_SOURCE =
  'https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-extensions.html';

/**
 * Extensions that Amazon RDS offers for PostgreSQL 13 to 18. Put together from the first part of its release notes (the
 * page above) and from public listings of the parameter `rds.extensions`; not every row of the page could be read. So
 * the table errs on the side of offering: what is listed here and yet missing is found by asking the instance before a
 * byte is loaded; what is not listed is refused before the instance is created.
 */
const EVERY_VERSION = `
  address_standardizer address_standardizer_data_us amcheck autoinc aws_commons aws_lambda aws_s3 bloom bool_plperl
  btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance flow_control fuzzystrmatch h3 h3_postgis hll
  hstore hstore_plperl hypopg insert_username intagg intarray ip4r isn jsonb_plperl lo log_fdw ltree moddatetime
  mysql_fdw oracle_fdw orafce pageinspect pg_bigm pg_buffercache pg_cron pg_freespacemap pg_hint_plan pg_partman
  pg_prewarm pg_proctab pg_repack pg_similarity pg_stat_statements pg_tle pg_transport pg_trgm pg_visibility pgaudit
  pgcollection pgcrypto pglogical pgrouting pgrowlocks pgstattuple pgtap plperl plpgsql plprofiler pltcl plv8 postgis
  postgis_raster postgis_tiger_geocoder postgis_topology postgres_fdw prefix rdkit rds_tools refint seg semver sslinfo
  tablefunc tcn tds_fdw tsm_system_rows tsm_system_time unaccent uuid-ossp vector
`;

/** Those that came or went: the first and the last version that has them. */
const SOME_VERSIONS: Readonly<Record<string, { readonly from?: number; readonly until?: number }>> = {
  old_snapshot: { from: 14, until: 16 },
  pg_logicalinspect: { from: 18 },
  pg_overexplain: { from: 18 },
  pg_stat_monitor: { from: 18 },
  pg_walinspect: { from: 15 },
  plcoffee: { until: 17 },
  plls: { until: 17 },
  plrust: { until: 17 },
  test_parser: { until: 13 },
};

const OFFERED_ALWAYS = new Set(EVERY_VERSION.trim().split(/\s+/));

/** Whether RDS offers an extension for a major version of PostgreSQL. */
export function rdsOffersExtension(name: string, major: number): boolean {
  if (OFFERED_ALWAYS.has(name)) return true;
  const range = Object.hasOwn(SOME_VERSIONS, name) ? SOME_VERSIONS[name] : undefined;
  return range !== undefined && major >= (range.from ?? 0) && major <= (range.until ?? Infinity);
}
