import { CaseResult, runCases } from './conformance';
import { faultServerCases } from './fault-server-cases';

describe('connection test against the fault server', () => {
  let results: CaseResult[];

  beforeAll(async () => {
    results = await runCases(await faultServerCases(), 24);
  });

  test('every fault leads to its verdict, and leaves nothing behind', () => {
    expect(results.length).toBeGreaterThanOrEqual(30);
    expect(results.filter(({ wrong }) => wrong.length > 0).map(({ fault, wrong }) => ({ fault, wrong }))).toEqual([]);
  });
});
