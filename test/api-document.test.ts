import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as ts from 'typescript';
import { withoutRepetition } from '../packaging/documentation/api-document';

const ROOT = path.join(__dirname, '..');
const API = readFileSync(path.join(ROOT, 'API.md'), 'utf8');

/** A member of the public API, as `Class.member`, and whether it has a description. */
interface Member {
  readonly type: string;
  readonly name: string;
  readonly isDescribed: boolean;
}

/** The members of what src/index.ts exports. */
function publicMembers(): Member[] {
  const index = readFileSync(path.join(ROOT, 'src/index.ts'), 'utf8');
  const files = [...index.matchAll(/from '\.\/(.*)'/g)].map(([, name]) => path.join(ROOT, 'src', `${name}.ts`));
  return files.flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
    const types = source.statements.filter(
      (statement) => ts.isInterfaceDeclaration(statement) || ts.isClassDeclaration(statement),
    );
    return types.filter(isExported).flatMap((type) =>
      [...type.members]
        .filter((member) => !ts.isConstructorDeclaration(member) && !isHidden(member))
        .map((member) => ({
          type: type.name!.text,
          name: member.name!.getText(),
          isDescribed: ts.getJSDocCommentsAndTags(member).length > 0,
        })),
    );
  });
}

function isExported(node: ts.ClassDeclaration | ts.InterfaceDeclaration): boolean {
  return hasModifier(node, ts.SyntaxKind.ExportKeyword);
}

function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind);
}

function isHidden(member: ts.ClassElement | ts.TypeElement): boolean {
  const isPrivate = [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword].some((kind) =>
    hasModifier(member, kind),
  );
  return isPrivate || member.name === undefined || member.name.getText().startsWith('_');
}

test('API.md describes every construct, prop, attribute and parameter', () => {
  expect(API.split('\n').filter((line) => line.includes('No description'))).toEqual([]);
});

test('every member of the public API is described where it is declared, and stands in API.md', () => {
  const members = publicMembers();
  expect(members.length).toBeGreaterThan(150);
  expect(members.filter(({ isDescribed }) => !isDescribed)).toEqual([]);
  // What is missing: npx projen compile && npx projen docgen
  const anchored = ({ type, name }: Member) =>
    [`${type}.property.${name}"`, `${type}.${name}"`].some((anchor) => API.includes(anchor));
  expect(members.filter((member) => !anchored(member))).toEqual([]);
});

test('API.md says once what every construct and every struct has', () => {
  expect(withoutRepetition(API)).toBe(API);
  const [, constructs] = API.split('\n## ');
  expect(constructs.match(/^#+ `?(toString|with|isConstruct|node)\b/gm)).toBeNull();
  expect(API).not.toContain('= { ... }');
  expect(API.split('They are not repeated below.')).toHaveLength(2);
});
