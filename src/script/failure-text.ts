import { bytesToHex } from '../util/bytes.ts';
import { hashToHex } from '../util/hash.ts';
import type { Transaction } from '../wire/index.ts';
import type { ScriptError } from './errors.ts';

/**
 * The text with which blocks and transactions are refused for a script: which input, which output it spends, why, and
 * all scripts in hex.
 */
export function describeInputFailure(
  error: ScriptError,
  tx: Transaction,
  inputIndex: number,
  prevScript: Uint8Array,
): string {
  const { prevout, signatureScript, witness } = tx.inputs[inputIndex];
  const verb = error.phase === 'setup' ? 'parse' : 'validate';
  const output = `${hashToHex(prevout.hash)}:${prevout.index}`;
  return (
    `failed to ${verb} input ${hashToHex(tx.txid)}:${inputIndex} which references output ${output} - ${error.message} ` +
    `(input witness [${witness.map(bytesToHex).join(' ')}], input script bytes ${bytesToHex(signatureScript)}, ` +
    `prev output script bytes ${bytesToHex(prevScript)})`
  );
}
