// Who may import whom (docs/architecture.md, "Rooms"), checked over the real import graph of src/.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import { root } from './setup.mjs';

/** Rooms that each room may import; `util` is open to all, a room may always import itself. */
const mayImport = {
  util: [],
  wire: [],
  params: ['wire'],
  script: ['wire', 'params'],
  pow: ['wire', 'params'],
  store: [],
  dag: ['store', 'pow', 'script', 'params', 'wire'],
  mempool: ['dag', 'script', 'params', 'wire', 'store'],
  mining: ['dag', 'mempool', 'pow', 'script', 'params', 'wire'],
  index: ['dag', 'store', 'script', 'params', 'wire'],
  metrics: [],
  addrmgr: ['wire', 'params'],
  connmgr: ['wire', 'params'],
  peer: ['wire', 'params'],
  netsync: ['dag', 'mempool', 'peer', 'params', 'wire'],
  server: ['addrmgr', 'connmgr', 'netsync', 'peer', 'params', 'wire'],
  rpc: ['script', 'params', 'wire', 'dag', 'mempool', 'mining', 'index', 'metrics', 'server', 'netsync', 'peer', 'pow'],
  node: '*',
  cli: ['node', 'rpc', 'params', 'script', 'wire'],
};

const folderOf = (name) => `^src/${name}/`;
const rooms = Object.keys(mayImport);
const forbidden = [
  {
    name: 'no-cycle',
    severity: 'error',
    from: { path: '^src/' },
    to: { circular: true },
  },
  {
    name: 'rooms-only',
    severity: 'error',
    from: { path: '^src/', pathNot: '\\.test\\.ts$' },
    to: { path: '^(test|bench|scripts)/' },
  },
  {
    name: 'rpc-through-ports',
    severity: 'error',
    comment: 'RPC methods talk to ports; they may name types of other rooms but never hold their code',
    from: { path: '^src/rpc/', pathNot: '\\.test\\.ts$' },
    to: { path: '^src/(dag|mempool|mining|index|metrics|server|netsync|peer|pow)/' },
  },
  {
    name: 'index-only',
    severity: 'error',
    comment: 'another room is entered through its index.ts',
    from: { path: '^src/([^/]+)/', pathNot: '\\.test\\.ts$|^src/(node|cli)/|/testing' },
    to: { path: '^src/([^/]+)/', pathNot: ['^src/$1/', '^src/util/', '/index\\.ts$'] },
  },
];
for (const [room, allowed] of Object.entries(mayImport)) {
  if (allowed === '*') continue;
  const others = rooms.filter((other) => other !== room && other !== 'util' && !allowed.includes(other));
  forbidden.push({
    name: `${room}-imports`,
    severity: 'error',
    from: { path: folderOf(room), pathNot: '\\.test\\.ts$|/testing' },
    to: { path: others.map(folderOf) },
  });
}
forbidden.push({
  name: 'outside-world',
  severity: 'error',
  comment:
    'sockets, files, processes and threads belong to the composition root; hashing and LMDB are computation and storage',
  from: { path: '^src/', pathNot: '\\.test\\.ts$|^src/(node|cli)/|^src/rpc/transport|/testing|/worker-main\\.ts$' },
  to: {
    path: [
      'fs',
      'fs/promises',
      'net',
      'tls',
      'dns',
      'http',
      'https',
      'child_process',
      'worker_threads',
      'timers',
      'os',
      'process',
    ].flatMap((name) => [`^${name}$`, `^node:${name}$`]),
  },
});

process.chdir(root);
const unknown = readdirSync('src', { withFileTypes: true }).filter(
  (entry) => entry.isDirectory() && !(entry.name in mayImport),
);
if (unknown.length > 0) {
  console.error(`rooms without a rule: ${unknown.map((entry) => entry.name).join(' ')}`);
  process.exit(1);
}
const { output } = await cruise(
  ['src'],
  {
    ruleSet: { forbidden },
    validate: true,
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
  { extensions: ['.ts', '.js'] },
);
const { summary } = output;

/** Whether the file imports the other one for its types alone: such an import is gone when the program runs. */
function importsTypesOnly(from, to) {
  const text = readFileSync(from, 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?([^;]*?)\s*from '([^']+)';/gmu);
  const matching = [...statements].filter(([, , , path]) => join(dirname(from), path) === to);
  return (
    matching.length > 0 && matching.every(([, type, names]) => type || /^\{(\s*type\s[^,]*,?)*\s*\}$/u.test(names))
  );
}

// The parser does not tell type imports apart. Between rooms cycles are impossible by the table above.
const violations = summary.violations.filter(({ rule, from, to, cycle }) => {
  if (rule.name === 'rpc-through-ports') return !importsTypesOnly(from, to);
  if (rule.name !== 'no-cycle') return true;
  return !cycle.some(({ name }, index) => importsTypesOnly(index === 0 ? from : cycle[index - 1].name, name));
});
for (const violation of violations) {
  console.error(`${violation.rule.name}: ${violation.from} -> ${violation.to}`);
}
const modules = output.modules.filter((module) => module.source.startsWith('src/')).length;
// A parser that silently understands nothing would find no violation either.
const files = readdirSync('src', { recursive: true }).filter((name) => name.endsWith('.ts')).length;
if (modules < files) {
  console.error(`only ${modules} of ${files} source files were read`);
  process.exit(1);
}

// No hidden time, chance or environment below the composition root: these come in as ports. The time limit of a socket is
// an option of it.
const hidden =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|(?<!\b(?:socket|response)\.)\bset(Timeout|Interval|Immediate)\(|\bqueueMicrotask\(|\bprocess\.(env|argv|hrtime|nextTick)|\bperformance\.now\(|\brandom(Bytes|Int|UUID|FillSync)\(/;
let hiddenCount = 0;
for (const name of readdirSync('src', { recursive: true })) {
  const free = /^(node|cli)[/\\]|\.test\.ts$|[/\\]testing|[/\\]worker-main\.ts$/;
  if (!name.endsWith('.ts') || free.test(name)) continue;
  for (const [number, line] of readFileSync(join('src', name), 'utf8').split('\n').entries()) {
    if (!hidden.test(line) || /^\s*(\*|\/\/|\/\*)/.test(line)) continue;
    console.error(`hidden time, chance or environment: src/${name}:${number + 1}: ${line.trim()}`);
    hiddenCount++;
  }
}
console.log(`layers: ${modules} modules, ${summary.totalDependenciesCruised} imports, ${violations.length} violations`);
process.exit(violations.length + hiddenCount > 0 ? 1 : 0);
