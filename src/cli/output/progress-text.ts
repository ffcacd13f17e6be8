import { durationText, sizeText } from './format';
import { Progress } from '../../runtime/runtime';

const BAR_COLUMNS = 20;

/** `read 45 %, 1.2 GB of 2.6 GB, 35 MB/s, 40s to go`; a backup does not know its total: `stored 1.2 GB, 35 MB/s`. */
export function progressText({ direction, doneBytes, totalBytes, bytesPerSecond }: Progress): string {
  const rate = `${sizeText(Math.round(bytesPerSecond))}/s`;
  if (!totalBytes) {
    return `${direction} ${sizeText(doneBytes)}, ${rate}`;
  }
  const left = bytesPerSecond > 0 ? Math.max(0, totalBytes - doneBytes) / bytesPerSecond : undefined;
  return [
    `${direction} ${Math.floor(100 * shareOf(doneBytes, totalBytes))} %`,
    `${sizeText(doneBytes)} of ${sizeText(totalBytes)}`,
    rate,
    ...(left === undefined ? [] : [`${durationText(Math.ceil(left) * 1000)} to go`]),
  ].join(', ');
}

/** The same with a bar, where the total is known. */
export function progressBar(progress: Progress): string {
  const { doneBytes, totalBytes } = progress;
  if (!totalBytes) return progressText(progress);
  const filled = Math.floor(BAR_COLUMNS * shareOf(doneBytes, totalBytes));
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_COLUMNS - filled)}] ${progressText(progress)}`;
}

/** A part that was read twice counts twice. */
function shareOf(doneBytes: number, totalBytes: number): number {
  return Math.min(1, doneBytes / totalBytes);
}
