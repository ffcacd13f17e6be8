import { createProgram } from '../../../src/cli/program';
import { Session } from '../../../src/cli/session';
import { call } from '../recorded-call';

const VARIABLES = ['AWS_REGION', 'PGHOST', 'PGUSER', 'PGPASSWORD'];
const BEFORE = { ...process.env };

beforeEach(() => VARIABLES.forEach((name) => delete process.env[name]));
afterAll(() => Object.assign(process.env, BEFORE));

const commands = createProgram({} as Session).commands;

/** The help of an option as one line. */
function helpOf(command: string, flag: string): string {
  const help = commands.find((each) => each.name() === command)!.helpInformation();
  const [, text] = help.replace(/\s+/g, ' ').split(` ${flag} `);
  return text.split(/ --[a-z-]+ </)[0];
}

describe('a command without its options', () => {
  test.each([
    ['test-connection', ['--bucket', '--path', '--region'], '(required without --schedule)'],
    ['list', ['--bucket', '--path', '--region'], '(required without --schedule)'],
    ['restore --latest', ['--host'], '(required'],
  ])('%s names the missing ones, and --help marks them', async (command, flags, mark) => {
    const { code, errors } = await call(command);
    expect(code).toBe(2);
    for (const flag of flags) {
      expect(errors).toContain(flag);
      expect(helpOf(command.split(' ')[0], flag)).toContain(mark);
    }
  });

  test('restore-check marks what it always needs', () => {
    const flags = commands
      .find((each) => each.name() === 'restore-check')!
      .options.filter(({ description }) => description.endsWith(' (required)'))
      .map(({ long }) => long);
    expect(flags).toEqual(['--engine', '--vcpu', '--memory', '--storage-size']);
  });
});

test.each(['list --colour', 'list --json --colour', 'no-such-command', 'prune --retention-days none', 'show'])(
  'a mistake is printed once: %s',
  async (line) => {
    const { code, errors, output } = await call(line);
    expect(code).toBe(2);
    const lines = `${errors}${output}`.split('\n').filter((each) => each !== '');
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.filter((each) => each.includes('--colour') || /usage|whole number/i.test(each)).length).toBeLessThan(
      2,
    );
  },
);
