import { BackupId } from './backup-id';
import { settingName, SettingsForm } from './setting-names';

/** Longest segment of a path, in bytes: the bound that common file systems and stores share. */
export const MAXIMUM_SEGMENT_BYTES = 200;

/** Highest number that a part may have, so that six digits keep the order. */
export const MAXIMUM_PART_NUMBER = 999_999;

/** Keys that the connection tests of a folder share, so that a denied DELETE leaves a bounded number of objects. */
export const CONNECTION_TEST_SLOTS = 16;

/**
 * The names of the objects that belong to one database. The layout is a contract with every backup ever made:
 *
 * ```
 * <path>/<database>/catalog.a.json, catalog.b.json
 * <path>/<database>/<backup id>/000001 000002 …
 * <path>/<database>/<backup id>/manifest.json
 * <path>/<database>/.connection-test.<slot>
 * ```
 */
export class ObjectKeys {
  readonly folder: string;

  constructor(path: string, database: string) {
    this.folder = `${normalizePath(path)}/${database}`;
  }

  get catalogs(): readonly [string, string] {
    return [`${this.folder}/catalog.a.json`, `${this.folder}/catalog.b.json`];
  }

  connectionTest(slot: number): string {
    return connectionTestKey(this.folder, slot);
  }

  manifest(backup: BackupId): string {
    return `${this.folder}/${backup}/manifest.json`;
  }

  part(backup: BackupId, number: number): string {
    if (!Number.isInteger(number) || number < 1 || number > MAXIMUM_PART_NUMBER) {
      throw new Error(`A part has a number from 1 to ${MAXIMUM_PART_NUMBER}; got ${number}.`);
    }
    return `${this.folder}/${backup}/${String(number).padStart(6, '0')}`;
  }
}

/**
 * The temporary object of a connection test in a folder, in one of {@link CONNECTION_TEST_SLOTS} slots from 1. Slot 0
 * belongs to the one writer of the folder.
 */
export function connectionTestKey(folder: string, slot: number): string {
  return `${normalizePath(folder)}/.connection-test.${slot}`;
}

/** The path without the slashes at either end. */
export function normalizePath(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}

/**
 * What is wrong with a backup path, or undefined. Stores differ in what they make of such keys
 * (literal, refused, resolved), so they are refused before anything is sent.
 */
export function faultOfPath(path: string): string | undefined {
  const normalized = normalizePath(path);
  if (normalized === '') {
    return 'names a folder: it must not be empty';
  }
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f\\]/.test(normalized)) {
    return 'must have no control character and no backslash';
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

/**
 * What is wrong with a bucket name, or undefined: the rules that all S3-compatible stores share
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html), widened by capitals and
 * underscores, which some of them allow.
 */
export function faultOfBucket(bucket: string): string | undefined {
  if (bucket === '') {
    return 'must not be empty';
  }
  if (bucket.length < 3 || bucket.length > 63) {
    return 'has 3 to 63 characters';
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]$/.test(bucket) || bucket.includes('..')) {
    return 'has letters, digits, dots, hyphens and underscores only, begins and ends with a letter or digit';
  }
  return undefined;
}

/** What is wrong with an endpoint URL, or undefined. */
export function faultOfEndpoint(
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
