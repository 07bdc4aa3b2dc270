import type { Transaction } from '../wire/index.ts';
import type { SpentOutput } from './input-view.ts';

/** What an input costs at least; it does not count, so that tidying up small outputs is not punished. */
const FREE_INPUT_SIZE = 41;
const FREE_SCRIPT_SIZE = 110;

/** Size by which priorities are divided: bytes of the witness form without the free part of each input. May be negative. */
export function prioritySize(tx: Transaction): number {
  let size = tx.size;
  for (const { signatureScript } of tx.inputs)
    size -= FREE_INPUT_SIZE + Math.min(FREE_SCRIPT_SIZE, signatureScript.length);
  return size;
}

/**
 * Priority of a transaction: the sum of value × age over its confirmed inputs, divided by its {@link prioritySize}.
 * @param spent what it spends, one an input.
 * @param height at which ages are measured, in heights.
 */
export function priorityAt(tx: Transaction, spent: readonly SpentOutput[], height: number): number {
  const size = prioritySize(tx);
  if (size <= 0) return 0;
  let valueAge = 0;
  for (const { output, parent } of spent) {
    if (!parent) valueAge += Number(output.value * BigInt(height - output.height));
  }
  return valueAge / size;
}

/** The shortest digits of a number, with an exponent from 10^6 on and below 10^-4: `%g` of the C and Go libraries. */
export function formatShort(value: number): string {
  const [mantissa, exponentText] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(value);
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
}
