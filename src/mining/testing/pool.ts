import type { Hash } from '../../util/hash.ts';
import { type OutPoint, Transaction } from '../../wire/index.ts';
import type { ScriptRules, SourceEntry, TransactionSource } from '../ports.ts';

/** Script rules without scripts: the first output script's bytes say what a transaction costs and whether it passes. */
export const fakeScripts: ScriptRules = {
  legacySigOpCost: () => 4,
  sigOpCost: ({ outputs: [{ pkScript }] }) => 4 * (pkScript[0] ?? 0),
  verify: ({ outputs: [{ pkScript }] }) => pkScript[1] !== BAD,
  isUnspendable: (pkScript) => pkScript[2] === 0x6a,
};

/** Second byte of an output script whose transaction fails its scripts. */
export const BAD = 0xbb;

/** A transaction to be made up. */
export interface MadeUp {
  readonly inputs: readonly OutPoint[];
  /** nanoSoter, one an output. */
  readonly values: readonly bigint[];
  readonly fee: bigint;
  /** Signature operations (times 4 is the cost), at most 255. */
  readonly sigOps?: number;
  /** Bytes of signature script in the first input. */
  readonly padding?: number;
  readonly bad?: boolean;
  readonly unspendable?: boolean;
  readonly witness?: boolean;
  readonly lockTime?: number;
  readonly sequence?: number;
}

/** Makes a pool entry. */
export function madeUp(parts: MadeUp): SourceEntry {
  const script = Uint8Array.of(parts.sigOps ?? 0, parts.bad ? BAD : 0, parts.unspendable ? 0x6a : 0);
  const transaction = new Transaction({
    version: 1,
    inputs: parts.inputs.map((prevout, i) => ({
      prevout,
      signatureScript: new Uint8Array(i === 0 ? (parts.padding ?? 0) : 0),
      sequence: parts.sequence ?? 0xfffffffe,
      witness: parts.witness ? [Uint8Array.of(1)] : [],
    })),
    outputs: parts.values.map((value) => ({ value, pkScript: script })),
    lockTime: parts.lockTime ?? 0,
  });
  return { transaction, fee: parts.fee, feeRate: (parts.fee * 1000n) / BigInt(transaction.virtualSize) };
}

/** A pool that tests fill by hand. */
export class FakePool implements TransactionSource {
  version = 1;
  readonly #entries: SourceEntry[] = [];

  entries(): readonly SourceEntry[] {
    return this.#entries;
  }

  add(...entries: SourceEntry[]): void {
    this.#entries.push(...entries);
    this.version++;
  }
}

/** A hash filled with a number. */
export function testHash(n: number): Hash {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, n);
  hash[31] = 1;
  return hash;
}
