import { describeError, ERROR_KINDS } from '../../src/contract/diagnosis/error-kinds';
import { FaultClass, StorageContext } from '../../src/contract/diagnosis/fault';
import { FAULT_TITLES } from '../../src/contract/diagnosis/fault-line';
import { ErrorKind } from '../../src/contract/diagnosis/operation-result';
import { CONNECTION_TEST_BOUNDS } from '../../src/contract/diagnosis/verdict';

const SECRET = 'arn:…:secret:backups';

/** What the texts of the table speak of. */
const CONTEXT: StorageContext = {
  storage: {
    kind: 's3-compatible',
    endpoint: 'https://s3.example.com',
    region: 'us-east-1',
    bucket: 'company-backups',
    path: 'production',
    credentials: { kind: 'secret', secretArn: SECRET },
    network: { vpcId: 'vpc-0123abcd', subnetIds: ['subnet-0123abcd', 'subnet-4567cdef'] },
  },
  region: 'eu-central-1',
  bounds: CONNECTION_TEST_BOUNDS,
};

/** Every error of the connection test, class by class, as Markdown. */
export function errorTables(): string {
  const kinds = Object.keys(ERROR_KINDS) as ErrorKind[];
  const classes = Object.keys(FAULT_TITLES) as FaultClass[];
  return classes
    .map((faultClass) => {
      const rows = kinds.filter((kind) => ERROR_KINDS[kind].faultClass === faultClass).map(errorRow);
      return [
        `### ${sentence(FAULT_TITLES[faultClass])}\n`,
        '| error | what it says | what to do | codes |',
        '|---|---|---|---|',
        ...rows,
      ].join('\n');
    })
    .join('\n\n');
}

function errorRow(kind: ErrorKind): string {
  const { codes = [], message, noAnswer } = ERROR_KINDS[kind];
  const subject = kind.startsWith('secret-') ? SECRET : 'PUT';
  const seen = { answer: answerIn(kind), subject, context: CONTEXT, flaw: 'has no accessKeyId' };
  const { summary, remedy } = describeError(kind, seen);
  const byMessage = message === undefined ? [] : [`${message.codes.join(', ')} by its message`];
  const cells = [kind, summary, remedy, [...codes, ...byMessage, ...systemCodes(noAnswer)].join(', ') || 'none'];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** An answer of this kind, as it stands in the text. */
function answerIn(kind: ErrorKind): string {
  const { codes, noAnswer } = ERROR_KINDS[kind];
  return codes?.[0] ?? systemCodes(noAnswer)[0] ?? (noAnswer === undefined ? 'HTTP 400' : 'ECODE');
}

/** The codes of the system or of this program: the names that the pattern lists. */
function systemCodes(pattern: RegExp | undefined): string[] {
  const names = pattern?.source.match(/[A-Z][A-Z0-9_]+/g) ?? [];
  return [...new Set(names)].map((name) => (name.endsWith('_') ? `${name}…` : name));
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}`;
}
