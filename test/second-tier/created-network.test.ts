import * as path from 'node:path';
import { Sandbox } from '../../sandbox/sandbox';

const PROGRAM = path.join(__dirname, 'created-network');

describe('A network that is created, on real Terraform', () => {
  let sandbox: Sandbox;
  const succeed = async (command: 'apply' | 'plan' | 'destroy', environment = {}): Promise<string> => {
    const { exitCode, output } = await sandbox[command](PROGRAM, { environment });
    if (exitCode !== 0) throw new Error(`terraform ${command} ended with ${exitCode}:\n${output}`);
    return output;
  };

  beforeAll(async () => {
    sandbox = await Sandbox.start();
  });
  afterAll(async () => sandbox?.stop());

  test.each([
    ['as it is by default', {}],
    ['with a NAT gateway', { NAT_GATEWAY: '1' }],
    ['with three zones', { ZONES: 'us-east-1a,us-east-1b,us-east-1c' }],
  ])('%s: is there, has nothing to plan, and goes again', async (_, environment) => {
    expect(await succeed('apply', environment)).toMatch(/Apply complete! Resources: \d+ added, 0 changed, 0 destroyed/);
    await succeed('plan', environment);
    expect(await succeed('destroy', environment)).toMatch(/Destroy complete! Resources: \d+ destroyed/);
  });
});
