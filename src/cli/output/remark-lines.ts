import { fieldLines } from './table';
import { describeRemark, Remark } from '../../contract/remark';

/** What a restore does not bring back, one remark a line. */
export function remarkLines(remarks: readonly Remark[] = []): string[] {
  return fieldLines(remarks.map((remark) => ['remark', describeRemark(remark)] as const));
}
