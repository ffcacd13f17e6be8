import { fork } from 'node:child_process';
import { Testing } from 'cdktf';
import { DrawnProgram, Random } from './drawn-program';

/** A program that synth accepts, and its configuration. */
export interface Accepted {
  readonly name: string;
  readonly edges: readonly string[];
  readonly text: string;
}

/** Some programs of a seed, by their numbers. */
export interface Share {
  readonly seed: number;
  readonly first: number;
  readonly last: number;
  /** Of a secret that exists where the programs are planned. */
  readonly secretArn?: string;
}

export interface DrawnShare {
  readonly drawn: number;
  readonly accepted: readonly Accepted[];
  /** Refused by synth with anything else than an InvalidInput that names the construct. */
  readonly refusedWithoutPath: readonly string[];
}

/** Draws the programs of a share. */
export function drawShare({ seed, first, last, secretArn }: Share): DrawnShare {
  const accepted: Accepted[] = [];
  const refusedWithoutPath: string[] = [];
  for (let number = first; number <= last; number++) {
    const program = new DrawnProgram(new Random(`${seed}:${number}`), secretArn);
    try {
      program.declare();
      accepted.push({ name: `program${number}`, edges: program.edges, text: Testing.synth(program.stack) });
    } catch (error) {
      const { name, message } = error as Error;
      if (name === 'InvalidInput' && / \(at [^()]+\)$/.test(message)) continue;
      refusedWithoutPath.push(`program ${number} (${program.edges}): ${name}: ${message.slice(0, 300)}`);
    }
  }
  return { drawn: last - first + 1, accepted, refusedWithoutPath };
}

/**
 * Draws shares in several processes at once, each share in one of its own: cdktf keeps everything that a process has
 * declared. The shares come in their order.
 */
export async function* drawShares(shares: readonly Share[], processes: number): AsyncGenerator<DrawnShare> {
  const ended = new AbortController();
  const waiting = [...shares];
  const running = waiting.splice(0, processes).map((share) => drawElsewhere(share, ended.signal));
  try {
    while (running.length > 0) {
      const drawn = await running.shift()!;
      running.push(...waiting.splice(0, 1).map((share) => drawElsewhere(share, ended.signal)));
      yield drawn;
    }
  } finally {
    ended.abort();
  }
}

async function drawElsewhere(share: Share, signal: AbortSignal): Promise<DrawnShare> {
  const child = fork(__filename, [JSON.stringify(share)], { signal });
  const drawn = new Promise<DrawnShare>((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => code && reject(new Error(`A process that draws programs ended with ${code}.`)));
  });
  // Nobody waits for it any more when the time is up.
  drawn.catch(() => undefined);
  return drawn;
}

if (require.main === module) {
  process.send!(drawShare(JSON.parse(process.argv[2])), () => process.exit());
}
