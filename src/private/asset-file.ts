import * as fs from 'fs';
import * as path from 'path';

const ASSETS = path.join(__dirname, '..', '..', 'assets');

/** A file that the package carries besides its code. @throws if it is not there */
export function assetFile(name: string): string {
  const file = path.join(ASSETS, name);
  if (!fs.existsSync(file)) {
    throw new Error(`The package lacks its asset ${name}. In a checkout, build it with: npm run assets`);
  }
  return file;
}
