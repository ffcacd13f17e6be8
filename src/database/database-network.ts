import { Token } from 'cdktf';
import { InvalidInput } from '../private/invalid-input';

/** A network that exists. */
export interface DatabaseNetworkProps {
  /** Id of the VPC. */
  readonly vpcId: string;
  /**
   * Ids of private subnets in at least two availability zones. The database and the backup function run in them; the
   * function must find a way from there to the storage and to Secrets Manager: a NAT gateway, or endpoints of the VPC.
   * A public subnet gives a function no way out.
   */
  readonly subnetIds: string[];
}

/** Where a database and its backup function live. */
export class DatabaseNetwork {
  /**
   * A VPC and subnets that exist.
   *
   * @throws where there are fewer than two subnets, which RDS refuses
   */
  static of(props: DatabaseNetworkProps): DatabaseNetwork {
    if (!Token.isUnresolved(props.subnetIds) && props.subnetIds.length < 2) {
      throw InvalidInput.of(
        'A database needs subnets in at least two availability zones.',
        props.subnetIds,
        'Name two or more private subnets.',
      );
    }
    return new DatabaseNetwork(props.vpcId, props.subnetIds);
  }

  private constructor(
    /** Id of the VPC. */
    readonly vpcId: string,
    /** Ids of the private subnets. */
    readonly subnetIds: string[],
  ) {}
}
