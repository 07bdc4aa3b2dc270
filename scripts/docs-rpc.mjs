// Writes the part of docs/rpc.md that is made from the definitions of the RPC methods.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, root } from './setup.mjs';

ensureBuilt();
const { methodReference, rpcMethods } = await import('../dist/src/rpc/index.js');
const path = join(root, 'docs', 'rpc.md');
const parts = /^(.*<!-- methods: begin -->\n).*(<!-- methods: end -->\n.*)$/su.exec(readFileSync(path, 'utf8'));
if (!parts) throw new Error('docs/rpc.md has lost its markers');
writeFileSync(path, `${parts[1]}${methodReference(rpcMethods)}\n${parts[2]}`);
