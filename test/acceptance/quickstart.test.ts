import { PassThrough } from 'node:stream';
import { Quickstart } from '../../sandbox/quickstart';
import { Sandbox } from '../../sandbox/sandbox';
import { Terminal } from '../../sandbox/terminal';

const MINUTE = 60_000;

describe('The main job, on real parts', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
  });

  afterAll(async () => sandbox?.stop());

  test(
    'goes from a refused deployment to a restored database, every comparison held',
    async () => {
      const screen = new PassThrough();
      const shown: string[] = [];
      screen.on('data', (chunk) => shown.push(String(chunk)));
      const quickstart = new Quickstart(sandbox, new Terminal(screen as unknown as NodeJS.WriteStream));

      // WHEN each step runs; it throws where what it states does not hold
      await quickstart.run();

      // THEN none was left out
      expect(quickstart.steps).toHaveLength(19);
      expect(shown.join('')).toContain('No changes.');
      expect(shown.join('')).toContain('authentication');
    },
    60 * MINUTE,
  );
});
