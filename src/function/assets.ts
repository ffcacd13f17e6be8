import * as crypto from 'crypto';
import * as fs from 'fs';
import { LambdaLayerVersion } from '@cdktf/provider-aws/lib/lambda-layer-version';
import { AssetType, TerraformAsset, TerraformProvider, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { assetFile } from '../private/asset-file';

/**
 * What the functions of one stack and one provider share: the program's bundle, the layer with PostgreSQL's clients, and
 * for drills the layer with PostgreSQL's server. They are made when the package is built, so that their bytes are the same on every machine.
 */
export class FunctionAssets extends Construct {
  /** Those of the stack, created on first need; a provider with an alias, another region or account, has its own. */
  static of(scope: Construct, provider: TerraformProvider | undefined): FunctionAssets {
    const stack = TerraformStack.of(scope);
    const id = provider?.alias === undefined ? 'BackupFunctionAssets' : `BackupFunctionAssets-${provider.alias}`;
    return (stack.node.tryFindChild(id) as FunctionAssets | undefined) ?? new FunctionAssets(stack, id, provider);
  }

  /** Path of the bundle as Terraform sees it. */
  readonly bundlePath: string;
  /** SHA-256 of the bundle in base64, as Lambda shows it. */
  readonly bundleHash: string;
  readonly clientLayerArn: string;

  private serverLayer?: LambdaLayerVersion;

  private constructor(
    scope: Construct,
    id: string,
    private readonly provider: TerraformProvider | undefined,
  ) {
    super(scope, id);
    this.bundlePath = this.asset('Bundle', 'function.zip');
    this.bundleHash = digest('function.zip');
    this.clientLayerArn = this.layer('ClientLayer', {
      layerName: 'managed-database-postgresql-clients',
      description: "PostgreSQL's pg_dump and pg_restore for x86_64",
      file: 'client-layer-x86_64.zip',
    }).arn;
  }

  /** The layer with PostgreSQL's server, created on first need: drills alone start one. */
  get serverLayerArn(): string {
    this.serverLayer ??= this.layer('ServerLayer', {
      layerName: 'managed-database-postgresql-server',
      description: "PostgreSQL's server for x86_64, for restore drills",
      file: 'server-layer-x86_64.zip',
    });
    return this.serverLayer.arn;
  }

  private layer(id: string, what: { layerName: string; description: string; file: string }): LambdaLayerVersion {
    const { layerName, description, file } = what;
    return new LambdaLayerVersion(this, id, {
      layerName,
      description,
      filename: this.asset(`${id}Archive`, file),
      sourceCodeHash: digest(file),
      compatibleArchitectures: ['x86_64'],
      provider: this.provider,
    });
  }

  private asset(id: string, file: string): string {
    return new TerraformAsset(this, id, { path: assetFile(file), type: AssetType.FILE }).path;
  }
}

const digests = new Map<string, string>();

function digest(name: string): string {
  const known = digests.get(name);
  if (known !== undefined) {
    return known;
  }
  const computed = crypto
    .createHash('sha256')
    .update(fs.readFileSync(assetFile(name)))
    .digest('base64');
  digests.set(name, computed);
  return computed;
}
