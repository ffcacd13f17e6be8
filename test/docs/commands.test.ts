import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { exitCodeHelp } from '../../src/cli/exit-codes';
import { createProgram, PROGRAM_NAME } from '../../src/cli/program';
import { Session } from '../../src/cli/session';
import { call } from '../cli/recorded-call';

const ROOT = join(__dirname, '../..');

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true })
    .map((name) => `docs/${name}`)
    .filter((name) => name.endsWith('.md')),
];

const textOf = (page: string) => readFileSync(join(ROOT, page), 'utf8');

/** Every line of code of a page: the lines of its fenced blocks, and what stands between single backticks. */
function codeOf(page: string): string[] {
  const text = textOf(page).replace(/\\\n\s*/g, ' ');
  const blocks = [...text.matchAll(/^ *```\w*\n([^]*?)^ *```/gm)].flatMap(([, block]) => block.split('\n'));
  const inline = [...text.replace(/^ *```[^]*?^ *```/gm, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code);
  return [...blocks, ...inline].map((line) => line.trim());
}

/** The calls of a program in all pages: the words after a program's name, up to a comment, a pipe or a redirection. */
function callsOf(program: RegExp): [string, string][] {
  return PAGES.flatMap((page) =>
    codeOf(page).flatMap((line) => {
      const [, words] = new RegExp(`(?:^|[;|&(] ?|\\$ )(?:${program.source}) (.*)`).exec(line) ?? [];
      return words === undefined ? [] : [[page, words.split(/ [#|>&]|;/)[0].trim()] as [string, string]];
    }),
  );
}

describe('the command line in the documentation', () => {
  const program = createProgram(new Session(undefined as never));

  beforeAll(() => {
    process.env.PGPASSWORD = 'secret';
  });

  test.each(callsOf(new RegExp(`(?:npx )?${PROGRAM_NAME}`)))('%s: %s ends with 0', async (_page, words) => {
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { code, errors } = await call(words);
    jest.restoreAllMocks();
    // What it prints says why it does not end with 0.
    expect([code, code === 0 ? '' : errors]).toEqual([0, '']);
  });

  test('README.md names every command', () => {
    const readme = textOf('README.md');
    expect(program.commands.map((command) => command.name()).filter((name) => !readme.includes(`\`${name}\``))).toEqual(
      [],
    );
  });

  test('README.md has the exit codes of the program', () => {
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

test.each(callsOf(/npm (?:--prefix \S+ )?run/))('%s: npm run %s is a script of the package', (_page, words) => {
  const { scripts } = JSON.parse(textOf('package.json'));
  expect(Object.keys(scripts)).toContain(words.split(' ').find((word) => !word.startsWith('-')));
});

describe('links of the documentation', () => {
  const links = PAGES.flatMap((page) =>
    [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, target]) => [page, target]),
  );

  test.each(links)('%s: %s exists', (page, target) => {
    const file = relative(ROOT, join(ROOT, page, '..', target));
    expect(() => readFileSync(join(ROOT, file)).length || readdirSync(join(ROOT, file))).not.toThrow();
  });
});
