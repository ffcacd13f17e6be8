import * as fs from 'fs';
import { assetFile } from './asset-file';

let regions: readonly string[] | undefined;

/** Whether the backup function's program carries the root certificates of RDS for a region. */
export function hasRootCertificates(region: string): boolean {
  regions ??= JSON.parse(fs.readFileSync(assetFile('root-certificates.json'), 'utf8')).regions as string[];
  return regions.includes(region);
}
