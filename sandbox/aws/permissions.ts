import { createHash } from 'node:crypto';
import { AwsRequest, AwsResponse, queryOf, refusalIn, segmentsOf, serviceOf } from './message';
import { isAllowed, PolicyDocument } from './role-permissions';
import { Upstream } from './upstream';

/** The permission that a request needs, in IAM's words. */
interface RequiredPermission {
  readonly action: string;
  readonly resource: string;
}

interface RoleSession {
  readonly roleName: string;
  /** The caller's ARN. */
  readonly arn: string;
}

/**
 * What IAM is to a function: credentials of its role, and a check of every request that is signed with them. Other
 * keys are those of the account's administrator, who may do everything.
 *
 * Beyond what backup programs ask for, reading secrets and putting, getting and deleting objects, a role is denied
 * everything. Of a role's policies, the inline ones count.
 */
export class RolePermissions {
  private readonly sessions = new Map<string, RoleSession>();

  constructor(private readonly upstream: Upstream) {}

  /** The variables in which Lambda gives a function the credentials of its role, the same for the same function. */
  environmentOf(roleArn: string, functionName: string): Record<string, string> {
    const roleName = roleArn.split('/').at(-1)!;
    const arn = `arn:aws:sts::${roleArn.split(':')[4]}:assumed-role/${roleName}/${functionName}`;
    const accessKeyId = `ASIA${digest(arn).slice(0, 16).toUpperCase()}`;
    this.sessions.set(accessKeyId, { roleName, arn });
    return {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: digest(`secret of ${arn}`).slice(0, 40),
      AWS_SESSION_TOKEN: digest(`session of ${arn}`),
    };
  }

  /** The service's answer where the role allows the request, else AWS's refusal. */
  async answer(request: AwsRequest, answer: () => Promise<AwsResponse>): Promise<AwsResponse> {
    const session = this.sessions.get(accessKeyOf(request) ?? '');
    if (session === undefined) return answer();
    const required = await this.requiredPermission(request, session.arn.split(':')[4]);
    if (required === undefined) return refusal(request, session, { action: operationOf(request), resource: '*' });
    const policies = await this.policiesOf(session.roleName);
    if (!isAllowed(policies, required.action, required.resource)) return refusal(request, session, required);

    const answered = await answer();
    // Without the permission to list a bucket, a missing object is answered as denied.
    const list = { action: 's3:ListBucket', resource: required.resource.split('/')[0] };
    return required.action === 's3:GetObject' &&
      /<Code>NoSuchKey</.test(answered.body.toString('latin1', 0, 1024)) &&
      !isAllowed(policies, list.action, list.resource)
      ? refusal(request, session, list)
      : answered;
  }

  /** Whether a role may do something. */
  async roleAllows(roleArn: string, action: string, resource: string): Promise<boolean> {
    return isAllowed(await this.policiesOf(roleArn.split('/').at(-1)!), action, resource);
  }

  /** Whether a service may assume a role. Conditions of its trust policy are taken as met. */
  async roleTrusts(roleArn: string, principal: string): Promise<boolean> {
    const xml = await this.iam({ Action: 'GetRole', RoleName: roleArn.split('/').at(-1)! }).catch(() => '');
    const [document] = elementsOf(xml, 'AssumeRolePolicyDocument');
    const { Statement = [] } = document ? JSON.parse(decodeURIComponent(document)) : {};
    return [Statement]
      .flat()
      .some(({ Effect, Principal }) => Effect === 'Allow' && [Principal?.Service ?? []].flat().includes(principal));
  }

  private async requiredPermission(request: AwsRequest, account: string): Promise<RequiredPermission | undefined> {
    switch (serviceOf(request.headers)) {
      case 'secretsmanager':
        return request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue'
          ? { action: 'secretsmanager:GetSecretValue', resource: await this.secretArn(request) }
          : undefined;
      case 'events':
        return request.headers['x-amz-target'] === 'AWSEvents.PutEvents' ? putEvents(request, account) : undefined;
      case 's3':
        return objectOperation(request);
      default:
        return undefined;
    }
  }

  /** Policies speak of ARNs, requests may speak of names. */
  private async secretArn(request: AwsRequest): Promise<string> {
    const { SecretId } = JSON.parse(request.body.toString());
    const described = this.upstream.call('secretsmanager', 'POST', '/', {
      target: 'secretsmanager.DescribeSecret',
      body: { SecretId },
    });
    return described.then(
      (body) => JSON.parse(body.toString()).ARN,
      () => SecretId,
    );
  }

  private async policiesOf(roleName: string): Promise<PolicyDocument[]> {
    const names = elementsOf(await this.iam({ Action: 'ListRolePolicies', RoleName: roleName }), 'member');
    return Promise.all(
      names.map(async (name) => {
        const xml = await this.iam({ Action: 'GetRolePolicy', RoleName: roleName, PolicyName: name });
        return JSON.parse(decodeURIComponent(elementsOf(xml, 'PolicyDocument')[0]));
      }),
    );
  }

  private async iam(parameters: Record<string, string>): Promise<string> {
    const query = new URLSearchParams({ ...parameters, Version: '2010-05-08' });
    return (await this.upstream.call('iam', 'GET', `/?${query}`)).toString();
  }
}

/** By default events go to the default bus. Nothing for several buses at once, nor for a bus by its ARN. */
function putEvents(request: AwsRequest, account: string): RequiredPermission | undefined {
  const { Entries } = JSON.parse(request.body.toString());
  const buses = new Set<string>(Entries.map(({ EventBusName = 'default' }) => EventBusName));
  const [bus] = buses;
  const [, region] = /Credential=[^/]*\/\d{8}\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
  return buses.size !== 1 || bus.startsWith('arn:')
    ? undefined
    : { action: 'events:PutEvents', resource: `arn:aws:events:${region}:${account}:event-bus/${bus}` };
}

const OBJECT_ACTIONS: Record<string, string> = {
  PUT: 's3:PutObject',
  GET: 's3:GetObject',
  HEAD: 's3:GetObject',
  DELETE: 's3:DeleteObject',
};

/** Parameters of the query that the SDK adds to plain operations on objects; any other one asks for something else. */
const PLAIN_PARAMETERS = ['x-id'];

function objectOperation(request: AwsRequest): RequiredPermission | undefined {
  const [bucket, ...key] = segmentsOf(request);
  const action = OBJECT_ACTIONS[request.method];
  const plain = [...queryOf(request).keys()].every((name) => PLAIN_PARAMETERS.includes(name));
  return action === undefined || key.length === 0 || !plain || request.headers['x-amz-copy-source'] !== undefined
    ? undefined
    : { action, resource: `arn:aws:s3:::${bucket}/${key.join('/')}` };
}

function refusal(request: AwsRequest, { arn }: RoleSession, { action, resource }: RequiredPermission): AwsResponse {
  const object = action.startsWith('s3:') ? `"${resource}"` : resource;
  const message = `User: ${arn} is not authorized to perform: ${action} on resource: ${object} because no identity-based policy allows the ${action} action`;
  return request.headers['x-amz-target'] === undefined
    ? refusalIn(serviceOf(request.headers), request, 403, 'AccessDenied', message)
    : refusalIn(serviceOf(request.headers), request, 400, 'AccessDeniedException', message);
}

/** For operations that are denied whatever the policies say. */
function operationOf(request: AwsRequest): string {
  const target = String(request.headers['x-amz-target'] ?? request.method);
  return `${serviceOf(request.headers)}:${target.split('.').at(-1)}`;
}

function accessKeyOf({ headers }: AwsRequest): string | undefined {
  return /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1];
}

function elementsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(([, value]) => value);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
