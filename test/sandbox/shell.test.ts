import { spawnSync } from 'node:child_process';
import { exportLines } from '../../sandbox/shell';

test('a shell reads back each value as it is', () => {
  const values = { PLAIN: 'text', LINES: "-----BEGIN-----\nit's $HOME `id`\n", LIST: '["a","b"]' };
  const script = [
    ...exportLines(values),
    'node -p "JSON.stringify([process.env.PLAIN, process.env.LINES, process.env.LIST])"',
  ];
  const { stdout } = spawnSync('sh', ['-c', script.join('\n')], { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual(Object.values(values));
});
