import { Token } from 'cdktf';
import { Construct } from 'constructs';
import { isReservedDatabaseName, isReservedUserName } from './reserved-words';
import { endedStandardSupport } from './standard-support';
import { backupFunctionProblems, LOG_RETENTION_DAYS } from './validate-backup-function';
import { dailyWindow, overlap, weeklyWindow } from './window';
import { claim } from '../../private/claims';
import { Problem } from '../../private/invalid-input';
import { knownRegion, providerKey } from '../../private/region';
import { hasRootCertificates } from '../../private/root-certificates';
import {
  certificates,
  checkedValue,
  kmsKeyArn,
  knownAtSynth,
  matching,
  oneOf,
  required,
  resourceId,
  tagProblem,
  wholeNumber,
} from '../../private/rules';
import { IManagedDatabase } from '../database';
import { EngineLifecycleSupport } from '../engine-lifecycle-support';
import { DatabaseInsights, ManagedDatabaseProps } from '../managed-database-props';

type Problems = (Problem | undefined)[];

/** Storage in GiB from which on RDS stripes gp3 volumes, with other bounds (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage). */
export const STRIPED_FROM_GIB = 400;

const CHOOSE = 'Choose such a value, or leave it out.';

/** What databases of every origin have in common. */
type Common = Pick<
  IManagedDatabase,
  'identifier' | 'engine' | 'plan' | 'network' | 'caCertificate' | 'backupFunctionOptions' | 'provider' | 'tags'
>;

/** What is wrong with what databases of every origin have in common. */
export function commonProblems(common: Partial<Common>, scope: Construct): Problems {
  return [
    ...identifierProblems(common.identifier),
    ...checkedValue('engine', common.engine, 'DatabaseEngine.postgres'),
    ...checkedValue('plan', common.plan, 'DatabasePlan.of, or take a ready-made one such as DatabasePlan.SMALL'),
    ...checkedValue('network', common.network, 'DatabaseNetwork.of or DatabaseNetwork.create'),
    certificates('caCertificate of a database', common.caCertificate),
    trustProblem(common, scope),
    ...backupFunctionProblems(common.backupFunctionOptions ?? {}),
    tagProblem(common.tags),
  ];
}

/** What is wrong with the props of a database that is created. */
export function databaseProblems(props: ManagedDatabaseProps, now: Date): Problems {
  const remedy = CHOOSE;
  return [
    ...nameProblems(props),
    wholeNumber('port', props.port, { minimum: 1150, maximum: 65_535 }, 'Leave it out for 5432.'),
    wholeNumber(
      'automatedBackupDays',
      props.automatedBackupDays,
      { minimum: 0, maximum: 35, unit: 'days' },
      'Leave it out for 7.',
    ),
    ...windowProblems(props),
    ...supportProblems(props, now),
    ...groupProblems(props),
    ...storageProblems(props),
    kmsKeyArn('storageKmsKeyArn', props.storageKmsKeyArn),
    kmsKeyArn('masterSecretKmsKeyArn', props.masterSecretKmsKeyArn),
    kmsKeyArn('logKmsKeyArn', props.logKmsKeyArn),
    oneOf('logRetentionDays', props.logRetentionDays, LOG_RETENTION_DAYS, remedy),
    props.logKmsKeyArn !== undefined && props.logRetentionDays === undefined
      ? { rule: 'logKmsKeyArn belongs to logRetentionDays.', value: props.logKmsKeyArn, remedy: 'Give both or none.' }
      : undefined,
    oneOf('databaseInsights', props.databaseInsights, Object.values(DatabaseInsights), remedy),
    oneOf('enhancedMonitoringSeconds', props.enhancedMonitoringSeconds, [1, 5, 10, 15, 30, 60], remedy),
    oneOf('caIdentifier', props.caIdentifier, ['rds-ca-rsa2048-g1', 'rds-ca-rsa4096-g1', 'rds-ca-ecc384-g1'], remedy),
  ];
}

/**
 * Takes the identifier for the database.
 *
 * @throws where another database of the stack has it: RDS and Lambda would refuse the second one
 */
export function claimIdentifier(database: IManagedDatabase): void {
  claim(database, ['identifier', ...providerKey(database, database.provider), database.identifier], {
    rule: (other) => `Two databases of one stack have identifiers of their own; ${other} has this one already.`,
    value: database.identifier,
    remedy: 'Give one of them another identifier, or declare the database once.',
  });
}

function identifierProblems(identifier: string | undefined): Problems {
  const remedy = 'Choose such a name.';
  return [
    required('identifier', identifier, 'It names the folder of the backups, so it is never generated.'),
    knownAtSynth('identifier', identifier, 'Write it out: it names the folder of the backups.'),
    matching(
      'identifier has 1 to 63 lower-case letters, digits and single hyphens, begins with a letter and does not end with a hyphen.',
      identifier,
      /^(?=.{1,63}$)[a-z](?:-?[a-z0-9])*$/,
      remedy,
    ),
  ];
}

function trustProblem({ caCertificate, provider }: Partial<Common>, scope: Construct): Problem | undefined {
  const region = knownRegion(scope, provider);
  return caCertificate === undefined && region !== undefined && !hasRootCertificates(region)
    ? {
        rule: 'The backup function lacks the root certificate of RDS for this region, so no backup could connect to the database.',
        value: region,
        remedy: `Pass the content of https://truststore.pki.rds.amazonaws.com/${region}/${region}-bundle.pem (or its counterpart of the partition) as caCertificate.`,
      }
    : undefined;
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html */
function nameProblems({ databaseName, masterUsername }: ManagedDatabaseProps): Problems {
  const isKnown = (name: string | undefined): name is string =>
    typeof name === 'string' && name !== '' && !Token.isUnresolved(name);
  return [
    matching(
      'databaseName has 1 to 63 letters, digits and underscores and begins with a letter.',
      databaseName,
      /^[A-Za-z][A-Za-z0-9_]{0,62}$/,
      CHOOSE,
    ),
    isKnown(databaseName) && isReservedDatabaseName(databaseName)
      ? {
          rule: 'databaseName is no key word of PostgreSQL and no database that every instance has.',
          value: databaseName,
          remedy: 'Choose another name.',
        }
      : undefined,
    matching(
      'masterUsername has 1 to 16 letters, digits and underscores and begins with a letter.',
      masterUsername,
      /^[A-Za-z][A-Za-z0-9_]{0,15}$/,
      'Choose such a name, or leave it out for "postgres".',
    ),
    isKnown(masterUsername) && isReservedUserName(masterUsername)
      ? {
          rule: 'masterUsername is no key word of PostgreSQL, not "admin", and does not begin with "rds" or "pg_": RDS and PostgreSQL reserve these names.',
          value: masterUsername,
          remedy: 'Choose another name, or leave it out for "postgres".',
        }
      : undefined,
  ];
}

function windowProblems({
  automatedBackupWindow,
  maintenanceWindow,
  automatedBackupDays,
}: ManagedDatabaseProps): Problems {
  const read = <T>(text: string | undefined, reader: (text: string) => T | undefined) =>
    typeof text === 'string' && !Token.isUnresolved(text) ? reader(text) : undefined;
  const daily = read(automatedBackupWindow, dailyWindow);
  const weekly = read(maintenanceWindow, weeklyWindow);
  const given = (text: unknown) => text !== undefined && !Token.isUnresolved(text);
  return [
    given(automatedBackupWindow) && !(daily && daily.length >= 30)
      ? {
          rule: 'automatedBackupWindow is a time of day of at least 30 minutes.',
          value: automatedBackupWindow,
          remedy: 'Write it as 02:00-02:30, in UTC.',
        }
      : undefined,
    given(automatedBackupWindow) && automatedBackupDays === 0
      ? {
          rule: 'automatedBackupWindow needs automated backups, which automatedBackupDays turns off.',
          value: automatedBackupWindow,
          remedy: 'Leave one of them out.',
        }
      : undefined,
    given(maintenanceWindow) && !(weekly && weekly.length >= 30 && weekly.length < 24 * 60)
      ? {
          rule: 'maintenanceWindow is a time of the week of at least 30 minutes and less than a day.',
          value: maintenanceWindow,
          remedy: 'Write it as sun:05:00-sun:06:00, in UTC.',
        }
      : undefined,
    daily && weekly && overlap(weekly, daily)
      ? {
          rule: 'maintenanceWindow and automatedBackupWindow have no minute in common.',
          value: [maintenanceWindow, automatedBackupWindow],
          remedy: 'Move one of them.',
        }
      : undefined,
  ];
}

function supportProblems({ engine, engineLifecycleSupport }: ManagedDatabaseProps, now: Date): Problems {
  const ended = engine ? endedStandardSupport(engine.majorVersion, now) : undefined;
  return [
    oneOf('engineLifecycleSupport', engineLifecycleSupport, Object.values(EngineLifecycleSupport), CHOOSE),
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support-creating-db-instance.html
    ended !== undefined && engineLifecycleSupport === EngineLifecycleSupport.STANDARD
      ? {
          rule: `RDS creates no instance without Extended Support of a major version whose standard support has ended, on ${ended}.`,
          value: engine.version,
          remedy: 'Choose a newer major version, or leave engineLifecycleSupport out.',
        }
      : undefined,
  ];
}

function groupProblems(props: ManagedDatabaseProps): Problems {
  const groupName = /^[A-Za-z](?:-?[A-Za-z0-9.])*$/;
  const parameters = props.parameters ?? {};
  const unnamed = Object.entries(parameters).find(
    ([name, value]) => !/^[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*$/i.test(name) || typeof value !== 'string',
  );
  return [
    resourceId('existingSecurityGroupId', 'sg', props.existingSecurityGroupId),
    matching(
      'subnetGroupName is the name of a subnet group.',
      props.subnetGroupName,
      /^[A-Za-z0-9 ._-]{1,255}$/,
      CHOOSE,
    ),
    matching('parameterGroupName is the name of a parameter group.', props.parameterGroupName, groupName, CHOOSE),
    props.parameterGroupName !== undefined && props.parameters !== undefined
      ? {
          rule: 'parameters cannot be combined with parameterGroupName.',
          value: props.parameterGroupName,
          remedy: 'Set the parameters in the group that exists, or leave parameterGroupName out.',
        }
      : undefined,
    unnamed
      ? {
          rule: 'parameters has names of PostgreSQL parameters and texts as values.',
          value: Object.fromEntries([unnamed]),
          remedy: 'Write it as { log_min_duration_statement: "500" }.',
        }
      : undefined,
  ];
}

/**
 * Bounds of gp3 storage and its ratios (0.25 MiB/s for each operation, 500 operations for each GiB):
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage; autoscaling:
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
 */
function storageProblems(props: ManagedDatabaseProps): Problems {
  const { plan, maximumStorageGib: maximum, storageIops: iops, storageThroughputMib: throughput } = props;
  const storage = plan?.storageGib;
  const isRate = iops !== undefined || throughput !== undefined;
  const known = (value: number | undefined): value is number => value !== undefined && !Token.isUnresolved(value);
  return [
    wholeNumber('maximumStorageGib', maximum, { minimum: 22, maximum: 65_536, unit: 'GiB' }, CHOOSE),
    known(maximum) && maximum < storage * 1.1
      ? {
          rule: `maximumStorageGib is at least 10 % above the plan's storage of ${storage} GiB.`,
          value: maximum,
          remedy: `Choose ${Math.ceil(storage * 1.1)} or more, or leave it out.`,
        }
      : undefined,
    isRate && storage < STRIPED_FROM_GIB
      ? {
          rule: `storageIops and storageThroughputMib need a plan with ${STRIPED_FROM_GIB} GiB of storage or more.`,
          value: storage,
          remedy: 'Leave them out, or choose a larger plan.',
        }
      : undefined,
    wholeNumber('storageIops', iops, { minimum: 12_000, maximum: 64_000 }, CHOOSE),
    known(iops) && iops > storage * 500
      ? { rule: 'storageIops is at most 500 for each GiB of storage.', value: iops, remedy: CHOOSE }
      : undefined,
    wholeNumber('storageThroughputMib', throughput, { minimum: 500, maximum: 4000, unit: 'MiB/s' }, CHOOSE),
    known(throughput) && throughput > (iops ?? 12_000) / 4
      ? {
          rule: 'storageThroughputMib is at most a quarter of storageIops.',
          value: throughput,
          remedy: `Set storageIops to ${throughput * 4} or more.`,
        }
      : undefined,
  ];
}
