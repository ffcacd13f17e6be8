import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

/**
 * Tools that a program may use in addition to its runtime. Amazon Linux has more.
 */
const TOOLS = [
  ...[
    'base64',
    'basename',
    'bash',
    'cat',
    'chmod',
    'cp',
    'cut',
    'date',
    'dd',
    'df',
    'dirname',
    'du',
    'echo',
    'env',
    'expr',
  ],
  ...[
    'false',
    'grep',
    'head',
    'id',
    'ln',
    'ls',
    'md5sum',
    'mkdir',
    'mktemp',
    'mv',
    'nproc',
    'od',
    'printenv',
    'printf',
  ],
  ...[
    'pwd',
    'readlink',
    'realpath',
    'rm',
    'rmdir',
    'sed',
    'seq',
    'sha256sum',
    'sleep',
    'sort',
    'split',
    'stat',
    'tail',
  ],
  ...['tee', 'test', 'timeout', 'touch', 'tr', 'true', 'uname', 'uniq', 'wc'],
];

/** What `enter.sh` needs after the machine's own files are gone from its sight. */
const ENTRY_TOOLS = ['setpriv', 'umount', 'unshare'];

const TOOL_DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

const DIRECTORIES = [
  ...[
    'dev',
    'etc',
    'mnt',
    'opt',
    'proc',
    'tmp',
    'usr/bin',
    'usr/lib64',
    'var/lang/bin',
    'var/rapid',
    'var/runtime',
    'var/task',
  ],
  ...['etc/pki/tls/certs', 'etc/ssl'],
];

/** As on Amazon Linux. One folder holds all libraries, so that LD_LIBRARY_PATH puts them before a layer's, as there. */
const LINKS = {
  bin: 'usr/bin',
  lib: 'usr/lib64',
  lib64: 'usr/lib64',
  'usr/lib': 'lib64',
  'etc/ssl/certs': '../pki/tls/certs',
};

/** Places where `enter.sh` shows one file of the machine each. */
const PLACEHOLDERS = [
  'var/lang/bin/node',
  ...['null', 'zero', 'full', 'random', 'urandom'].map((device) => `dev/${device}`),
];

const ETC = {
  'etc/passwd': 'root:x:0:0::/root:/bin/bash\nsbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nsbx_group:x:990:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/**
 * Fills a directory with everything that a program may see of this machine when the directory is its `/`: a shell, a few
 * basic tools, the libraries of these and of node, the runtime client. No other program of the machine is in it, a
 * database's client least of all, so that what the program uses is what it brings.
 *
 * @param directory the root to be, absent or empty
 * @param readOnlyFiles absolute paths at which files of the machine will be shown
 */
export function prepareRoot(directory: string, readOnlyFiles: readonly string[]): void {
  const at = (place: string) => path.join(directory, place);
  for (const place of DIRECTORIES) fs.mkdirSync(at(place), { recursive: true });
  for (const [place, target] of Object.entries(LINKS)) fs.symlinkSync(target, at(place));
  for (const place of PLACEHOLDERS) fs.writeFileSync(at(place), '');
  for (const [place, text] of Object.entries(ETC)) fs.writeFileSync(at(place), text);
  for (const file of ['/etc/hosts', '/etc/resolv.conf']) copyIfThere(file, at(file));
  copyIfThere('/etc/ssl/certs/ca-certificates.crt', at('etc/pki/tls/certs/ca-bundle.crt'));
  fs.copyFileSync(path.join(__dirname, 'bootstrap.cjs'), at('var/runtime/bootstrap.cjs'));

  // There, sh is bash.
  const shell = [...located('sh', 'usr/bin/sh'), ...located('bash', 'usr/bin/sh')];
  const tools = new Map([...shell, ...TOOLS.flatMap((tool) => located(tool, `usr/bin/${tool}`))]);
  const entryTools = new Map(ENTRY_TOOLS.flatMap((tool) => located(tool, `var/rapid/${tool}`)));
  for (const [place, file] of [...tools, ...entryTools]) fs.copyFileSync(file, at(place));
  for (const library of librariesOf([process.execPath, ...tools.values(), ...entryTools.values()])) {
    fs.copyFileSync(library, at(`usr/lib64/${path.basename(library)}`));
  }
  for (const file of readOnlyFiles) {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true });
    fs.writeFileSync(at(file), '');
  }
}

function located(tool: string, place: string): [string, string][] {
  const file = TOOL_DIRECTORIES.map((directory) => path.join(directory, tool)).find((candidate) =>
    fs.existsSync(candidate),
  );
  return file === undefined ? [] : [[place, fs.realpathSync(file)]];
}

function copyIfThere(file: string, target: string): void {
  if (fs.existsSync(file)) fs.copyFileSync(file, target);
}

function librariesOf(programs: string[]): Set<string> {
  const listed = execFileSync('ldd', programs, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return new Set([...listed.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, library]) => library));
}
