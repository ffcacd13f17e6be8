import { printable } from './format';
import { FAULT_TITLES, LEFT_BEHIND } from '../../contract/diagnosis/fault-line';
import { Verdict } from '../../contract/diagnosis/verdict';
import { minimumPolicy } from '../../contract/minimum-policy';

/** Values begin in this column. */
export const VERDICT_INDENT = 14;

/** A verdict laid out for a terminal, one line an entry. */
export function describeVerdict(verdict: Verdict): string[] {
  const location = [
    row('endpoint', verdict.endpoint),
    row('bucket', verdict.bucket),
    row('path', verdict.path),
    row('object', verdict.key),
  ];
  if (verdict.state === 'Passed') {
    return [
      `Connection test passed in ${verdict.durationMs} ms: PUT, GET, compare and DELETE.`,
      '',
      ...location,
      ...verdict.warnings.map((warning) => row('warning', warning)),
    ].map(printable);
  }
  const { faultClass, operations, summary, remedy, left } = verdict;
  const concernsPolicy = operations.length === 3 || (faultClass === 'permission' && operations.length > 0);
  return [
    `Connection test failed: ${FAULT_TITLES[faultClass]}.`,
    '',
    row('class', faultClass),
    ...(operations.length > 0 ? [row('operations', operations.join(', '))] : []),
    row('seen', summary),
    row('to do', remedy),
    ...location,
    ...(left === undefined ? [] : [row('left', LEFT_BEHIND)]),
    ...(concernsPolicy
      ? ['', 'The minimum policy:', '', ...JSON.stringify(minimumPolicy(verdict), undefined, 2).split('\n')]
      : []),
  ].map(printable);
}

function row(name: string, text: string): string {
  return `  ${name}`.padEnd(VERDICT_INDENT) + text;
}
