import crypto, { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { connect, createServer } from 'node:tls';
import { CertificateAuthority, IssuedCertificate } from '../../sandbox/certificate-authority';

const DAY = 24 * 60 * 60 * 1000;

let directory: string;
let authority: CertificateAuthority;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'certificate-authority-'));
  authority = await CertificateAuthority.create(path.join(directory, 'made', 'by', 'create'));
});

afterAll(() => rm(directory, { recursive: true }));

/** What a client that trusts `ca` says of a server with this certificate, when it calls it by `name`. */
async function handshake(issued: IssuedCertificate, name: string, ca: string): Promise<string> {
  const server = createServer({ cert: issued.certificatePem, key: issued.keyPem }, (socket) => socket.end());
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', servername: name === '127.0.0.1' ? '' : name, ca });
  try {
    await once(client, 'secureConnect');
    return 'trusted';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code!;
  } finally {
    client.destroy();
    server.close();
    await once(server, 'close');
  }
}

test('writes the certificate that it signs with, and no private key', async () => {
  const written = await readFile(authority.certificateFile, 'utf8');
  expect(written).toBe(authority.certificatePem);
  expect(written).not.toContain('PRIVATE KEY');
  expect(new X509Certificate(written).ca).toBe(true);
});

test.each(['localhost', '127.0.0.1', 'storage.example.com'])(
  'a server is trusted by each of its names: %s',
  async (name) => {
    const issued = authority.issue(['localhost', '127.0.0.1', 'storage.example.com']);
    expect(await handshake(issued, name, authority.certificatePem)).toBe('trusted');
  },
);

test('an issued certificate is valid from before now to further ahead than any retention', () => {
  const { validFrom, validTo } = new X509Certificate(authority.issue(['localhost']).certificatePem);
  expect(Date.parse(validFrom)).toBeLessThan(Date.now());
  expect(Date.parse(validTo)).toBeGreaterThan(Date.now() + 5 * 365 * DAY);
});

test('two certificates share neither key nor serial number', () => {
  const [one, other] = [authority.issue(['localhost']), authority.issue(['localhost'])];
  expect(one.keyPem).not.toBe(other.keyPem);
  expect(new X509Certificate(one.certificatePem).serialNumber).not.toBe(
    new X509Certificate(other.certificatePem).serialNumber,
  );
});

test.each([0x00, 0x7f, 0x80, 0xff])('is readable whatever the chance behind its serial number: %i', async (byte) => {
  const chance = jest.spyOn(crypto, 'randomBytes').mockImplementation((size: number) => Buffer.alloc(size, byte));
  const issued = authority.issue(['localhost']);
  expect(chance).toHaveBeenCalled();
  chance.mockRestore();
  expect(new X509Certificate(issued.certificatePem).serialNumber).toMatch(/^01/);
  expect(await handshake(issued, 'localhost', authority.certificatePem)).toBe('trusted');
});

describe('a client refuses', () => {
  test('fails by a name that the certificate does not have', async () => {
    const issued = authority.issue(['localhost']);
    expect(await handshake(issued, 'other.example.com', authority.certificatePem)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await handshake(issued, '127.0.0.1', authority.certificatePem)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('fails with the roots of another authority', async () => {
    const other = await CertificateAuthority.create(path.join(directory, 'other'));
    expect(await handshake(authority.issue(['localhost']), 'localhost', other.certificatePem)).toBe(
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
  });

  test('fails with an expired certificate', async () => {
    const issued = authority.issue(['localhost'], {
      notBefore: new Date(Date.now() - 2 * DAY),
      notAfter: new Date(Date.now() - DAY),
    });
    expect(await handshake(issued, 'localhost', authority.certificatePem)).toBe('CERT_HAS_EXPIRED');
  });

  test('fails with a certificate that is not valid yet', async () => {
    const issued = authority.issue(['localhost'], { notBefore: new Date(Date.now() + DAY) });
    expect(await handshake(issued, 'localhost', authority.certificatePem)).toBe('CERT_NOT_YET_VALID');
  });
});

test('fails to issue for no name', () => {
  expect(() => authority.issue([])).toThrow(
    'A server certificate needs a name, got none: give at least one DNS name or IP address.',
  );
});
