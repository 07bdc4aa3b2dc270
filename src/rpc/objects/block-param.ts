import { Block, WireError } from '../../wire/index.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';

/**
 * A block given in serialised form; bytes after it are ignored.
 * @throws {RpcError} -22
 */
export function parseBlock(bytes: Uint8Array, generation: Block['generation']): Block {
  try {
    return Block.fromBytes(bytes, generation);
  } catch (error) {
    if (error instanceof WireError) throw new RpcError(RpcErrorCode.decode, `Block decode failed: ${error.message}`);
    throw error;
  }
}
