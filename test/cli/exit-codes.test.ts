import { EXIT_CODES, EXIT_CODE_MEANINGS, exitCodeHelp, exitCodeOf, failureKindOf } from '../../src/cli/exit-codes';

describe('exit codes', () => {
  test.each([
    ['Unexpected', 1],
    ['StorageFault', 1],
    ['DatabaseFault', 1],
    ['BackupFailed', 1],
    ['InvalidRequest', 2],
    ['ConnectionTestFailed', 3],
    ['NotFound', 4],
    ['VerificationFailed', 5],
    ['Refused', 6],
    ['Locked', 7],
  ] as const)('%s ends with %i', (kind, code) => {
    expect(exitCodeOf(kind)).toBe(code);
    expect(failureKindOf(kind)).toBe(kind);
  });

  test.each([undefined, 'TypeError', 'Sandbox.Timedout', 'toString', '__proto__'])('%s is unexpected', (name) => {
    expect(failureKindOf(name)).toBe('Unexpected');
  });

  test('the help names every code', () => {
    const named = exitCodeHelp()
      .match(/^ {2}\d {2}\S/gm)!
      .map((line) => Number(line.trim()[0]));
    expect(named).toEqual(Object.values(EXIT_CODES));
    expect(Object.keys(EXIT_CODE_MEANINGS).map(Number)).toEqual(named);
  });
});
