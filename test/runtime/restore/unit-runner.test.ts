import { setImmediate as turn } from 'node:timers/promises';
import { LoadUnit } from '../../../src/runtime/restore/load-plan';
import { runUnits } from '../../../src/runtime/restore/unit-runner';
import * as fc from '../../support/properties';

function unit(bytes: number, waitsFor?: LoadUnit): LoadUnit {
  const files = waitsFor ? [] : [{ name: 'shop/1.dat', size: bytes, segments: [] }];
  return { lines: [], files, bytes, waitsFor };
}

const never = new AbortController().signal;

test('runs each unit once, after the one that it waits for, and no more at a time than sessions', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ bytes: fc.nat(9), built: fc.nat(3), turns: fc.nat(5) }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 4 }),
      async (tables, sessions) => {
        const data = tables.map(({ bytes }) => unit(bytes));
        const units = data.flatMap((each, index) => [
          each,
          ...Array.from({ length: tables[index].built }, () => unit(each.bytes, each)),
        ]);
        const ended: LoadUnit[] = [];
        let running = 0;
        let unused = 0;
        await runUnits(
          units,
          sessions,
          {
            prepare: async () => void (unused += 1),
            run: async (each) => {
              running += 1;
              unused -= 1;
              expect(running).toBeLessThanOrEqual(sessions);
              // What is made ready ahead takes space on the disk.
              expect(unused).toBeLessThanOrEqual(sessions + 1);
              if (each.waitsFor) expect(ended).toContain(each.waitsFor);
              for (let count = 0; count < each.bytes; count++) await turn();
              running -= 1;
              ended.push(each);
            },
          },
          never,
        );
        expect(ended).toHaveLength(units.length);
        expect(new Set(ended)).toEqual(new Set(units));
      },
    ),
  );
});

test('large units with data begin first', async () => {
  const [small, large] = [unit(1), unit(9)];
  const order: LoadUnit[] = [];
  const index = unit(99, small);
  await runUnits(
    [index, small, large],
    1,
    { prepare: async () => undefined, run: async (each) => void order.push(each) },
    never,
  );
  expect(order).toEqual([large, small, index]);
});

test('the first failure stops the others and is thrown once all have ended', async () => {
  let stopped = 0;
  const run = async (each: LoadUnit, _: unknown, signal: AbortSignal) => {
    if (each.bytes === 5) throw new Error('the first');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    stopped += 1;
    throw new Error('a consequence');
  };
  const units = [unit(9), unit(8), unit(5), unit(1)];
  await expect(runUnits(units, 3, { prepare: async () => undefined, run }, never)).rejects.toThrow('the first');
  expect(stopped).toBe(2);
});
