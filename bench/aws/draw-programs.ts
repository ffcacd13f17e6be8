import { ChildProcess, fork } from 'node:child_process';
import { on } from 'node:events';
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

/** Draws the programs of shares in several processes at once; the shares come in their order. */
export async function* drawShares(shares: readonly Share[], processes: number): AsyncGenerator<DrawnShare> {
  const ended = new AbortController();
  const children: ChildProcess[] = Array.from({ length: processes }, () => fork(__filename));
  try {
    children.forEach((child) => child.once('exit', () => ended.abort()));
    const answers = children.map((child) => on(child, 'message', { signal: ended.signal }));
    shares.forEach((share, index) => children[index % processes].send(share));
    for (const index of shares.keys()) {
      const { value } = await answers[index % processes].next();
      yield value[0];
    }
  } finally {
    children.forEach((child) => child.kill());
  }
}

if (require.main === module) {
  process.on('message', (share: Share) => process.send!(drawShare(share)));
}
