import { Transaction, WireError } from '../../wire/index.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import { parseHex } from './hash-param.ts';

/**
 * A transaction given as hexadecimal text; bytes after it are ignored.
 * @throws {RpcError} -22
 */
export function parseTransaction(hex: string): Transaction {
  const bytes = parseHex(hex);
  try {
    return Transaction.fromBytes(bytes, 'witness', { allowTrailing: true });
  } catch (error) {
    if (error instanceof WireError) throw new RpcError(RpcErrorCode.decode, `TX decode failed: ${error.message}`);
    throw error;
  }
}
