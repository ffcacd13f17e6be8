import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import * as path from 'node:path';
import { sha256OfFile } from './digest';
import { LockedPackage } from './layer-lock';
import { PrivateApt } from './private-apt';

/** Downloaded packages, each in a file named by its SHA-256. Kept between builds. */
export class PackageCache {
  constructor(private readonly directory: string) {}

  /** The file of a package, which exists if the cache has the package. */
  fileOf(locked: LockedPackage): string {
    return path.join(this.directory, `${locked.sha256}.deb`);
  }

  async hasAll(packages: readonly LockedPackage[]): Promise<boolean> {
    return (await this.missingOf(packages)).length === 0;
  }

  /**
   * Downloads each missing package from the first archive that has it with its SHA-256. Failed downloads are logged with
   * their reason.
   *
   * @returns whether the cache now has all packages
   */
  async fetch(
    packages: readonly LockedPackage[],
    archives: readonly string[],
    apt: PrivateApt,
    log: (line: string) => void,
  ): Promise<boolean> {
    await mkdir(this.directory, { recursive: true });
    for (const archive of archives) {
      const missing = await this.missingOf(packages);
      if (missing.length === 0) return true;
      log(`fetching ${missing.length} packages from ${archive}`);
      await Promise.all(
        missing.map(async (each) => {
          const unfinished = `${this.fileOf(each)}.unfinished`;
          await apt
            .download(`${archive}/${each.file}`, each.sha256, unfinished)
            .then(async () => rename(unfinished, this.fileOf(each)))
            .catch(({ message }: Error) =>
              log(`no ${each.name} ${each.version} from ${archive}: ${lastLine(message)}`),
            );
        }),
      );
    }
    return this.hasAll(packages);
  }

  private async missingOf(packages: readonly LockedPackage[]): Promise<LockedPackage[]> {
    const present = await Promise.all(
      packages.map(
        async (each) => existsSync(this.fileOf(each)) && (await sha256OfFile(this.fileOf(each))) === each.sha256,
      ),
    );
    return packages.filter((_, index) => !present[index]);
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)!;
}
