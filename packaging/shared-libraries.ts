import { run } from './run';

export interface SharedLibrariesProps {
  /** The dynamic loader that resolves the libraries. */
  readonly loader: string;
  /** The directories in which every library must be. */
  readonly directories: readonly string[];
}

/**
 * The shared libraries that a program is linked with, directly or indirectly, by name. They are those that the loader
 * finds, not those that the package depends on. The loader itself is among them.
 *
 * @throws if one is missing or would be taken from another directory, for example from this machine's
 */
export async function sharedLibraries(program: string, props: SharedLibrariesProps): Promise<Map<string, string>> {
  // The loader would prefer a variant for this machine's processor, which would not run on an older one.
  const baseline = ['--inhibit-cache', '--glibc-hwcaps-mask', 'none'];
  const list = await run(props.loader, [...baseline, '--library-path', props.directories.join(':'), '--list', program]);
  const found = [...list.matchAll(/^\s*(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$/gm)];
  const elsewhere = found.filter(
    ([, , file]) => !props.directories.some((directory) => file.startsWith(`${directory}/`)),
  );
  if (elsewhere.length > 0) {
    throw new Error(
      `Every library of ${program} must be in its package or the packages of its dependencies; these are not: ` +
        `${elsewhere.map(([, name, file]) => `${name} (${file})`).join(', ')}. ` +
        'Run `npm run layer:update` if the distribution has moved a library into another package.',
    );
  }
  return new Map(found.map(([, name, file]) => [name.split('/').pop()!, file]));
}
