/** The part of the client library `bitcoind-rpc` that the tests use; it brings no types. */
declare module 'bitcoind-rpc' {
  type Callback = (
    error: { readonly code: number; readonly message: string } | null,
    answer: { readonly result: unknown },
  ) => void;

  class RpcClient {
    constructor(options: {
      readonly protocol: 'http' | 'https';
      readonly user: string;
      readonly pass: string;
      readonly host: string;
      readonly port: number;
    });
    [method: string]: (...args: readonly unknown[]) => void;
  }

  export = RpcClient;
}
