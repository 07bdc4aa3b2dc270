/** A setting that can not be used; the message is one line for the user. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}
