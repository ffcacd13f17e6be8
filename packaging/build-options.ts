import { parseArgs } from 'node:util';

/** What a build of the assets was asked for. */
export interface BuildOptions {
  /** Whether everything comes from the locks alone. */
  readonly release: boolean;
}

/** `projen release` sets RELEASE for each command that it runs; a person writes `--release`. */
export function buildOptions(args: readonly string[], { RELEASE }: Readonly<Record<string, string | undefined>>) {
  const { values } = parseArgs({ args: [...args], options: { release: { type: 'boolean', default: false } } });
  return { release: values.release || RELEASE === 'true' } satisfies BuildOptions;
}
