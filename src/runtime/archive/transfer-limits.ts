import { availableParallelism, totalmem } from 'node:os';

/** What the program has to work with. */
export interface Machine {
  readonly processors: number;
  readonly memoryBytes: number;
}

/** How much is done at the same time. */
export interface TransferLimits {
  /** Tables that are dumped at the same time. */
  readonly jobs: number;
  /** Parts on their way at the same time. */
  readonly parts: number;
  /** The most bytes of a part. */
  readonly partBytes: number;
}

const MIB = 1024 * 1024;

/** Lambda gives one processor for so much memory. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const LAMBDA_MIB_PER_PROCESSOR = 1769;

/** A sixteenth of the memory is for parts, and at least so much. */
const PART_MEMORY = { share: 1 / 16, least: 16 * MIB };

/**
 * A part is on the disk until it is whole, for each table that is dumped, and a sample of the parts is read back. Smaller
 * ones would make more requests than bytes.
 */
const LARGEST_PART = 6 * MIB;

/** Limits that keep the processors busy and the memory bounded. */
export function transferLimits({ processors, memoryBytes }: Machine): TransferLimits {
  const jobs = Math.min(Math.max(Math.round(processors), 2), 8);
  const parts = Math.min(2 * jobs, 8);
  const memory = Math.max(memoryBytes * PART_MEMORY.share, PART_MEMORY.least);
  return { jobs, parts, partBytes: Math.min(Math.floor(memory / parts / MIB) * MIB, LARGEST_PART) };
}

/** The function's share of a machine, or the whole machine in a terminal. */
export function thisMachine(): Machine {
  const lambdaMib = functionMemoryMib();
  return lambdaMib === undefined
    ? { processors: availableParallelism(), memoryBytes: totalmem() }
    : {
        processors: Math.min(availableParallelism(), lambdaMib / LAMBDA_MIB_PER_PROCESSOR),
        memoryBytes: lambdaMib * MIB,
      };
}

/** Memory of the Lambda function; undefined in a terminal. */
export function functionMemoryMib(): number | undefined {
  return Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE) || undefined;
}
