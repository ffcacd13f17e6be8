import { generateKeyPair, generateKeyPairSync, randomBytes, RSAKeyPairOptions } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import * as path from 'node:path';
import { promisify } from 'node:util';
import * as forge from 'node-forge';

/** A server's certificate and its private key, both PEM. */
export interface IssuedCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** When a certificate is valid. A span that is over makes an expired certificate. */
export interface CertificateValidity {
  /** @default - a day ago */
  readonly notBefore?: Date;
  /** @default - in ten years, further than the sandbox's clock is ever set ahead */
  readonly notAfter?: Date;
}

/**
 * The sandbox's own certificate authority: what stands in for the roots of AWS and of a storage provider.
 *
 * Its private key lives in memory only, so no other process can issue in its name.
 */
export class CertificateAuthority {
  /** Makes a new authority and writes its certificate into the directory, which is made if missing. */
  static async create(directory: string): Promise<CertificateAuthority> {
    const { privateKey } = await promisify(generateKeyPair)('rsa', RSA_KEY);
    const key = forge.pki.privateKeyFromPem(privateKey);
    const subject = [{ name: 'commonName', value: `Sandbox certificate authority ${randomBytes(4).toString('hex')}` }];
    const certificate = newCertificate(publicKeyOf(key), subject, {});
    certificate.setIssuer(subject);
    certificate.setExtensions([
      { name: 'basicConstraints', critical: true, cA: true },
      { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
      { name: 'subjectKeyIdentifier' },
    ]);
    certificate.sign(key, forge.md.sha256.create());

    const certificateFile = path.join(directory, 'certificate-authority.pem');
    await mkdir(directory, { recursive: true });
    await writeFile(certificateFile, forge.pki.certificateToPem(certificate), { mode: 0o644 });
    return new CertificateAuthority(certificateFile, certificate, key);
  }

  /** The certificate as text, for a client that takes roots inline. */
  readonly certificatePem: string;

  private constructor(
    /** The certificate as a file, for `PGSSLROOTCERT`, `sslrootcert` and their like. */
    readonly certificateFile: string,
    private readonly certificate: forge.pki.Certificate,
    private readonly key: forge.pki.rsa.PrivateKey,
  ) {
    this.certificatePem = forge.pki.certificateToPem(certificate);
  }

  /**
   * Issues a server certificate.
   *
   * @param names the DNS names and IP addresses that it is for; the first is also its common name
   * @throws if there is no name
   */
  issue(names: string[], validity: CertificateValidity = {}): IssuedCertificate {
    if (names.length === 0) {
      throw new Error('A server certificate needs a name, got none: give at least one DNS name or IP address.');
    }
    const { privateKey: keyPem } = generateKeyPairSync('rsa', RSA_KEY);
    const publicKey = publicKeyOf(forge.pki.privateKeyFromPem(keyPem));
    const certificate = newCertificate(publicKey, [{ name: 'commonName', value: names[0] }], validity);
    certificate.setIssuer(this.certificate.subject.attributes);
    certificate.setExtensions([
      { name: 'basicConstraints', critical: true, cA: false },
      { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: names.map(alternativeName) },
      { name: 'subjectKeyIdentifier' },
      {
        name: 'authorityKeyIdentifier',
        keyIdentifier: this.certificate.generateSubjectKeyIdentifier().getBytes(),
      },
    ]);
    certificate.sign(this.key, forge.md.sha256.create());
    return { certificatePem: forge.pki.certificateToPem(certificate), keyPem };
  }
}

// RSA, because node-forge cannot sign with elliptic curves; made by OpenSSL, because node-forge takes seconds for a key.
const RSA_KEY = {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
} satisfies RSAKeyPairOptions<'pem', 'pem'>;

const DAY = 24 * 60 * 60 * 1000;

function newCertificate(
  publicKey: forge.pki.rsa.PublicKey,
  subject: forge.pki.CertificateField[],
  validity: CertificateValidity,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  // The first byte keeps the number positive, and without a leading zero too many, whatever follows: OpenSSL refuses both.
  certificate.serialNumber = `01${randomBytes(16).toString('hex')}`;
  certificate.validity.notBefore = validity.notBefore ?? new Date(Date.now() - DAY);
  certificate.validity.notAfter = validity.notAfter ?? new Date(Date.now() + 3650 * DAY);
  certificate.setSubject(subject);
  return certificate;
}

function publicKeyOf(key: forge.pki.rsa.PrivateKey): forge.pki.rsa.PublicKey {
  return forge.pki.setRsaPublicKey(key.n, key.e);
}

/** A name as X.509 wants it: kind 7 is an IP address, kind 2 a DNS name. */
function alternativeName(name: string): object {
  return isIP(name) ? { type: 7, ip: name } : { type: 2, value: name };
}
