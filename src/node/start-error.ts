/** A node could not be started; the message is one clear line for the operator. */
export class StartError extends Error {
  override name = 'StartError';
}
