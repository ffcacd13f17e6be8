import { Sandbox } from '../../sandbox/sandbox';

/** Deploys a synthesized quickstart into a sandbox of its own. @throws where that fails, or would not be the last change */
export async function deployQuickstart(stack: string): Promise<void> {
  const sandbox = await Sandbox.start();
  try {
    const bucket = await sandbox.storage.createBucketWithKeys('company-backups', 'backups');
    const variables = await sandbox.programVariables(bucket);
    for (const verb of ['apply', 'plan'] as const) {
      const { exitCode, output } = await sandbox[verb](stack, { variables });
      if (exitCode !== 0) throw new Error(`${verb} ended with ${exitCode}:\n${output}`);
    }
  } finally {
    await sandbox.stop();
  }
}
