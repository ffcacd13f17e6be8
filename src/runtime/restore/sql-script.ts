import { escapeIdentifier, escapeLiteral } from 'pg';
import { ActionError } from '../../contract/action-error';
import { roleAtTarget, MasterUsers } from '../postgres/roles';

interface Token {
  readonly kind: 'word' | 'quoted' | 'other' | 'space' | 'end';
  readonly text: string;
}

const TOKENS: readonly (readonly [Token['kind'], RegExp])[] = [
  // A client's own command, such as \connect, is a line and no SQL.
  ['space', /(?<=^|\n)\\[^\n]*/y],
  ['space', /\s+|--[^\n]*/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['other', /[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'/y],
  ['word', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ['end', /;/y],
  ['other', /[^]/y],
];

/** A statement about the session's own database, `@` standing for its name, which may not exist in its own encoding. */
export function onCurrentDatabase(statement: string): string {
  const [before, ...after] = statement.split(' @ ').map((text) => escapeLiteral(text));
  const whole = `${before} || ' ' || pg_catalog.quote_ident(pg_catalog.current_database()) || ' ' || ${after.join(" || ' @ ' || ")}`;
  return `DO ${escapeLiteral(`BEGIN EXECUTE ${whole}; END`)}`;
}

/**
 * A script of pg_restore about a database (no bodies of functions, no data), with the database's name, quoted, in the
 * place of the one there: pg_dump spoils a name that does not exist in the dump's encoding. Comments are left out.
 */
export function withDatabaseName(script: string, name: string): string {
  return statementTokens(script)
    .map((tokens) => {
      const words = tokens.filter(({ kind }) => kind !== 'space');
      const keyword = words.findIndex(({ text }) => text === 'DATABASE');
      const old = keyword < 0 ? undefined : words[keyword + 1];
      return textOf(tokens.map((token) => (token === old ? { ...token, text: name } : token)));
    })
    .map((statement) => `${statement};\n`)
    .join('');
}

/**
 * The statements of a script about rights or properties that change something (its settings of the session are left out), as a master that is
 * no superuser can run them at the target: who granted is taken by SET ROLE, and what named the master of the source
 * names that of the target.
 */
export function grantsFor(script: string, masters: MasterUsers): string[] {
  return statementTokens(script).flatMap((tokens) => {
    const words = tokens.filter(({ kind }) => kind !== 'space');
    const start = (count: number) =>
      words
        .slice(0, count)
        .map(({ text }) => text)
        .join(' ');
    if (start(3) === 'SET SESSION AUTHORIZATION') return [`SET ROLE ${roleAt(words[3], masters)}`];
    if (start(3) === 'RESET SESSION AUTHORIZATION') return ['RESET ROLE'];
    if (start(3) === 'ALTER DEFAULT PRIVILEGES') {
      const forRole = words.findIndex(({ text }) => text === 'ROLE') + 1;
      return [textOf(withRoles(tokens, [words[forRole], grantee(words)], masters))];
    }
    if (start(1) === 'GRANT' || start(1) === 'REVOKE') return [textOf(withRoles(tokens, [grantee(words)], masters))];
    // The database itself is made and handed over elsewhere; a role's setting in a database comes with the role.
    if (start(2) === 'CREATE DATABASE' || start(2) === 'ALTER ROLE' || isHandingOver(words)) return [];
    if (start(1) === 'COMMENT' || start(2) === 'ALTER DATABASE') return [textOf(tokens)];
    // Of the session.
    if (start(1) === 'SET' || start(1) === 'SELECT') return [];
    throw new ActionError('DatabaseFault', `The backup grants rights in words that are not known: ${textOf(tokens)}`);
  });
}

/** `ALTER DATABASE name OWNER TO role` */
function isHandingOver(words: readonly Token[]): boolean {
  return words[1]?.text === 'DATABASE' && words[3]?.kind === 'word' && words[3].text === 'OWNER';
}

/** The last TO or FROM is the one before the role: a name that is written so would be quoted. */
function grantee(words: readonly Token[]): Token {
  return words[words.findLastIndex(({ kind, text }) => kind === 'word' && (text === 'TO' || text === 'FROM')) + 1];
}

function withRoles(tokens: readonly Token[], roles: readonly Token[], masters: MasterUsers): Token[] {
  return tokens.map((token) => (roles.includes(token) ? { ...token, text: roleAt(token, masters) } : token));
}

function roleAt(token: Token, masters: MasterUsers): string {
  if (token.kind !== 'quoted') {
    return token.text === 'PUBLIC' ? 'PUBLIC' : escapeIdentifier(roleAtTarget(token.text, masters));
  }
  return escapeIdentifier(roleAtTarget(token.text.slice(1, -1).replaceAll('""', '"'), masters));
}

function statementTokens(script: string): Token[][] {
  const statements: Token[][] = [[]];
  for (let position = 0; position < script.length;) {
    const token = tokenAt(script, position);
    position += token.text.length;
    if (token.kind === 'end') statements.push([]);
    else statements.at(-1)!.push(token.kind === 'space' ? { kind: 'space', text: ' ' } : token);
  }
  return statements.filter((tokens) => tokens.some(({ kind }) => kind !== 'space'));
}

function tokenAt(script: string, position: number): Token {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = position;
    const match = pattern.exec(script);
    if (match) return { kind, text: match[0] };
  }
  throw new Error('The last pattern takes any character.');
}

function textOf(tokens: readonly Token[]): string {
  return tokens
    .map(({ text }) => text)
    .join('')
    .trim();
}
