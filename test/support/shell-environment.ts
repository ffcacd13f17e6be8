/**
 * The environment of a user's shell: without what `tsx --tsconfig`, by which our own scripts are started, hands down to
 * every program below it. A user's `tsx` would look for that file in its own folder.
 */
export function shellEnvironment(): NodeJS.ProcessEnv {
  const { TSX_TSCONFIG_PATH, ...environment } = process.env;
  return environment;
}
