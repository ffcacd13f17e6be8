import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

/** Every page for users and contributors, from the root of the repository. */
export const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true })
    .map((name) => `docs/${name}`)
    .filter((name) => name.endsWith('.md'))
    .sort(),
];

export const textOf = (page: string) => readFileSync(path.join(ROOT, page), 'utf8');

/** The fenced blocks of a language, without the indentation of a list. */
export function blocksOf(page: string, language: string): string[] {
  const blocks = [...textOf(page).matchAll(new RegExp(`^( *)\`\`\`${language}\\b[^\\n]*\\n([^]*?)^ *\`\`\``, 'gm'))];
  return blocks.map(([, indentation, block]) => block.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''));
}

/** What stands between single backticks. */
export function inlineCodeOf(page: string): string[] {
  const prose = textOf(page).replace(/^ *```[^]*?^ *```/gm, '');
  return [...prose.matchAll(/`([^`]+)`/g)].map(([, code]) => code.replace(/\s+/g, ' '));
}

/** The targets of links to files, without the part behind #. */
export function linksOf(page: string): { readonly file: string; readonly heading?: string }[] {
  const prose = textOf(page).replace(/^ *```[^]*?^ *```/gm, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(([, one, other]) => one ?? other);
  return targets
    .filter((target) => !/^(https?|mailto):/.test(target))
    .map((target) => {
      const [file, heading] = target.split('#');
      return { file: file === '' ? page : path.join(path.dirname(page), file), heading };
    });
}

/** The names by which GitHub links to the headings of a page. */
export function headingsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Commands of the shell itself, which only prepare what follows. */
const BUILT_IN = /^(export|cd|eval) /;

/** Every command of a page once: those of its blocks, and those between backticks that begin with a known program. */
export function commandsOf(page: string): string[] {
  const inBlocks = blocksOf(page, 'sh').flatMap(shellCommands);
  const inText = inlineCodeOf(page)
    .filter((code) => /^(npx|npm|aws|terraform|cdktf) (?!run$)\w/.test(code))
    .flatMap(shellCommands);
  return [...new Set([...inBlocks, ...inText])].filter((command) => !BUILT_IN.test(command));
}

/** Words of a shell that stand before a command and are none. */
const KEYWORDS = /^(?:(?:do|then|else|while|if|!)\s+|for \w+ in [^;]*|(?:done|fi)\b\s*|[A-Za-z_]\w*=\S*\s+)+/;

/**
 * The simple commands of a shell script, one a line of it or a part of a pipe or a list. Comments and redirections are
 * left out, line ends that are escaped are joined, and what is quoted stays whole.
 */
export function shellCommands(script: string): string[] {
  const commands: string[] = [''];
  // A comment, a copied stream, a quoted text, an escaped character, what ends a command, or anything else.
  const tokens = script.matchAll(/(?<=^|\s)#.*|\d?>&\d|'[^']*'|"(?:\\.|[^"\\])*"|\\\n\s*|\\.|[;|&()\n]+|[^]/gm);
  for (const [token] of tokens) {
    if (/^(#|\d?>&)/.test(token)) continue;
    if (/^[;|&()\n]/.test(token)) commands.push('');
    else commands[commands.length - 1] += /^\\\n/.test(token) ? ' ' : token;
  }
  return commands
    .map((command) =>
      command
        .trim()
        .replace(KEYWORDS, '')
        .replace(/\s*\d?[<>]+\s*\S+/g, '')
        .replace(/\s+/g, ' '),
    )
    .filter((command) => command !== '');
}
