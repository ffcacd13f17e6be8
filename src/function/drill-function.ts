import { Construct } from 'constructs';
import { FunctionAssets } from './assets';
import { ProgramFunction } from './program-function';
import { IManagedDatabase } from '../database/database';
import { DatabaseNetwork } from '../database/database-network';
import { given } from '../private/given';

interface DrillFunctionProps {
  readonly database: IManagedDatabase;
  readonly functionName: string;
  readonly network?: DatabaseNetwork;
  /** Memory in MiB. */
  readonly memoryMib: number;
  /** Size of `/tmp` in MiB. */
  readonly ephemeralStorageMib: number;
}

/**
 * The function that drills the backups of a database. It has no way to that database: neither its secret, nor a rule of its
 * security group, nor the role of the backup function. What a company asks of its functions, such as a permissions boundary,
 * is that of the backup function.
 */
export class DrillFunction extends Construct {
  readonly program: ProgramFunction;

  constructor(scope: Construct, id: string, props: DrillFunctionProps) {
    super(scope, id);
    const { database, functionName, network, memoryMib, ephemeralStorageMib } = props;
    const { identifier } = database;
    const { runtime, logRetentionDays, logKmsKeyArn, permissionsBoundaryArn, onFailureDestinationArn } = given(
      database.backupFunctionOptions,
    );
    const assets = FunctionAssets.of(this, database.provider);
    this.program = new ProgramFunction(this, {
      functionName,
      title: `Drill function of database ${identifier}`,
      description: `Restores backups of database ${identifier} into a server that exists only for this`,
      prefixes: {
        role: { name: identifier, suffix: '-drill-' },
        schedulerRole: { name: identifier, suffix: '-drill-schedule-' },
        securityGroup: `drill-${identifier}-`,
      },
      network,
      code: {
        bundlePath: assets.bundlePath,
        bundleHash: assets.bundleHash,
        layers: [assets.clientLayerArn, assets.serverLayerArn],
      },
      memoryMib,
      ephemeralStorageMib,
      runtime,
      logRetentionDays,
      logKmsKeyArn,
      permissionsBoundaryArn,
      onFailureDestinationArn,
    });
  }
}
