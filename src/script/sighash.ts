import { asBuffer, concatBytes, EMPTY_BYTES } from '../util/bytes.ts';
import { type Hash, sha256d, ZERO_HASH } from '../util/hash.ts';
import { ByteWriter } from '../wire/index.ts';
import { ScriptError } from './errors.ts';
import { Op } from './opcodes.ts';
import { isCanonicalPush, ScriptCursor, view } from './parse.ts';
import { BLANK_INPUT_SIZE, OUTPOINT_SIZE, type SigHashCache } from './sighash-cache.ts';

/** Hash types: which parts of the transaction a signature covers. {@link SigHash.anyOneCanPay} is added to the others. */
export const SigHash = { all: 1, none: 2, single: 3, anyOneCanPay: 0x80 } as const;

/** Bits of a hash type that choose between all, none and single. */
const TYPE_MASK = 0x1f;

/** What is signed is put together here unless it is unusually long: it is hashed at once and not needed again. */
const SCRATCH_SIZE = 16_384;
const scratch = new ByteWriter(SCRATCH_SIZE);

/** What a legacy SINGLE signature signs if its input has no output of the same index: the number one. */
const ONE_HASH: Hash = Uint8Array.of(1, ...new Uint8Array(31));

/** An output that SINGLE blanks: value -1 and an empty script. */
const BLANK_OUTPUT = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0);

/**
 * The script code of a legacy signature: `script` without every canonical push whose data contains `signature` (with
 * its hash type byte) anywhere. Bitcoin Core wants the data to equal the signature; the substring rule is consensus
 * here. An empty signature, possible in a multisig only, is contained in everything and takes every canonical opcode
 * away. Returns `script` itself if nothing is removed.
 */
export function removeSignature(script: Uint8Array, signature: Uint8Array): Uint8Array {
  if (signature.length > script.length) return script;
  const needle = asBuffer(signature);
  if (needle.length > 0 && !asBuffer(script).includes(needle)) return script;
  return removeOps(
    script,
    (cursor) => asBuffer(cursor.data).includes(needle) && isCanonicalPush(cursor.opcode, cursor.data),
  );
}

function removeCodeSeparators(script: Uint8Array): Uint8Array {
  if (!script.includes(Op.CODESEPARATOR)) return script;
  return removeOps(script, (cursor) => cursor.opcode === Op.CODESEPARATOR);
}

function removeOps(script: Uint8Array, matches: (cursor: ScriptCursor) => boolean): Uint8Array {
  const kept: Uint8Array[] = [];
  let from = 0;
  const cursor = new ScriptCursor(script);
  while (cursor.next()) {
    if (!matches(cursor)) continue;
    kept.push(view(script, from, cursor.start));
    from = cursor.offset;
  }
  if (from === 0) return script;
  kept.push(view(script, from, script.length));
  return concatBytes(...kept);
}

/**
 * The hash that a signature in a script other than a witness program signs.
 * @param scriptCode the running script from behind its last executed CODESEPARATOR, see {@link removeSignature}.
 *   Further CODESEPARATORs are left out here.
 * @param hashType any 32-bit number; signatures carry one byte.
 * @throws {ScriptError} `ErrInvalidIndex`; `ErrMalformedPush` for a script code that does not parse.
 */
export function legacySignatureHash(
  cache: SigHashCache,
  scriptCode: Uint8Array,
  inputIndex: number,
  hashType: number,
): Hash {
  const { tx } = cache;
  checkIndex(inputIndex, tx.inputs.length);
  const code = removeCodeSeparators(scriptCode);
  const masked = hashType & TYPE_MASK;
  const single = masked === SigHash.single;
  if (single && inputIndex >= tx.outputs.length) return ONE_HASH;

  const alone = (hashType & SigHash.anyOneCanPay) !== 0;
  const blank = single || masked === SigHash.none ? cache.blankInputsNoSequence : cache.blankInputs;
  const begin = inputIndex * BLANK_INPUT_SIZE;
  const end = begin + BLANK_INPUT_SIZE;
  const outputs =
    masked === SigHash.none ? EMPTY_BYTES : single ? singleOutput(cache, inputIndex, BLANK_OUTPUT) : cache.outputs;
  const outputCount = masked === SigHash.none ? 0 : single ? inputIndex + 1 : tx.outputs.length;

  const size = (alone ? BLANK_INPUT_SIZE : blank.length) + code.length + outputs.length + 40;
  const writer = size <= SCRATCH_SIZE ? scratch : new ByteWriter(size);
  writer.clear();
  writer.i32(tx.version);
  writer.varint(alone ? 1 : tx.inputs.length);
  if (!alone) writer.bytes(view(blank, 0, begin));
  writer.bytes(view(blank, begin, begin + OUTPOINT_SIZE));
  writer.varBytes(code);
  writer.u32(tx.inputs[inputIndex].sequence);
  if (!alone) writer.bytes(view(blank, end, blank.length));
  writer.varint(outputCount);
  writer.bytes(outputs);
  writer.u32(tx.lockTime);
  writer.u32(hashType);
  return sha256d(writer.finish());
}

/** One output, serialised, behind a copy of `filler` for each output before it. */
function singleOutput(cache: SigHashCache, index: number, filler: Uint8Array): Uint8Array {
  const { value, pkScript } = cache.tx.outputs[index];
  const writer = new ByteWriter(index * filler.length + pkScript.length + 17);
  for (let i = 0; i < index; i++) writer.bytes(filler);
  writer.i64(value);
  writer.varBytes(pkScript);
  return writer.finish();
}

/**
 * The hash that a signature in a version 0 witness program signs (BIP 143).
 * @param scriptCode for a key hash program the pay-to-pubkey-hash script of that hash; otherwise the witness script
 *   from behind its last executed CODESEPARATOR.
 * @param amount value of the spent output, nanoSoter.
 * @param hashType any 32-bit number. The outputs are covered by a bit test that differs from BIP 143 for undefined types
 *   such as 6 only.
 * @throws {ScriptError} `ErrInvalidIndex`.
 */
export function witnessSignatureHash(
  cache: SigHashCache,
  scriptCode: Uint8Array,
  inputIndex: number,
  amount: bigint,
  hashType: number,
): Hash {
  const { tx } = cache;
  checkIndex(inputIndex, tx.inputs.length);
  const masked = hashType & TYPE_MASK;
  const alone = (hashType & SigHash.anyOneCanPay) !== 0;
  const allSequences = !alone && masked !== SigHash.single && masked !== SigHash.none;
  const { prevout, sequence } = tx.inputs[inputIndex];

  const writer = new ByteWriter(scriptCode.length + 170);
  writer.i32(tx.version);
  writer.hash(alone ? ZERO_HASH : cache.hashPrevouts);
  writer.hash(allSequences ? cache.hashSequence : ZERO_HASH);
  writer.hash(prevout.hash);
  writer.u32(prevout.index);
  writer.varBytes(scriptCode);
  writer.i64(amount);
  writer.u32(sequence);
  // Both 2 and 3 have bit 2 set, and so has every type whose outputs are not covered as a whole.
  if ((hashType & SigHash.none) === 0) writer.hash(cache.hashOutputs);
  else if (masked === SigHash.single && inputIndex < tx.outputs.length)
    writer.hash(sha256d(singleOutput(cache, inputIndex, EMPTY_BYTES)));
  else writer.hash(ZERO_HASH);
  writer.u32(tx.lockTime);
  writer.u32(hashType);
  return sha256d(writer.finish());
}

function checkIndex(index: number, count: number): void {
  if (index < 0 || index >= count)
    throw new ScriptError('ErrInvalidIndex', `transaction input index ${index} is negative or >= ${count}`, 'setup');
}
