import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's heap near the size of what the program holds, so that a long run takes about as much memory as a short one.
 *
 * - V8 doubles the space for new objects each time that enough of them have outlived it, whatever the program holds: up to
 *   64 MB, and on Lambda, which starts Node.js with a limit of its own, up to a tenth of the function's memory. Here it
 *   stays at its present size, of 1 or 2 MB.
 * - V8 lets the space for old objects grow to a multiple of what is held before it looks for those that are not. Here it
 *   looks when there are two fifths more, or some megabytes.
 *
 * Collecting more often costs a hundredth of the processor time of a backup. V8 reads these flags whenever a space is about
 * to grow; a version that does not know them would ignore them.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=40');
}
