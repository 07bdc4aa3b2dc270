import type { NetworkParams } from '../../params/index.ts';
import { type Address, AddressError, decodeAddress } from '../../script/index.ts';
import { HashParseError, hashFromHex } from '../../util/hash.ts';
import type { OutPoint } from '../../wire/index.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import { parseHash } from '../objects/hash-param.ts';
import { listOf, objectType, string, uint32 } from '../params/types.ts';

/** An output as clients name it. */
export interface NamedOutput {
  readonly hash: string;
  readonly index: number;
}

/** Type of a list of outputs. */
export const outputList = listOf(objectType('soterjson.OutPoint', { hash: string, index: uint32 }));

/** Reads outputs. @throws {RpcError} -22 */
export function parseOutputs(outputs: readonly NamedOutput[]): readonly OutPoint[] {
  return outputs.map(({ hash, index }) => ({ hash: parseHash(hash), index }));
}

/** Reads outputs of a filter, which has an error of its own. @throws {RpcError} -8 */
export function parseFilterOutputs(outputs: readonly NamedOutput[]): readonly OutPoint[] {
  return outputs.map(({ hash, index }) => ({ hash: parseHashOr(hash, RpcErrorCode.invalidParameter), index }));
}

/** Reads a hash. @throws {RpcError} of this code, with the parser's text. */
export function parseHashOr(text: string, code: RpcErrorCode): OutPoint['hash'] {
  try {
    return hashFromHex(text);
  } catch (error) {
    if (error instanceof HashParseError) throw new RpcError(code, error.message);
    throw error;
  }
}

/** Reads an address, or says why it is none. */
export function readAddress(text: string, params: NetworkParams): Address | { readonly problem: string } {
  try {
    return decodeAddress(text, params);
  } catch (error) {
    if (error instanceof AddressError) return { problem: error.message };
    throw error;
  }
}

/** @throws {RpcError} -5 if some text is no address. */
export function checkAddresses(texts: readonly string[], params: NetworkParams): void {
  for (const text of texts) {
    if ('problem' in readAddress(text, params))
      throw new RpcError(RpcErrorCode.notFound, `Invalid address or key: ${text}`);
  }
}
