import type { NetworkParams } from '../../params/index.ts';
import { type Address, AddressError, decodeAddress } from '../../script/index.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';

/** An address of any network, or why a text is none. */
export function tryParseAddress(text: string, params: NetworkParams): Address | { readonly error: string } {
  try {
    return decodeAddress(text, params);
  } catch (error) {
    if (error instanceof AddressError) return { error: error.message };
    throw error;
  }
}

/**
 * An address of any network given as text.
 * @throws {RpcError} -5
 */
export function parseAddress(text: string, params: NetworkParams): Address {
  const address = tryParseAddress(text, params);
  if ('error' in address) throw new RpcError(RpcErrorCode.notFound, `Invalid address or key: ${address.error}`);
  return address;
}
