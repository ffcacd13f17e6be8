import { fieldLines } from './table';
import { describeRemark, Remark } from '../../contract/remark';

/** What a restore does not bring back, one remark a line. */
export function remarkLines(remarks: readonly Remark[] = [], name = 'remark'): string[] {
  return fieldLines(remarks.map((remark) => [name, describeRemark(remark)] as const));
}
