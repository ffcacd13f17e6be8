import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { awsCommandError, unknownTerraformOptions } from './cloud-commands';
import { blocksOf, commandsOf, headingsOf, linksOf, PAGES, shellCommands, textOf } from './pages';
import { MotoProgram } from '../../sandbox/moto';
import { Terraform } from '../../sandbox/terraform';
import { exitCodeHelp } from '../../src/cli/exit-codes';
import { createProgram, PROGRAM_NAME } from '../../src/cli/program';
import { Session } from '../../src/cli/session';
import { call } from '../cli/recorded-call';

const ROOT = path.resolve(__dirname, '../..');

/** Pages whose blocks are run as they stand, one after the other, by a test of their own. */
const RUN_WHOLE: Record<string, string> = {
  'docs/own-program.md': 'test/second-tier/docs/own-program.test.ts',
  'docs/restore-by-hand.md': 'test/docs/restore-by-hand.test.ts',
};

/** What works on an account of a cloud; such a block says so. */
const OF_A_CLOUD = /^(npx )?(aws|terraform|cdktf) /;
const MARK = /# .*needs an AWS account/;

type Command = readonly [page: string, command: string];

const COMMANDS: Command[] = PAGES.flatMap((page) => commandsOf(page).map((command) => [page, command] as const));

function matching(program: RegExp): Command[] {
  return COMMANDS.filter(([page, command]) => program.test(command) && !(page in RUN_WHOLE));
}

const OWN = new RegExp(`^npx ${PROGRAM_NAME} `);
const NPM = /^npm (?:--prefix \S+ )?/;
const PROJEN = /^npx projen\b/;

describe('blocks of the documentation', () => {
  test('every command is checked in one of these ways', () => {
    const checked = [OWN, NPM, PROJEN, OF_A_CLOUD];
    const unchecked = COMMANDS.filter(
      ([page, command]) => !(page in RUN_WHOLE) && !checked.some((program) => program.test(command)),
    );
    expect(unchecked).toEqual([]);
  });

  test.each(Object.entries(RUN_WHOLE))('%s is run as it stands by %s', (page, file) => {
    expect(existsSync(path.join(ROOT, file))).toBe(true);
    expect(blocksOf(page, 'sh')).not.toEqual([]);
  });

  test.each(PAGES.flatMap((page) => blocksOf(page, 'sh').map((block) => [page, block])))(
    '%s: a shell reads %j',
    (_page, block) => {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    },
  );

  test.each(PAGES.filter((page) => /^docs\/runbooks\/(?!README)/.test(page)))(
    '%s begins with the command to type',
    (page) => {
      const [first] = blocksOf(page, 'sh');
      expect(textOf(page)).toMatch(/^# .+\n\n```sh\n/);
      expect(first).toMatch(new RegExp(`^npx ${PROGRAM_NAME} `));
      expect(textOf('docs/runbooks/README.md')).toContain(`(${path.basename(page)})`);
    },
  );

  test('commands of a cloud stand in a block that says what they need', () => {
    const unmarked = PAGES.filter((page) => !(page in RUN_WHOLE))
      .flatMap((page) => blocksOf(page, 'sh'))
      .filter((block) => shellCommands(block).some((command) => OF_A_CLOUD.test(command)) && !MARK.test(block));
    expect(unmarked).toEqual([]);
  });
});

describe('commands of the documentation', () => {
  describe('of the command line', () => {
    beforeAll(() => {
      process.env.PGPASSWORD = 'secret';
    });

    test.each(matching(OWN))('%s: %s', async (_page, command) => {
      jest.spyOn(process.stdout, 'write').mockReturnValue(true);
      const { code, errors } = await call(command.replace(OWN, ''));
      jest.restoreAllMocks();
      // What it prints says why it does not end with 0.
      expect([code, code === 0 ? '' : errors]).toEqual([0, '']);
    });
  });

  test.each(matching(NPM))('%s: %s', (_page, command) => {
    const { scripts } = JSON.parse(textOf('package.json'));
    const [verb, script] = command
      .replace(NPM, '')
      .split(' ')
      .filter((word) => !word.startsWith('-'));
    expect(['ci', 'cit', 'test', 'install', ...(Object.hasOwn(scripts, script) ? ['run'] : [])]).toContain(verb);
  });

  test.each(matching(PROJEN))('%s: %s', (_page, command) => {
    const { tasks } = JSON.parse(textOf('.projen/tasks.json'));
    expect(Object.keys(tasks)).toContain(command.split(' ')[2] ?? 'default');
  });

  describe('of a cloud', () => {
    const CLOUD = matching(OF_A_CLOUD);

    test.each(CLOUD.filter(([, command]) => command.startsWith('aws ')))('%s: %s', async (_page, command) => {
      const { models } = await MotoProgram.locate(path.join(ROOT, '.cache'));
      expect(awsCommandError(command, models)).toBeUndefined();
    });

    test.each(CLOUD.filter(([, command]) => command.startsWith('terraform ')))('%s: %s', async (_page, command) => {
      const directory = await mkdtemp(path.join(tmpdir(), 'terraform-help-'));
      const { createRequire } = await import('node:module');
      const provider = createRequire(__filename)('@cdktf/provider-aws/package.json').cdktf.provider;
      const { file } = await Terraform.locate({ directory, cacheDirectory: path.join(ROOT, '.cache'), provider });
      expect(await unknownTerraformOptions(command, file)).toEqual([]);
      await rm(directory, { recursive: true });
    });
  });
});

describe('README.md', () => {
  test('names every command', () => {
    const readme = textOf('README.md');
    const names = createProgram(new Session(undefined as never)).commands.map((command) => command.name());
    expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  test('has the exit codes of the program', () => {
    const codes = exitCodeHelp()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/ {2}/));
    const table = [...textOf('README.md').matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(table).toEqual(codes);
  });
});

describe('links of the documentation', () => {
  test.each(PAGES.flatMap((page) => linksOf(page).map(({ file, heading }) => [page, file, heading ?? ''])))(
    '%s: %s#%s',
    (_page, file, heading) => {
      expect(existsSync(path.join(ROOT, file))).toBe(true);
      expect(heading === '' ? [''] : headingsOf(file)).toContain(heading);
    },
  );

  test('lead to what the package carries, from a page that it carries', () => {
    const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const shipped = JSON.parse(stdout)[0].files.map((file: { path: string }) => file.path);
    const absent = PAGES.filter((page) => shipped.includes(page))
      .flatMap((page) => linksOf(page).map(({ file }) => [page, file]))
      .filter(([, file]) => !shipped.some((name: string) => name === file || name.startsWith(`${file}/`)));
    expect(absent).toEqual([]);
  });
});

describe('shellCommands', () => {
  test.each([
    ['a one; b two | c "x;y" && d', ['a one', 'b two', 'c "x;y"', 'd']],
    ['a \\\n  --long  # why\n# b\nc > file 2>&1', ['a --long', 'c']],
    ['for part in 0*; do tar -x -f "$part"; done\njq \'.a\n | b\'', ['tar -x -f "$part"', "jq '.a | b'"]],
    ['(cd d && X=1 e)', ['cd d', 'e']],
  ])('%j', (script, commands) => expect(shellCommands(script)).toEqual(commands));
});
