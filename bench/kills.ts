import { render } from './figures';
import { backupKills } from './kills/backup-kills';

/**
 * `npm run kills -- backup [--seed N] [--minutes N] [--kills N] [--faults N] [--lanes N] [--only scenario] [--json]`: kills and faults on real backups.
 * Progress goes to standard error, the figures last to standard output.
 */
async function main(): Promise<void> {
  const [suite, ...rest] = process.argv.slice(2);
  if (suite !== 'backup') throw new Error(`npm run kills takes backup; got ${suite ?? 'nothing'}.`);
  const number = (name: string, otherwise: number) => {
    const at = rest.indexOf(name);
    return at < 0 ? otherwise : Number(rest[at + 1]);
  };
  const only = rest.includes('--only') ? rest[rest.indexOf('--only') + 1] : undefined;
  const figures = await backupKills(
    {
      seed: number('--seed', Math.floor(Date.now() / 1000)),
      minutes: number('--minutes', 60),
      kills: number('--kills', 200),
      faults: number('--faults', 300),
      lanes: number('--lanes', 4),
      only,
    },
    (line) => process.stderr.write(`${line}\n`),
  );
  process.stdout.write(`${render(figures, rest.includes('--json'))}\n`);
  process.exitCode = figures.every(({ holds }) => holds) ? 0 : 1;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
