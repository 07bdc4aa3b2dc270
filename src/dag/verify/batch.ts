import { NO_FLAGS, ScriptError, SigHashCache, verifyInput } from '../../script/index.ts';
import { ByteReader, ByteWriter, Transaction } from '../../wire/index.ts';

/** Length that says: what this input spends is not known, leave it out. */
const UNKNOWN = 0xffffffff;
/** The rules of blocks have no flags, so no script asks what an output is worth. */
const NO_AMOUNT = 0n;

/** A transaction whose inputs are to be verified. */
export interface BatchTransaction {
  readonly tx: Transaction;
  /** For each input the public key script of the output it spends; undefined: leave it out. */
  readonly scripts: readonly (Uint8Array | undefined)[];
}

/**
 * Packs transactions for {@link verifyBatch}, for a way between threads that copies no objects: for each, u32 length and the
 * bytes of its witness form, and for each of its inputs u32 length and bytes of the public key script that is spent.
 */
export function encodeBatch(transactions: readonly BatchTransaction[]): ArrayBuffer {
  let size = 0;
  for (const { tx, scripts } of transactions) {
    size += 4 + tx.size;
    for (const script of scripts) size += 4 + (script?.length ?? 0);
  }
  const batch = new ArrayBuffer(size);
  const writer = new ByteWriter(new Uint8Array(batch));
  for (const { tx, scripts } of transactions) {
    writer.u32(tx.size);
    tx.write(writer, 'witness');
    for (const script of scripts) {
      writer.u32(script?.length ?? UNKNOWN);
      if (script) writer.bytes(script);
    }
  }
  return batch;
}

/**
 * Runs the scripts of a batch by the rules of blocks.
 * @param interrupted asked before each input; true leaves out the rest.
 * @returns a byte for each input of each transaction, in order: 1 if its scripts succeed, otherwise 0: it fails, was left
 *   out, or must be looked at again to learn why it fails.
 */
export function verifyBatch(batch: ArrayBuffer, interrupted: () => boolean = () => false): Uint8Array {
  const reader = new ByteReader(new Uint8Array(batch));
  const verdicts: number[] = [];
  while (reader.remaining > 0) {
    const length = reader.u32();
    const start = reader.offset;
    const tx = Transaction.read(new ByteReader(reader.source, start, start + length), 'witness');
    reader.offset = start + length;
    const hashes = new SigHashCache(tx);
    for (let inputIndex = 0; inputIndex < tx.inputs.length; inputIndex++) {
      const scriptLength = reader.u32();
      if (scriptLength === UNKNOWN) {
        verdicts.push(0);
        continue;
      }
      const prevScript = reader.bytes(scriptLength);
      verdicts.push(!interrupted() && succeeds(tx, inputIndex, prevScript, hashes) ? 1 : 0);
    }
  }
  return Uint8Array.from(verdicts);
}

/** True if the scripts of an input succeed by the rules of blocks. */
export function succeeds(tx: Transaction, inputIndex: number, prevScript: Uint8Array, hashes: SigHashCache): boolean {
  try {
    verifyInput({ tx, inputIndex, prevScript, amount: NO_AMOUNT, flags: NO_FLAGS, hashes });
    return true;
  } catch (error) {
    if (error instanceof ScriptError) return false;
    throw error;
  }
}
