import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { PrivateApt } from '../../packaging/private-apt';

const work = mkdtempSync(path.join(tmpdir(), 'private-apt-'));
afterAll(() => rmSync(work, { recursive: true }));

describe('PrivateApt', () => {
  test('fails on a mirror that the distribution has not signed', async () => {
    // GIVEN
    const mirror = path.join(work, 'mirror');
    mkdirSync(path.join(mirror, 'dists/forky'), { recursive: true });
    writeFileSync(
      path.join(mirror, 'dists/forky/Release'),
      'Suite: testing\nCodename: forky\nComponents: main\nArchitectures: amd64\nDate: Sat, 01 Nov 2025 00:00:00 UTC\n',
    );
    const apt = await PrivateApt.create({
      directory: path.join(work, 'apt'),
      mirror: `file:${mirror}`,
      suite: 'forky',
    });
    // THEN
    await expect(apt.update()).rejects.toThrow(/is not signed/);
  });

  test('fails on a mirror that cannot be read, instead of going on with what was there', async () => {
    // Nothing listens there.
    const mirror = 'http://127.0.0.1:1/debian';
    const apt = await PrivateApt.create({ directory: path.join(work, 'apt'), mirror, suite: 'forky' });
    await expect(apt.update()).rejects.toThrow(/apt-get update/);
  });
});
