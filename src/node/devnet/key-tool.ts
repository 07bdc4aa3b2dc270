import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { networkParams } from '../../params/index.ts';
import {
  type Address,
  AddressError,
  decodeAddress,
  encodeAddress,
  isForNet,
  payToAddress,
} from '../../script/index.ts';
import { applicationFolder, type PathEnvironment } from '../config/index.ts';
import { KeyRingError, loadKeys, makeKeys, type NamedKey } from './key-ring.ts';
import { type FoundCoin, RpcWallet, RpcWalletError } from './rpc-wallet.ts';

const PARAMS = networkParams('simnet');
const NANO_PER_COIN = 1_000_000_000n;
/** nanoSoter for each input and for the rest of a payment: well above the relay fee. */
const FEE_PER_INPUT = 1_000n;
const FEE_BASE = 1_000n;
/** Most coins of one payment. */
const MAX_INPUTS = 200;

/** Commands of the key tool. */
export const KEY_COMMANDS: readonly string[] = ['keys', 'balance', 'pay'];

/** Help text of the key tool. */
export const KEY_TOOL_HELP = `Usage: soterd devnet keys [--new=N]
       soterd devnet balance
       soterd devnet pay ADDRESS AMOUNT [--from=NAME]

A tool for trying payments in a devnet that is running. It is no wallet: keys lie unencrypted in the folder of the
devnet, and coins are found by looking through all blocks.

  keys           list the keys: those that nodes mine to, and those that were made
  --new=N        make N keys first (BIP 32, path m/i)
  balance        what each key has
  pay            pay AMOUNT coins to ADDRESS, or to a key by its name; change goes back
  --from=NAME    pay with coins of this key only
  --datadir=FOLDER   folder of the devnet (default ~/.soterd/devnet)
`;

/** The command can not be carried out; the message is one clear line. */
class KeyToolError extends Error {
  override name = 'KeyToolError';
}

/** What the tool works with. */
export interface KeyToolDeps extends PathEnvironment {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Runs the key tool.
 * @param args command line behind `devnet`, beginning with one of {@link KEY_COMMANDS}.
 * @returns exit code.
 */
export async function runKeyTool(args: readonly string[], deps: KeyToolDeps): Promise<number> {
  try {
    deps.stdout.write(await run(args, deps));
    return 0;
  } catch (error) {
    const isOurs = error instanceof KeyToolError || error instanceof KeyRingError || error instanceof RpcWalletError;
    if (!isOurs) throw error;
    deps.stderr.write(`soterd devnet: ${error.message}\n`);
    return 1;
  }
}

async function run(args: readonly string[], deps: KeyToolDeps): Promise<string> {
  const { values, positionals } = parse(args);
  if (values.help) return KEY_TOOL_HELP;
  const [command, ...rest] = positionals;
  const folder = values.datadir ?? join(applicationFolder('soterd', deps), 'devnet');
  if (!existsSync(folder)) throw new KeyToolError(`${folder} does not exist: start soterd devnet first`);
  if (rest.length !== (command === 'pay' ? 2 : 0)) throw new KeyToolError(`see soterd devnet ${command} --help`);
  if (command === 'keys') {
    if (values.new !== undefined) makeKeys(folder, PARAMS, wholeNumber(values.new));
    return lines(loadKeys(folder, PARAMS).map(({ name, key }) => [name, key.addressText]));
  }
  const keys = loadKeys(folder, PARAMS);
  const wallet = new RpcWallet(join(folder, 'soterctl.conf'), PARAMS);
  if (command === 'balance') return balance(keys, await wallet.coins(keys));
  const [to = '', amount = ''] = rest;
  return pay(wallet, keys, { to, amount, from: values.from });
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        new: { type: 'string' },
        from: { type: 'string' },
        datadir: { type: 'string', short: 'b' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new KeyToolError(error instanceof Error ? error.message.split('. ')[0]! : String(error));
  }
}

function balance(keys: readonly NamedKey[], coins: readonly FoundCoin[]): string {
  const rows = keys.map(({ name, key }) => {
    const own = coins.filter((coin) => coin.key === key);
    const sum = (immature: boolean) =>
      own.reduce((total, { value, isImmature }) => total + (isImmature === immature ? value : 0n), 0n);
    return [name, key.addressText, coinText(sum(false)), `${coinText(sum(true))} immature`];
  });
  return lines(rows);
}

async function pay(
  wallet: RpcWallet,
  keys: readonly NamedKey[],
  { to, amount, from }: { readonly to: string; readonly amount: string; readonly from: string | undefined },
): Promise<string> {
  const payees = payeeAddress(to, keys);
  const wanted = parseAmount(amount);
  const payers = from === undefined ? keys : keys.filter(({ name }) => name === from);
  if (payers.length === 0) throw new KeyToolError(`there is no key '${from}'`);
  const spendable = (await wallet.coins(payers)).filter(({ isImmature }) => !isImmature);
  for (const { name, key } of payers) {
    const chosen = choose(
      spendable.filter((coin) => coin.key === key),
      wanted,
    );
    if (!chosen) continue;
    const fee = FEE_BASE + FEE_PER_INPUT * BigInt(chosen.length);
    const change = chosen.reduce((sum, { value }) => sum + value, 0n) - wanted - fee;
    const outputs = [{ value: wanted, pkScript: payToAddress(payees) }];
    // Less is not worth its own fee.
    if (change > FEE_BASE) outputs.push({ value: change, pkScript: key.pkScript });
    const txid = await wallet.send(key.pay(chosen, outputs));
    return `${coinText(wanted)} coins from ${name} to ${encodeAddress(payees)}\n${txid}\n`;
  }
  throw new KeyToolError(`no key has ${amount} coins that can be spent; what is mined can be after 100 heights`);
}

/** Large coins first, so that few are needed; undefined if all together are too few. */
function choose(coins: readonly FoundCoin[], wanted: bigint): FoundCoin[] | undefined {
  const chosen: FoundCoin[] = [];
  let sum = 0n;
  for (const coin of [...coins].sort((a, b) => Number(b.value - a.value)).slice(0, MAX_INPUTS)) {
    chosen.push(coin);
    sum += coin.value;
    if (sum >= wanted + FEE_BASE + FEE_PER_INPUT * BigInt(chosen.length)) return chosen;
  }
  return undefined;
}

function payeeAddress(text: string, keys: readonly NamedKey[]): Address {
  const named = keys.find(({ name }) => name === text);
  if (named) return named.key.address;
  try {
    const address = decodeAddress(text, PARAMS);
    if (isForNet(address, PARAMS)) return address;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
  }
  throw new KeyToolError(`'${text}' is neither an address of simnet nor the name of a key`);
}

function parseAmount(text: string): bigint {
  const match = /^(\d{1,7})(?:\.(\d{1,9}))?$/u.exec(text);
  const amount = match ? BigInt(match[1]!) * NANO_PER_COIN + BigInt((match[2] ?? '').padEnd(9, '0')) : 0n;
  if (amount === 0n) throw new KeyToolError(`'${text}' is no amount of coins, such as 1.5`);
  return amount;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,3}$/u.test(text)) throw new KeyToolError(`--new must be a whole number, not '${text}'`);
  return Number(text);
}

function coinText(nano: bigint): string {
  const fraction = (nano % NANO_PER_COIN).toString().padStart(9, '0').replace(/0+$/u, '');
  return `${nano / NANO_PER_COIN}${fraction === '' ? '' : `.${fraction}`}`;
}

function lines(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
