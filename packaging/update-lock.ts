import { CLIENT_LAYER } from './client-layer';
import { updateLock } from './layer';
import { SERVER_LAYER } from './server-layer';

updateLock([CLIENT_LAYER, SERVER_LAYER], (line) => process.stderr.write(`layers: ${line}\n`)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
