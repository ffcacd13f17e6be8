import { X509Certificate } from 'node:crypto';
import { normalizePath, ObjectKeys } from './object-keys';
import { settingName, SettingsForm } from './setting-names';

/** Rules of the settings of a storage: pure functions that return what is wrong, or undefined. */

/** Longest segment of a path, in bytes: the bound that common file systems and stores share. */
export const MAXIMUM_SEGMENT_BYTES = 200;

/** Longest key of Amazon S3, in bytes (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html). */
export const MAXIMUM_KEY_BYTES = 1024;

/** Longest identifier of a database (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html). */
const MAXIMUM_IDENTIFIER_LENGTH = 63;

/**
 * What is wrong with a backup path, or undefined. Stores differ in how they treat such keys (literal, refused,
 * resolved), so they are refused before anything is sent.
 */
export function pathError(path: string): string | undefined {
  const normalized = normalizePath(path);
  if (normalized === '') {
    return 'names a folder: it must not be empty';
  }
  // Characters that Amazon S3 advises against (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html);
  // cdktf does not escape a quotation mark in an expression.
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f\\"]/.test(normalized)) {
    return 'must have no control character, no backslash and no quotation mark';
  }
  // IAM reads the first two as patterns and `${` as the beginning of a variable; Terraform reads the third as its own.
  if (/[*?]|\$\{|%\{/.test(normalized)) {
    return 'must not have *, ?, ${ or %{ in it';
  }
  for (const segment of normalized.split('/')) {
    if (segment === '') {
      return 'must not have // in it';
    }
    if (segment === '.' || segment === '..') {
      return 'must not have . or .. as a segment';
    }
    if (segment !== segment.trim()) {
      return 'must not have white space at either end of a segment';
    }
    if (Buffer.byteLength(segment) > MAXIMUM_SEGMENT_BYTES) {
      return `must have no segment over ${MAXIMUM_SEGMENT_BYTES} bytes`;
    }
  }
  return undefined;
}

/** What is wrong with the identifier of a database, which is a segment of its keys, or undefined. */
export function identifierError(identifier: string): string | undefined {
  if (identifier.includes('/')) {
    return 'must have no slash';
  }
  return identifier.length > MAXIMUM_IDENTIFIER_LENGTH
    ? `has at most ${MAXIMUM_IDENTIFIER_LENGTH} characters`
    : pathError(identifier);
}

/** Whether every key of a database's backups is short enough for Amazon S3. */
export function leavesRoomForKeys(path: string, identifier: string): boolean {
  return Buffer.byteLength(new ObjectKeys(path, identifier).manifest('20261122T030000Z')) <= MAXIMUM_KEY_BYTES;
}

/**
 * What is wrong with a bucket name, or undefined: the rules that all S3-compatible stores share
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html), widened by capitals and
 * underscores, which some of them allow.
 */
export function bucketNameError(bucket: string): string | undefined {
  if (bucket === '') {
    return 'must not be empty';
  }
  if (bucket.length < 3 || bucket.length > 63) {
    return 'has 3 to 63 characters';
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]$/.test(bucket) || bucket.includes('..')) {
    return 'has letters, digits, dots, hyphens and underscores only, begins and ends with a letter or digit';
  }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(bucket)) {
    return 'must not look like an IP address';
  }
  return undefined;
}

/** What is wrong with the region of a storage, or undefined. */
export function regionError(region: string): string | undefined {
  return /^[A-Za-z0-9-]{1,64}$/.test(region) ? undefined : 'has letters, digits and hyphens only';
}

/** What is wrong with a certificate authority, or undefined: it is one or more certificates in PEM. */
export function certificateError(text: string): string | undefined {
  const certificates = text.match(PEM_CERTIFICATE) ?? [];
  return certificates.length > 0 && certificates.every(isCertificate) ? undefined : 'is not a PEM certificate';
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** What is wrong with an endpoint URL, or undefined. */
export function endpointError(
  endpoint: string,
  allowUnencrypted: boolean,
  form: SettingsForm = 'props',
): string | undefined {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    return 'is a URL that begins with https://';
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return 'is a URL that begins with https://';
  }
  if (url.protocol === 'http:' && !allowUnencrypted) {
    return `must begin with https://, unless ${settingName('allowUnencrypted', form)} is set`;
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return 'must have no user, password, query or fragment';
  }
  if (url.pathname !== '/') {
    // A path that ends with the name of a bucket would make a bucket that does not exist look as if it did.
    return 'must have no path';
  }
  return undefined;
}
