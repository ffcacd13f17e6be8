import { durationText, sizeText } from './format';
import { Progress, shareDone } from '../../runtime/runtime';

const BAR_COLUMNS = 20;

/**
 * `read 45 %, 1.2 GB of 2.6 GB, 35 MB/s, 40s to go, 12 tables left, INDEX public orders_by_day`; a backup knows its total
 * about, from the one before, and the first one not at all: `stored 1.2 GB, 35 MB/s, 12 tables left`.
 */
export function progressText(progress: Progress): string {
  const { tablesLeft, current = [] } = progress;
  return [
    bytesDone(progress),
    ...(tablesLeft ? [`${tablesLeft} ${tablesLeft === 1 ? 'table' : 'tables'} left`] : []),
    ...current,
  ].join(', ');
}

function bytesDone(progress: Progress): string {
  const { direction, doneBytes, totalBytes, bytesPerSecond } = progress;
  const rate = `${sizeText(Math.round(bytesPerSecond))}/s`;
  if (!totalBytes) {
    return `${direction} ${sizeText(doneBytes)}, ${rate}`;
  }
  const left = bytesPerSecond > 0 ? Math.max(0, totalBytes - doneBytes) / bytesPerSecond : undefined;
  return [
    `${direction} ${Math.floor(100 * shareDone(progress))} %`,
    `${sizeText(doneBytes)} of ${direction === 'stored' ? 'about ' : ''}${sizeText(totalBytes)}`,
    rate,
    ...(left === undefined || left === 0 ? [] : [`${durationText(Math.ceil(left) * 1000)} to go`]),
  ].join(', ');
}

/** The same with a bar, where the total is known; cut off where the terminal's line ends, so that it can be erased. */
export function progressBar(progress: Progress, columns = process.stderr.columns ?? 80): string {
  return withBar(progress).slice(0, columns - 1);
}

function withBar(progress: Progress): string {
  if (!progress.totalBytes) return progressText(progress);
  const filled = Math.floor(BAR_COLUMNS * shareDone(progress));
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_COLUMNS - filled)}] ${progressText(progress)}`;
}
