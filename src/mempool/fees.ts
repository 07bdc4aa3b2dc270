import { MAX_AMOUNT } from '../params/index.ts';
import { classifyScript } from '../script/index.ts';
import { type TxOutput, varintSize } from '../wire/index.ts';

/** Bytes that spending an output takes: outpoint, script length and sequence, and a signature with its key. */
const INPUT_SIZE = 41;
const SIGNATURE_SIZE = 107;
/** The same in a witness, where a byte counts a quarter. */
const WITNESS_SIGNATURE_SIZE = 26;

/**
 * Fee below which a transaction counts as free.
 * @param virtualSize vbytes.
 * @param minRelayFee nanoSoter per 1,000 bytes.
 * @returns nanoSoter.
 */
export function requiredFee(virtualSize: number, minRelayFee: bigint): bigint {
  const fee = (BigInt(virtualSize) * minRelayFee) / 1000n;
  if (fee === 0n && minRelayFee > 0n) return minRelayFee;
  return fee < 0n || fee > MAX_AMOUNT ? MAX_AMOUNT : fee;
}

/** nanoSoter per 1,000 vbytes, rounded down. */
export function feeRatePerKb(fee: bigint, virtualSize: number): bigint {
  return (fee * 1000n) / BigInt(virtualSize);
}

/**
 * True if an output of standard form is worth less than three times what it costs to make and spend it at the relay
 * fee. By default that is below 546 for a payment to a key hash and below 294 to a witness key hash.
 * @param minRelayFee nanoSoter per 1,000 bytes.
 */
export function isDust({ value, pkScript }: TxOutput, minRelayFee: bigint): boolean {
  const outputSize = 8 + varintSize(pkScript.length) + pkScript.length;
  const isWitness = classifyScript(pkScript).class.startsWith('witness_');
  const total = outputSize + INPUT_SIZE + (isWitness ? WITNESS_SIGNATURE_SIZE : SIGNATURE_SIZE);
  return (value * 1000n) / BigInt(3 * total) < minRelayFee;
}
