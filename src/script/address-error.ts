/** A text that is not an address, a key or an extended key. `message` is the text that RPC clients see. */
export class AddressError extends Error {
  override name = 'AddressError';
}
