// Compiles wasm/src to wasm/build. The result is committed, so that running the node needs no compiler; `--check` (part of
// the tests) compiles again and fails if the committed result is not what the sources give.
//
// The binary is stored as base64 in a TypeScript module: the rooms below src/node may not read files, and a module needs
// no search for its path in sources, in dist or in a worker thread.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Name of the source file in wasm/src, and of the constant that holds the result. */
const modules = [
  { name: 'sha256d', constant: 'SHA256D_WASM' },
  { name: 'set-hash', constant: 'SET_HASH_WASM' },
];

async function compile(name) {
  let binary;
  const { error, stderr } = await asc.main(
    [
      `${name}.ts`,
      ...['--outFile', 'out.wasm', '-O3', '--converge', '--noAssert'],
      ...['--runtime', 'stub', '--enable', 'simd', '--zeroFilledMemory'],
    ],
    {
      readFile: (file) => {
        try {
          return readFileSync(join(root, 'wasm', 'src', file), 'utf8');
        } catch {
          return null; // The compiler tries several paths for one import and takes the first that answers.
        }
      },
      writeFile: (file, contents) => {
        if (file === 'out.wasm') binary = contents;
      },
    },
  );
  if (error) throw new Error(`${name}: ${error.message}\n${stderr.toString()}`);
  return Buffer.from(binary);
}

function render(name, constant, binary) {
  const lines = binary
    .toString('base64')
    .match(/.{1,110}/g)
    .map((line) => `  '${line}'`);
  return `// Built by scripts/build-wasm.mjs from wasm/src/${name}.ts. Do not edit.
/** The WebAssembly binary (${binary.length} bytes) in base64. */
export const ${constant}: string =
${lines.join(' +\n')};
`;
}

const check = process.argv.includes('--check');
mkdirSync(join(root, 'wasm', 'build'), { recursive: true });
for (const { name, constant } of modules) {
  const file = join(root, 'wasm', 'build', `${name}.ts`);
  const text = render(name, constant, await compile(name));
  if (!check) {
    writeFileSync(file, text);
    console.log(`wasm/build/${name}.ts written`);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`wasm/build/${name}.ts does not match wasm/src: run node scripts/build-wasm.mjs`);
    process.exitCode = 1;
  } else {
    console.log(`wasm/build/${name}.ts matches its sources`);
  }
}
