import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ROOT } from '../places';

const FILE = path.join(ROOT, 'API.md');

/** What every construct has from the package `constructs`. */
const OF_EVERY_CONSTRUCT = ['toString', 'with', 'isConstruct', 'node'];

/** Said once, below a heading of the second level. */
const SAID_ONCE: Record<string, string> = {
  Constructs:
    'Each has, from the package `constructs`, the attribute `node`, the methods `toString` and `with`, and the static ' +
    'function `isConstruct`. They are not repeated below.',
  Structs:
    'A struct is an object literal in TypeScript, keyword arguments in Python, a `.builder()` in Java, an object with an ' +
    'initializer in C#, and a pointer to a struct in Go.',
};

/** A heading, and what stands below it up to the next one of its level or above. */
interface Section {
  readonly level: number;
  readonly title: string;
  readonly lines: string[];
  readonly sections: Section[];
}

/** What jsii-docgen writes, without what it repeats for every construct and every struct. */
export function withoutRepetition(text: string): string {
  const document = parse(text);
  for (const part of document.sections.flatMap(({ sections }) => sections)) {
    const once = SAID_ONCE[part.title];
    if (once !== undefined && !part.lines.includes(once)) part.lines.splice(1, 0, '', once);
    for (const type of part.sections) {
      if (part.title === 'Structs') remove(type, ({ title }) => title === 'Initializer');
      if (part.title !== 'Constructs') continue;
      for (const group of type.sections) {
        remove(group, ({ title }) => OF_EVERY_CONSTRUCT.includes(title.replaceAll('`', '')));
        const rows = group.lines.filter((line) => !isRowOf(OF_EVERY_CONSTRUCT, line));
        group.lines.splice(0, Infinity, ...rows);
      }
      remove(type, ({ title, sections }) => title !== 'Initializers' && sections.length === 0);
    }
  }
  return print(document);
}

function remove(parent: Section, condition: (section: Section) => boolean): void {
  parent.sections.splice(0, Infinity, ...parent.sections.filter((section) => !condition(section)));
}

/** Whether a line is the row of a table about one of the members. */
function isRowOf(members: readonly string[], line: string): boolean {
  const name = /^\| <code><a href="[^"]*">([^<]*)<\/a><\/code> \|/.exec(line)?.[1];
  return name !== undefined && members.includes(name);
}

function parse(text: string): Section {
  const root: Section = { level: 0, title: '', lines: [], sections: [] };
  const open = [root];
  let isCode = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    const heading = isCode ? null : /^(#+) (\S+)/.exec(line);
    if (heading) {
      const section: Section = { level: heading[1].length, title: titleOf(line), lines: [line], sections: [] };
      while (open.at(-1)!.level >= section.level) open.pop();
      open.at(-1)!.sections.push(section);
      open.push(section);
    } else {
      open.at(-1)!.lines.push(line);
    }
  }
  return root;
}

/** The text of a heading without its mark and its anchor. */
function titleOf(line: string): string {
  return line.replace(/^#+ /, '').replace(/ ?<.*$/, '');
}

function print(section: Section): string {
  return [
    ...(section.level === 0 && section.lines.length === 0 ? [] : section.lines),
    ...section.sections.map(print),
  ].join('\n');
}

if (require.main === module) writeFileSync(FILE, withoutRepetition(readFileSync(FILE, 'utf8')));
