import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../folders.ts';

/** Bytes of a generated user name or password. */
export const CREDENTIAL_BYTES = 20;

/** The configuration file made at the first start. */
export function sampleText(user: string, password: string): string {
  return `[Application Options]

; Configuration of soterd. One key=value a line; keys are the long names of the options that "soterd --help" lists.
; Lines that begin with ; or # are comments. What is given on the command line wins.

; --- Network -----------------------------------------------------------------
; One of these at most; none is the main network.
; testnet=1
; simnet=1

; --- Folders -----------------------------------------------------------------
; datadir=~/.soterd/data
; logdir=~/.soterd/logs

; --- Peers -------------------------------------------------------------------
; addpeer=192.0.2.1
; connect=192.0.2.1
; listen=0.0.0.0:8333
; maxpeers=125
; nolisten=1

; --- RPC ---------------------------------------------------------------------
; Drawn at random when this file was made. Without them the RPC server stays off.
rpcuser=${user}
rpcpass=${password}
; rpclisten=127.0.0.1:8334
; rpcmaxclients=10
; notls=1

; --- Mining ------------------------------------------------------------------
; generate=1
; miningaddr=

; --- Transactions that wait for a block -----------------------------------------
; maxmempool=300
; mempoolexpiry=336
; maxorphantx=100

; --- Log and monitoring ----------------------------------------------------------
; debuglevel=info
; logformat=json
; metricslisten=127.0.0.1:9331
`;
}

/**
 * Writes a configuration file (mode 0600, its folder 0700) with commented examples and random RPC credentials.
 * @throws the error of the file system.
 */
export function writeSampleFile(path: string, randomBytes: (length: number) => Uint8Array): void {
  const credential = () => Buffer.from(randomBytes(CREDENTIAL_BYTES)).toString('base64');
  makeFolder(dirname(path));
  writeFileSync(path, sampleText(credential(), credential()), { mode: 0o600, flag: 'wx' });
}
