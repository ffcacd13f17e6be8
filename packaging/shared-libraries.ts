import { run } from './run';

export interface SharedLibrariesProps {
  /** The dynamic loader to ask. */
  readonly loader: string;
  /** The only directories in which libraries may be found. */
  readonly directories: readonly string[];
}

/**
 * The shared libraries that a program is linked with, at any depth, by the name under which they are looked for: what
 * the loader finds, not what a package's dependencies promise. The loader itself is among them.
 *
 * @throws when one is missing or would be taken from elsewhere, for example from the machine
 */
export async function sharedLibraries(program: string, props: SharedLibrariesProps): Promise<Map<string, string>> {
  // A variant for this machine's processor would not run on an older one.
  const baseline = ['--inhibit-cache', '--glibc-hwcaps-mask', 'none'];
  const list = await run(props.loader, [...baseline, '--library-path', props.directories.join(':'), '--list', program]);
  const found = [...list.matchAll(/^\s*(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$/gm)];
  const elsewhere = found.filter(
    ([, , file]) => !props.directories.some((directory) => file.startsWith(`${directory}/`)),
  );
  if (elsewhere.length > 0) {
    throw new Error(
      `Every library of ${program} must come with it; these do not: ` +
        `${elsewhere.map(([, name, file]) => `${name} (${file})`).join(', ')}. ` +
        'Run `npm run layer:update` if the distribution has moved a library into another package.',
    );
  }
  return new Map(found.map(([, name, file]) => [name.split('/').pop()!, file]));
}
