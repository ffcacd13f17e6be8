import { exitCodeHelp, exitCodeOf, failureKindOf } from '../../src/cli/exit-codes';

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
    ['MissingOrDenied', 8],
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
    expect(named).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
