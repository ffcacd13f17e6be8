import { Upstream } from '../../../sandbox/aws/upstream';
import { Sandbox } from '../../../sandbox/sandbox';

/** What is deployed for one database, each part by its name, as AWS itself tells of it. */
export type DeployedParts = Record<string, string>;

/** Reads what runs for a database: its schedules, the program and the grants that they use, and the instance. */
export async function deployedParts(sandbox: Sandbox, identifier: string): Promise<DeployedParts> {
  const aws = new Upstream(sandbox.endpoint, sandbox.region);
  const name = `${identifier}-backup`;
  const [schedule, watch] = await Promise.all([name, `${name}-watch`].map((each) => scheduleOf(aws, each)));
  const functions = [...new Set([schedule.Target.Arn, watch.Target.Arn])];
  const programs = await Promise.all(functions.map((arn) => programOf(aws, arn)));
  const roles = [programs[0].role, nameOfRole(schedule.Target.RoleArn)];
  return {
    [`schedule ${name}`]: JSON.stringify(schedule),
    [`schedule ${name}-watch`]: JSON.stringify(watch),
    ...Object.fromEntries(programs.map(({ text }, index) => [`program ${functions[index]}`, text])),
    ...Object.assign({}, ...(await Promise.all(roles.map((role) => grantsOf(aws, role))))),
    ...(await instanceOf(sandbox, aws, identifier)),
  };
}

/** What differs, in words; nothing where the parts are equal. New parts count where their names are not expected. */
export function differences(before: DeployedParts, after: DeployedParts, expected: RegExp = /^(?!)/): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    if (after[name] === undefined) return [`${name} is gone`];
    if (before[name] === undefined) return expected.test(after[name]) ? [] : [`${name} is new: ${after[name]}`];
    return before[name] === after[name] ? [] : [`${name} was ${before[name]}, now is ${after[name]}`];
  });
}

async function scheduleOf(aws: Upstream, name: string) {
  const { ScheduleExpression, ScheduleExpressionTimezone, State, Target } = await json(
    aws,
    'scheduler',
    `/schedules/${name}?groupName=default`,
  );
  return { ScheduleExpression, ScheduleExpressionTimezone, State, Target };
}

/** A version of a function: what it is, what it runs on, and how often Lambda repeats it. */
async function programOf(aws: Upstream, versionArn: string): Promise<{ text: string; role: string }> {
  const [, name, version] = /:function:([^:]+):(\d+)$/.exec(versionArn)!;
  const path = `/2015-03-31/functions/${name}`;
  const { CodeSha256, Handler, Runtime, MemorySize, Timeout, Role, Layers, VpcConfig, EphemeralStorage, Environment } =
    await json(aws, 'lambda', `${path}/configuration?Qualifier=${version}`);
  const { MaximumRetryAttempts } = await json(aws, 'lambda', `${path}/event-invoke-config?Qualifier=${version}`);
  const text = JSON.stringify({
    ...{ CodeSha256, Handler, Runtime, MemorySize, Timeout, Role, Layers, VpcConfig, EphemeralStorage, Environment },
    MaximumRetryAttempts,
  });
  return { text, role: nameOfRole(Role) };
}

async function grantsOf(aws: Upstream, role: string): Promise<DeployedParts> {
  const iam = (query: string) => xml(aws, 'iam', `/?Version=2010-05-08&RoleName=${role}&${query}`);
  const policies = elementsOf(await iam('Action=ListRolePolicies'), 'member');
  const entries = policies.map(async (policy) => {
    const text = await iam(`Action=GetRolePolicy&PolicyName=${policy}`);
    return [`grant ${policy}`, decodeURIComponent(elementsOf(text, 'PolicyDocument')[0])];
  });
  return Object.fromEntries(await Promise.all(entries));
}

const MOVING_TIME = /<LatestRestorableTime>.*?<\/LatestRestorableTime>/;

/** Nothing for a database that was brought in: there is no instance of it in this account. */
async function instanceOf(sandbox: Sandbox, aws: Upstream, identifier: string): Promise<DeployedParts> {
  const server = sandbox.databases().find((database) => database.identifier === identifier);
  if (server === undefined) return {};
  const text = await xml(aws, 'rds', '/?Action=DescribeDBInstances&Version=2014-10-31');
  const instance = elementsOf(text, 'DBInstance').find((each) => each.includes(`>${identifier}<`))!;
  return { instance: instance.replace(MOVING_TIME, ''), server: `process ${server.processId} on port ${server.port}` };
}

async function json(aws: Upstream, service: string, url: string): Promise<any> {
  return JSON.parse((await aws.call(service, 'GET', url)).toString());
}

async function xml(aws: Upstream, service: string, url: string): Promise<string> {
  return (await aws.call(service, 'GET', url)).toString();
}

function elementsOf(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(([, value]) => value);
}

function nameOfRole(arn: string): string {
  return arn.split('/').at(-1)!;
}
