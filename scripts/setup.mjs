// Makes a bare checkout ready to run: installs packages and compiles the sources, each only if something changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

function run(command, args) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Installs the locked packages unless node_modules already came from this very lock file and Node.js version. */
function ensureInstalled() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).update(process.versions.modules).digest('hex');
  const stampFile = join(root, 'node_modules', '.soterd-installed');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  console.log('Installing packages ...');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stampFile, wanted);
}

/** Hash over names, sizes and modification times of everything that goes into the build. */
function sourceFingerprint() {
  const hash = createHash('sha256');
  const visit = (path) => {
    const info = statSync(path);
    if (info.isDirectory()) {
      for (const name of readdirSync(path).sort()) visit(join(path, name));
    } else if (!path.endsWith('.test.ts')) {
      hash.update(`${path} ${info.size} ${info.mtimeMs}\n`);
    }
  };
  for (const name of [
    'src',
    'bench',
    'test',
    'examples',
    'wasm',
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
  ]) {
    if (existsSync(join(root, name))) visit(join(root, name));
  }
  return hash.digest('hex');
}

/** Compiles src, bench and test into dist unless dist is up to date. */
export function ensureBuilt() {
  const stampFile = join(root, 'dist', '.built-from');
  const wanted = sourceFingerprint();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  console.log('Compiling ...');
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampFile, wanted);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`soterd needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}
ensureInstalled();
