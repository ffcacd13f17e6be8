import { ControlServer } from './control';
import { Sandbox } from './sandbox';
import { recordProcess, StateFile } from './state-file';

/** What the supervisor reports to the command that started it. */
export type SupervisorMessage = { readonly progress: string } | { readonly ready: true } | { readonly error: string };

/**
 * Runs a sandbox in the background until a command or a signal ends it. It is the parent of every process of the sandbox.
 *
 * Until it is ready it lives no longer than the command that started it.
 */
export async function supervise(directory: string, stateFile: StateFile): Promise<void> {
  const starting = new AbortController();
  let sandbox: Sandbox | undefined;
  const report = (message: SupervisorMessage) => process.connected && process.send!(message);
  const end = async () => {
    starting.abort(new Error('The start was broken off.'));
    if (!sandbox) return;
    await sandbox.stop();
    await stateFile.remove();
    process.exit(0);
  };
  process.on('SIGTERM', () => void end());
  process.on('SIGINT', () => void end());
  process.on('SIGHUP', () => void end());
  process.on('disconnect', () => !sandbox && void end());

  try {
    const onProgress = (progress: string) => report({ progress });
    sandbox = await Sandbox.start({ directory, onProgress, signal: starting.signal });
    const running = sandbox;
    const writeState = async () =>
      stateFile.write({
        control: control.address,
        supervisor: await recordProcess('the sandbox itself', process.pid),
        directory: running.directory,
        processes: await Promise.all(running.processes().map((one) => recordProcess(one.name, one.processId))),
      });
    const control = await ControlServer.start(running, writeState, () => {
      void stateFile.remove().then(() => process.exit(0));
    });
    await writeState();
    if (starting.signal.aborted) return await end();
    report({ ready: true });
  } catch (error) {
    await sandbox?.stop();
    report({ error: (error as Error).message });
    process.exitCode = 1;
  }
  if (process.connected) process.disconnect();
}
