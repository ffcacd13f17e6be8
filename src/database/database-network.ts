import { DataAwsAvailabilityZones } from '@cdktf/provider-aws/lib/data-aws-availability-zones';
import { DataAwsVpcEndpointService } from '@cdktf/provider-aws/lib/data-aws-vpc-endpoint-service';
import { Eip } from '@cdktf/provider-aws/lib/eip';
import { InternetGateway } from '@cdktf/provider-aws/lib/internet-gateway';
import { NatGateway } from '@cdktf/provider-aws/lib/nat-gateway';
import { Route } from '@cdktf/provider-aws/lib/route';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { Subnet } from '@cdktf/provider-aws/lib/subnet';
import { Vpc } from '@cdktf/provider-aws/lib/vpc';
import { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { Fn, ITerraformDependable, TerraformProvider, Token } from 'cdktf';
import { Construct } from 'constructs';
import { dependOn } from '../private/depend-on';
import { given } from '../private/given';
import { InvalidInput, Problem } from '../private/invalid-input';
import { shareProviderAndTags } from '../private/provider-and-tags';
import {
  accepted,
  distinct,
  each,
  knownAtSynth,
  matching,
  oneOf,
  required,
  resourceId,
  tagProblem,
} from '../private/rules';

/** A network that exists. */
export interface DatabaseNetworkProps {
  /** Id of the VPC, such as `vpc-0123456789abcdef0`. */
  readonly vpcId: string;
  /**
   * Ids of private subnets in at least two availability zones, each once. The database and the backup function run in
   * them; the function needs a route from there to the storage and to Secrets Manager: a NAT gateway, or endpoints of
   * the VPC. A public subnet gives a function no route to the internet. The function may send to every address on port
   * 443: the addresses beyond a NAT gateway are not known in advance.
   */
  readonly subnetIds: string[];
}

/** A network that is created. */
export interface NewDatabaseNetworkProps {
  /**
   * IPv4 addresses of the VPC, a block of /16 to /24.
   *
   * @default - `10.0.0.0/16`
   */
  readonly cidrBlock?: string;
  /**
   * Names of two or three availability zones, such as `eu-central-1a`.
   *
   * @default - the first two of the region
   */
  readonly availabilityZones?: string[];
  /**
   * Whether a NAT gateway, in a public subnet of its own, gives the backup function a route to the internet: needed for
   * every storage but Amazon S3 in the same region. With its address it costs about 37 USD a month, and 0.045 USD for
   * each GB of backups, in us-east-1 (https://aws.amazon.com/vpc/pricing/).
   *
   * @default - false
   */
  readonly natGateway?: boolean;
  /**
   * Provider of the resources.
   *
   * @default - the AWS provider of the stack
   */
  readonly provider?: TerraformProvider;
  /**
   * Tags of every resource, at most 40.
   *
   * @default - none
   */
  readonly tags?: { [name: string]: string };
}

/** Where the backup function may send to on port 443. */
interface EgressTarget {
  readonly cidrIpv4?: string;
  readonly prefixListId?: string;
  readonly referencedSecurityGroupId?: string;
}

/** The network of a database and its backup function. */
export class DatabaseNetwork {
  /**
   * A VPC and subnets that exist. Wrong ids, fewer than two subnets and a subnet that is there twice are refused by the
   * construct that takes the network.
   */
  static of(props: DatabaseNetworkProps): DatabaseNetwork {
    const { vpcId, subnetIds } = given(props);
    // The addresses of storage and AWS endpoints beyond a NAT gateway are not known in advance.
    return new DatabaseNetwork(vpcId, subnetIds, networkProblems(vpcId, subnetIds), [{ cidrIpv4: '0.0.0.0/0' }]);
  }

  /**
   * Creates a VPC with private subnets, a gateway endpoint of Amazon S3 (free), an interface endpoint of Secrets Manager
   * (about 15 USD a month in two availability zones of us-east-1) and, if wanted, a NAT gateway. Without a NAT gateway
   * the backup function reaches these two endpoints and the database, and nothing else.
   *
   * @throws where a value is wrong
   */
  static create(scope: Construct, id: string, props: NewDatabaseNetworkProps = {}): DatabaseNetwork {
    const network = new CreatedNetwork(scope, id, given(props));
    return new DatabaseNetwork(
      network.vpcId,
      network.subnetIds,
      [],
      props?.natGateway ? [{ cidrIpv4: '0.0.0.0/0' }] : network.endpoints,
      network.routes,
      !props?.natGateway,
    );
  }

  private constructor(
    /** Id of the VPC. */
    readonly vpcId: string,
    /** Ids of the private subnets. */
    readonly subnetIds: string[],
    /** @internal */
    readonly _problems: readonly Problem[],
    /** @internal */
    readonly _httpsTargets: readonly EgressTarget[],
    /**
     * The routes and endpoints of a network that is created: the backup function depends on them, so that they are there
     * before it first runs and until it is deleted.
     *
     * @internal
     */
    readonly _routes: readonly ITerraformDependable[] = [],
    /**
     * Whether it is known that there is no route to the internet.
     *
     * @internal
     */
    readonly _isolated: boolean = false,
  ) {}
}

function networkProblems(vpcId: string, subnetIds: string[]): Problem[] {
  const remedy = 'Name two or more private subnets.';
  const problems = [
    required('vpcId of a network', vpcId, 'Name the VPC of the subnets.'),
    resourceId('vpcId of a network', 'vpc', vpcId),
    required('subnetIds of a network', subnetIds, remedy),
    each('subnetIds of a network', subnetIds, (subnet) => resourceId('Each of subnetIds', 'subnet', subnet)),
    !Array.isArray(subnetIds) || Token.isUnresolved(subnetIds) || subnetIds.length >= 2
      ? undefined
      : { rule: 'A database needs subnets in at least two availability zones.', value: subnetIds, remedy },
    distinct('subnetIds of a network', subnetIds),
  ];
  return problems.filter((problem) => problem !== undefined);
}

/** The resources of a new network. */
class CreatedNetwork extends Construct {
  readonly vpcId: string;
  readonly subnetIds: string[];
  /** The endpoints that the backup function may send to. */
  readonly endpoints: readonly EgressTarget[];
  /** What the backup function needs to reach its storage and Secrets Manager. */
  readonly routes: ITerraformDependable[] = [];

  constructor(scope: Construct, id: string, props: NewDatabaseNetworkProps) {
    super(scope, id);
    validateNewNetwork(props, this);
    shareProviderAndTags(this, props);
    const cidrBlock = props.cidrBlock ?? '10.0.0.0/16';
    const zones = props.availabilityZones ?? firstTwo(this);
    const vpc = new Vpc(this, 'Resource', { cidrBlock, enableDnsSupport: true, enableDnsHostnames: true });
    const routeTable = new RouteTable(this, 'PrivateRoutes', { vpcId: vpc.id });
    const subnets = zones.map((availabilityZone, index) => {
      const subnet = new Subnet(this, `PrivateSubnet${index + 1}`, {
        vpcId: vpc.id,
        availabilityZone,
        cidrBlock: Fn.cidrsubnet(cidrBlock, 3, index),
      });
      this.routes.push(
        new RouteTableAssociation(this, `PrivateRoutes${index + 1}`, {
          subnetId: subnet.id,
          routeTableId: routeTable.id,
        }),
      );
      return subnet;
    });
    if (props.natGateway) {
      this.routeToInternet(vpc, routeTable, zones[0], Fn.cidrsubnet(cidrBlock, 3, 7));
    }

    const storage = new VpcEndpoint(this, 'StorageEndpoint', {
      vpcId: vpc.id,
      serviceName: new DataAwsVpcEndpointService(this, 'StorageService', { service: 's3', serviceType: 'Gateway' })
        .serviceName,
      vpcEndpointType: 'Gateway',
      routeTableIds: [routeTable.id],
    });
    const securityGroup = new SecurityGroup(this, 'EndpointSecurityGroup', {
      namePrefix: 'secrets-endpoint-',
      description: 'Secrets Manager endpoint of the database network',
      vpcId: vpc.id,
    });
    const ingress = new VpcSecurityGroupIngressRule(this, 'EndpointIngress', {
      securityGroupId: securityGroup.id,
      cidrIpv4: cidrBlock,
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
    });
    const secrets = new VpcEndpoint(this, 'SecretsEndpoint', {
      vpcId: vpc.id,
      serviceName: new DataAwsVpcEndpointService(this, 'SecretsService', {
        service: 'secretsmanager',
        serviceType: 'Interface',
      }).serviceName,
      vpcEndpointType: 'Interface',
      privateDnsEnabled: true,
      subnetIds: subnets.map((subnet) => subnet.id),
      securityGroupIds: [securityGroup.id],
    });
    this.routes.push(storage, secrets, ingress);
    this.vpcId = vpc.id;
    this.subnetIds = subnets.map((subnet) => subnet.id);
    this.endpoints = [{ prefixListId: storage.prefixListId }, { referencedSecurityGroupId: securityGroup.id }];
  }

  private routeToInternet(vpc: Vpc, privateRoutes: RouteTable, availabilityZone: string, cidrBlock: string): void {
    const internet = new InternetGateway(this, 'InternetGateway', { vpcId: vpc.id });
    const subnet = new Subnet(this, 'PublicSubnet', { vpcId: vpc.id, availabilityZone, cidrBlock });
    const routeTable = new RouteTable(this, 'PublicRoutes', { vpcId: vpc.id });
    const publicRoute = new Route(this, 'PublicRoute', {
      routeTableId: routeTable.id,
      destinationCidrBlock: '0.0.0.0/0',
      gatewayId: internet.id,
    });
    const association = { subnetId: subnet.id, routeTableId: routeTable.id };
    const publicRoutes = new RouteTableAssociation(this, 'PublicRoutesOfSubnet', association);
    const address = new Eip(this, 'NatAddress', { domain: 'vpc' });
    const nat = new NatGateway(this, 'NatGateway', { subnetId: subnet.id, allocationId: address.id });
    dependOn(nat, internet);
    const privateRoute = new Route(this, 'PrivateRoute', {
      routeTableId: privateRoutes.id,
      destinationCidrBlock: '0.0.0.0/0',
      natGatewayId: nat.id,
    });
    this.routes.push(publicRoutes, publicRoute, privateRoute);
  }
}

function firstTwo(scope: Construct): string[] {
  const zones = new DataAwsAvailabilityZones(scope, 'Zones', { state: 'available' });
  return [0, 1].map((index) => Token.asString(Fn.element(zones.names, index)));
}

const CIDR_BLOCK = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|(?=\/))){4}\/(?:1[6-9]|2[0-4])$/;

/** `10.0.0.1/16` begins behind its first address, `10.0.0.0`: the provider refuses it. */
function cidrBlockError(block: string): string | undefined {
  if (!CIDR_BLOCK.test(block)) return 'is an IPv4 block of /16 to /24, in four numbers from 0 to 255';
  const [address, prefix] = block.split('/');
  const number = address.split('.').reduce((sum, byte) => 256 * sum + Number(byte), 0);
  return number % 2 ** (32 - Number(prefix)) === 0 ? undefined : 'begins at the first address of its block';
}

function validateNewNetwork(props: NewDatabaseNetworkProps, scope: Construct): void {
  const zones = props.availabilityZones;
  InvalidInput.check(scope, [
    accepted('cidrBlock', props.cidrBlock, cidrBlockError, 'Write it as 10.0.0.0/16.'),
    each('availabilityZones', zones, (zone) =>
      matching(
        'Each of availabilityZones is the name of an availability zone.',
        zone,
        /^[a-z]{2}(?:-[a-z]+){1,2}-\d[a-z]$/,
        'Write it as eu-central-1a.',
      ),
    ),
    distinct('availabilityZones', zones),
    knownAtSynth('availabilityZones', zones) ??
      oneOf('The number of availabilityZones', zones?.length, [2, 3], 'Name two or three.'),
    tagProblem(props.tags),
  ]);
}
