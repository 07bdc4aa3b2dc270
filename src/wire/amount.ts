import type { Generation } from './block.ts';

/** Exponent of the base unit: one nanoSoter is 10^-9 coins. */
const NANO_EXPONENT = 9;
const I64_MIN = -(2n ** 63n);

/** A number that is no amount. */
export class AmountError extends Error {
  override name = 'AmountError';
}

/**
 * An amount in another unit, as a double: amounts above 2^53 lose digits, as in known nodes.
 * @param nano nanoSoter.
 * @param exponent power of ten of the unit in coins: 0 is whole coins, 3 thousands, -9 nanoSoter.
 */
export function amountToUnit(nano: bigint, exponent = 0): number {
  return Number(nano) / Number(`1e${exponent + NANO_EXPONENT}`);
}

/** Name of a unit. Generation 4 says SOTER where generation 2 says SOTO. */
export function amountUnitName(exponent: number, generation: Generation): string {
  const coin = generation === 2 ? 'SOTO' : 'SOTER';
  switch (exponent) {
    case 6:
      return `M${coin}`;
    case 3:
      return `k${coin}`;
    case 0:
      return coin;
    case -3:
      return `m${coin}`;
    case -6:
      return `μ${coin}`;
    case -9:
      return 'nSoter';
    default:
      return `1e${exponent} ${coin}`;
  }
}

/**
 * Text of an amount with its unit: the fewest digits that identify the double, without an exponent. Units below
 * nanoSoter get one decimal more for every power of ten.
 */
export function formatAmount(nano: bigint, exponent = 0, generation: Generation = 2): string {
  const value = amountToUnit(nano, exponent);
  const decimals = -(exponent + NANO_EXPONENT);
  const text = decimals >= 0 ? fixed(value, decimals) : plain(value);
  return `${text} ${amountUnitName(exponent, generation)}`;
}

/**
 * The amount of a number of coins, rounded half away from zero in double arithmetic. Values beyond 64 bits become the
 * smallest 64-bit integer, as in known nodes; the range of valid amounts is the caller's business.
 * @throws {AmountError} for NaN and infinities.
 */
export function coinsToNano(coins: number): bigint {
  if (!Number.isFinite(coins)) throw new AmountError('invalid soter amount');
  return roundToI64(coins * 1e9);
}

/** An amount times a double, rounded like {@link coinsToNano}. */
export function multiplyAmount(nano: bigint, factor: number): bigint {
  return roundToI64(Number(nano) * factor);
}

function roundToI64(value: number): bigint {
  if (!Number.isFinite(value)) return I64_MIN;
  const rounded = BigInt(Math.trunc(value < 0 ? value - 0.5 : value + 0.5));
  return rounded === BigInt.asIntN(64, rounded) ? rounded : I64_MIN;
}

/** Exact decimals of a double; doubles from 10^21 are integers. */
function fixed(value: number, decimals: number): string {
  return Math.abs(value) < 1e21 ? value.toFixed(decimals) : `${BigInt(value)}.${'0'.repeat(decimals)}`;
}

/** The shortest digits that give the double back, written without an exponent. */
function plain(value: number): string {
  const [mantissa, exponentText] = value.toString().split('e');
  if (exponentText === undefined) return mantissa;
  const exponent = Number(exponentText);
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole, fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = whole + fraction;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return sign + digits.padEnd(exponent + 1, '0');
}
