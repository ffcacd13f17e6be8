import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { namesUnder } from '../../../packaging/deterministic-zip';
import { LayerPackages } from '../../../packaging/layer-packages';
import { compileLocales } from '../../../packaging/locales';
import { PackageCache } from '../../../packaging/package-cache';
import { CACHE } from '../../../packaging/places';
import { buildServerLayer } from '../../../packaging/server-layer';

let work: string;
beforeAll(async () => (work = await mkdtemp(path.join(tmpdir(), 'server-layer-'))));
afterAll(async () => rm(work, { recursive: true }));

test('the server layer has the same bytes on every build', async () => {
  const layer = await buildServerLayer();
  const again = await buildServerLayer({ assets: path.join(work, 'assets') });
  expect(again.zipSha256).toBe(layer.zipSha256);
});

test('a locale has the same bytes whenever and with whatever others it is compiled', async () => {
  // GIVEN the layer, whose locales may be kept from an earlier build
  const layer = await buildServerLayer();
  const needed = layer.packages.filter(({ name }) => ['libc6', 'libc-bin', 'locales'].includes(name));
  const cache = new PackageCache(path.join(CACHE, 'layers', 'packages'));
  const packages = await LayerPackages.unpack(needed, cache, path.join(work, 'packages'));
  // WHEN
  await compileLocales(packages, path.join(work, 'locale'), ['tr_TR', 'en_US']);
  // THEN
  const names = await namesUnder(path.join(work, 'locale'));
  expect(names).toContain('en_US.utf8/LC_COLLATE');
  for (const name of names) {
    const inLayer = path.join(layer.directory, 'server/locale', name);
    expect([name, (await readFile(inLayer)).equals(await readFile(path.join(work, 'locale', name)))]).toEqual([
      name,
      true,
    ]);
  }
});
