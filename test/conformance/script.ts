import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { networkParams } from '../../src/params/index.ts';
import {
  addressesOf,
  describeInputFailure,
  disassemble,
  encodeAddress,
  legacySignatureHash,
  ScriptError,
  type ScriptErrorCode,
  ScriptFlag,
  SigHashCache,
  SignatureCache,
  STANDARD_FLAGS,
  scriptHashAddress,
  verifyInput,
} from '../../src/script/index.ts';
import { hexToBytes } from '../../src/util/bytes.ts';
import { hash160, hashFromHex, hashToHex, isZeroHash } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { Transaction } from '../../src/wire/index.ts';
import { coinbaseInput, finalInput, transactionOf } from '../../src/wire/testing/transactions.ts';
import { assemble } from './script-text.ts';
import type { Suite } from './suite.ts';

/** Flags by the names that the recordings use. */
const FLAGS: Readonly<Record<string, number>> = {
  '': 0,
  NONE: 0,
  P2SH: ScriptFlag.bip16,
  NULLDUMMY: ScriptFlag.strictMultiSig,
  DISCOURAGE_UPGRADABLE_NOPS: ScriptFlag.discourageUpgradableNops,
  CHECKLOCKTIMEVERIFY: ScriptFlag.checkLockTimeVerify,
  CHECKSEQUENCEVERIFY: ScriptFlag.checkSequenceVerify,
  CLEANSTACK: ScriptFlag.cleanStack,
  DERSIG: ScriptFlag.derSignatures,
  LOW_S: ScriptFlag.lowS,
  MINIMALDATA: ScriptFlag.minimalData,
  NULLFAIL: ScriptFlag.nullFail,
  SIGPUSHONLY: ScriptFlag.sigPushOnly,
  STRICTENC: ScriptFlag.strictEncoding,
  WITNESS: ScriptFlag.witness,
  DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM: ScriptFlag.discourageUpgradableWitnessProgram,
  MINIMALIF: ScriptFlag.minimalIf,
  WITNESS_PUBKEYTYPE: ScriptFlag.witnessPubKeyType,
};

function flagsOf(text: string): number {
  return text.split(',').reduce((sum, name) => {
    const flag = FLAGS[name];
    if (flag === undefined) throw new Error(`unknown flag ${name}`);
    return sum | flag;
  }, 0);
}

/** Codes of this engine that the public data sums up under one name. */
const EXPECTED: Readonly<Record<string, readonly ScriptErrorCode[]>> = {
  BAD_OPCODE: ['ErrReservedOpcode', 'ErrMalformedPush'],
  CLEANSTACK: ['ErrCleanStack'],
  DISABLED_OPCODE: ['ErrDisabledOpcode'],
  DISCOURAGE_UPGRADABLE_NOPS: ['ErrDiscourageUpgradableNOPs'],
  DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM: ['ErrDiscourageUpgradableWitnessProgram'],
  EQUALVERIFY: ['ErrEqualVerify'],
  EVAL_FALSE: ['ErrEvalFalse', 'ErrEmptyStack'],
  INVALID_ALTSTACK_OPERATION: ['ErrInvalidStackOperation'],
  INVALID_STACK_OPERATION: ['ErrInvalidStackOperation'],
  MINIMALDATA: ['ErrMinimalData'],
  MINIMALIF: ['ErrMinimalIf'],
  NEGATIVE_LOCKTIME: ['ErrNegativeLockTime'],
  NULLFAIL: ['ErrNullFail'],
  OP_COUNT: ['ErrTooManyOperations'],
  OP_RETURN: ['ErrEarlyReturn'],
  PUBKEYTYPE: ['ErrPubKeyType'],
  PUBKEY_COUNT: ['ErrInvalidPubKeyCount'],
  PUSH_SIZE: ['ErrElementTooBig'],
  SCRIPT_SIZE: ['ErrScriptTooBig'],
  SIG_COUNT: ['ErrInvalidSignatureCount'],
  SIG_DER: [
    'ErrSigTooShort',
    'ErrSigTooLong',
    'ErrSigInvalidSeqID',
    'ErrSigInvalidDataLen',
    'ErrSigMissingSTypeID',
    'ErrSigMissingSLen',
    'ErrSigInvalidSLen',
    'ErrSigInvalidRIntID',
    'ErrSigZeroRLen',
    'ErrSigNegativeR',
    'ErrSigTooMuchRPadding',
    'ErrSigInvalidSIntID',
    'ErrSigZeroSLen',
    'ErrSigNegativeS',
    'ErrSigTooMuchSPadding',
    // A signature cut by a byte shows another byte as its hash type, which is checked first.
    'ErrInvalidSigHashType',
  ],
  SIG_HASHTYPE: ['ErrInvalidSigHashType'],
  SIG_HIGH_S: ['ErrSigHighS'],
  SIG_NULLDUMMY: ['ErrSigNullDummy'],
  SIG_PUSHONLY: ['ErrNotPushOnly'],
  STACK_SIZE: ['ErrStackOverflow'],
  UNBALANCED_CONDITIONAL: ['ErrUnbalancedConditional', 'ErrInvalidStackOperation'],
  UNKNOWN_ERROR: ['ErrNumberTooBig', 'ErrMinimalData'],
  UNSATISFIED_LOCKTIME: ['ErrUnsatisfiedLockTime'],
  VERIFY: ['ErrVerify'],
  WITNESS_MALLEATED: ['ErrWitnessMalleated'],
  WITNESS_MALLEATED_P2SH: ['ErrWitnessMalleatedP2SH'],
  WITNESS_PROGRAM_MISMATCH: ['ErrWitnessProgramMismatch'],
  WITNESS_PROGRAM_WITNESS_EMPTY: ['ErrWitnessProgramEmpty'],
  WITNESS_PROGRAM_WRONG_LENGTH: ['ErrWitnessProgramWrongLength'],
  WITNESS_PUBKEYTYPE: ['ErrWitnessPubKeyType'],
  WITNESS_UNEXPECTED: ['ErrWitnessUnexpected'],
};

/** nanoSoter of an amount in coins, as script_tests has them (the transactions have base units). */
function nano(coins: number): bigint {
  return BigInt(Math.round(coins * 1e9));
}

/** The verdict in the words of the recordings: `ok` or code and text. */
function verdict(run: () => void): { code: ScriptErrorCode | 'OK'; text: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof ScriptError) return { code: error.code, text: `${error.code}: ${error.message}` };
    throw error;
  }
  return { code: 'OK', text: 'ok' };
}

/** A coinbase-like transaction with one output, and the transaction that spends it. */
function spend(
  signatureScript: Uint8Array,
  prevScript: Uint8Array,
  amount: bigint,
  witness: Uint8Array[],
): Transaction {
  const credit = transactionOf([coinbaseInput(Uint8Array.of(0, 0))], [{ value: amount, pkScript: prevScript }]);
  const input = finalInput({ hash: credit.txid, index: 0 }, signatureScript, witness);
  return transactionOf([input], [{ value: amount, pkScript: new Uint8Array() }]);
}

type ScriptTest = [comment: string] | [[...witness: string[], amount: number], ...string[]] | string[];

const scriptTests: Suite = {
  name: 'script/script_tests',
  async run({ json, check }) {
    const cache = new SignatureCache(50, new SeededRandom('script_tests'));
    for (const [index, row] of json<ScriptTest[]>('script/script_tests.json').entries()) {
      if (row.length === 1) continue;
      const [first] = row;
      const head: readonly (string | number)[] = Array.isArray(first) ? first : [];
      const [sig, pk, flags, expected, comment] = (Array.isArray(first) ? row.slice(1) : row) as string[];
      await check(`#${index} ${expected} ${comment ?? `${sig} | ${pk}`}`.slice(0, 120), () => {
        const witness = head.slice(0, -1).map((item) => hexToBytes(String(item)));
        const amount = nano(Number(head.at(-1) ?? 0));
        const prevScript = assemble(pk);
        const tx = spend(assemble(sig), prevScript, amount, witness);
        const input = { tx, inputIndex: 0, prevScript, amount, flags: flagsOf(flags) };
        const { code, text } = verdict(() => verifyInput(input));
        if (expected === 'OK') strictEqual(text, 'ok');
        else ok(code !== 'OK' && EXPECTED[expected]?.includes(code), `expected ${expected}, got ${text}`);
        // The cache changes no verdict, neither cold nor warm.
        for (let round = 0; round < 2; round++)
          strictEqual(verdict(() => verifyInput({ ...input, cache, hashes: new SigHashCache(tx) })).text, text);
      });
    }
  },
};

type TxTest = [comment: string] | [[txid: string, index: number, script: string, amount?: number][], string, string];

/** The rules that a transaction must keep by itself, as far as the public data knows them. */
function isSane(tx: Transaction): boolean {
  const limit = 2_100_000_000_000_000n;
  if (tx.inputs.length === 0 || tx.outputs.length === 0) return false;
  let total = 0n;
  for (const { value } of tx.outputs) {
    total += value;
    if (value < 0n || value > limit || total > limit) return false;
  }
  const spent = tx.inputs.map(({ prevout }) => `${hashToHex(prevout.hash)}:${prevout.index}`);
  if (new Set(spent).size !== spent.length) return false;
  if (tx.isCoinbase) return tx.inputs[0].signatureScript.length >= 2 && tx.inputs[0].signatureScript.length <= 100;
  return !tx.inputs.some(({ prevout }) => isZeroHash(prevout.hash) && prevout.index === 0xffffffff);
}

function txSuite(file: 'tx_valid' | 'tx_invalid'): Suite {
  return {
    name: `script/${file}`,
    async run({ json, check }) {
      const cache = new SignatureCache(50, new SeededRandom(file));
      let comment = '';
      for (const [index, row] of json<TxTest[]>(`script/${file}.json`).entries()) {
        if (row.length === 1) {
          comment = row[0];
          continue;
        }
        await check(`#${index} ${comment}`, () => {
          const [prevouts, hex, flags] = row;
          const tx = Transaction.fromBytes(hexToBytes(hex));
          const spent = new Map(
            prevouts.map(([txid, position, script, amount]) => [
              `${hashToHex(hashFromHex(txid))}:${position >>> 0}`,
              { prevScript: assemble(script), amount: BigInt(amount ?? 0) },
            ]),
          );
          const run = (cached: boolean): boolean => {
            if (!isSane(tx)) return false;
            const hashes = new SigHashCache(tx);
            return tx.inputs.every(({ prevout }, inputIndex) => {
              const output = spent.get(`${hashToHex(prevout.hash)}:${prevout.index}`);
              if (!output) throw new Error(`input ${inputIndex} spends an unknown output`);
              const input = { tx, inputIndex, ...output, flags: flagsOf(flags) };
              return verdict(() => verifyInput(cached ? { ...input, hashes, cache } : input)).code === 'OK';
            });
          };
          for (const cached of [false, true, true]) strictEqual(run(cached), file === 'tx_valid');
        });
      }
    },
  };
}

type SigHashTest = [string] | [tx: string, script: string, index: number, type: number, hash: string];

const sigHash: Suite = {
  name: 'script/sighash',
  async run({ json, check }) {
    for (const [index, row] of json<SigHashTest[]>('script/sighash.json').entries()) {
      if (row.length === 1) continue;
      const [txHex, script, inputIndex, type, expected] = row;
      await check(`#${index}`, () => {
        const tx = Transaction.fromBytes(hexToBytes(txHex));
        const hash = legacySignatureHash(new SigHashCache(tx), hexToBytes(script), inputIndex, type);
        strictEqual(hashToHex(hash), expected);
      });
    }
  },
};

interface BlockOrPolicy {
  id: string;
  tx: string;
  input: number;
  script: string;
  amount: number;
  block: string;
  policy: string;
}

const blockOrPolicy: Suite = {
  name: 'script/block_vs_policy',
  async run({ json, check }) {
    for (const row of json<BlockOrPolicy[]>('script/block_vs_policy.json')) {
      const input = {
        tx: Transaction.fromBytes(hexToBytes(row.tx)),
        inputIndex: row.input,
        prevScript: hexToBytes(row.script),
        amount: BigInt(row.amount),
      };
      await check(row.id, () => {
        deepStrictEqual(
          {
            block: verdict(() => verifyInput({ ...input, flags: 0 })).text,
            policy: verdict(() => verifyInput({ ...input, flags: STANDARD_FLAGS })).text,
          },
          { block: row.block, policy: row.policy },
        );
      });
    }
  },
};

interface Submission {
  id: string;
  profile: string;
  tx?: string;
  prevouts?: { txid: string; vout: number; value: number; script: string }[];
  accepted?: boolean;
  error?: { message: string };
}

const FAILED_INPUT = /^TX rejected: (?<text>failed to (?:parse|validate) input .*)$/u;

/** What the memory pool of a running node said of scripts: full texts of refusals, and no word where it accepted. */
const rejectTexts: Suite = {
  name: 'script/reject_texts',
  async run({ json, check }) {
    const { records } = json<{ records: Submission[] }>('mempool/scenario_main.json.gz');
    for (const { id, profile, tx: hex, prevouts, accepted, error } of records) {
      const text = FAILED_INPUT.exec(error?.message ?? '')?.groups?.text;
      if (!hex || !prevouts || (!accepted && text === undefined)) continue;
      await check(`${id} ${profile}`, () => {
        const tx = Transaction.fromBytes(hexToBytes(hex));
        const hashes = new SigHashCache(tx);
        let failure: string | undefined;
        for (const [inputIndex, { prevout }] of tx.inputs.entries()) {
          const spent = prevouts.find(({ txid, vout }) => txid === hashToHex(prevout.hash) && vout === prevout.index);
          if (!spent) throw new Error(`input ${inputIndex} spends an unknown output`);
          const prevScript = hexToBytes(spent.script);
          try {
            verifyInput({ tx, inputIndex, prevScript, amount: BigInt(spent.value), flags: STANDARD_FLAGS, hashes });
          } catch (problem) {
            if (!(problem instanceof ScriptError)) throw problem;
            failure ??= describeInputFailure(problem, tx, inputIndex, prevScript);
          }
        }
        strictEqual(failure, text);
      });
    }
  },
};

interface RpcRecord {
  name: string;
  method: string;
  params: unknown[];
  response?: { result: { asm: string; type: string; reqSigs?: number; addresses?: string[]; p2sh?: string } | null };
}

/** How a running node described scripts. */
const decodeScript: Suite = {
  name: 'script/decodescript',
  async run({ json, check }) {
    const params = networkParams('simnet');
    const walk = async (value: unknown): Promise<void> => {
      if (typeof value !== 'object' || value === null) return;
      const { name, method, params: parameters, response } = value as Partial<RpcRecord>;
      const expected = response?.result;
      if (method !== 'decodescript' || !expected || !parameters) {
        for (const part of Object.values(value)) await walk(part);
        return;
      }
      await check(String(name), () => {
        const hex = String(parameters[0]);
        const script = hexToBytes(hex.length % 2 === 0 ? hex : `0${hex}`);
        const { class: type, requiredSigs, addresses } = addressesOf(script, params);
        const p2sh = encodeAddress(scriptHashAddress(hash160(script), params));
        deepStrictEqual(
          {
            asm: disassemble(script),
            ...(requiredSigs > 0 && { reqSigs: requiredSigs }),
            type,
            ...(addresses.length > 0 && { addresses: addresses.map(encodeAddress) }),
            ...(type !== 'scripthash' && { p2sh }),
          },
          expected,
        );
      });
    };
    await walk(json('rpc/fresh-indexed.json'));
  },
};

/** Suites of the room src/script. */
export const scriptSuites: readonly Suite[] = [
  scriptTests,
  txSuite('tx_valid'),
  txSuite('tx_invalid'),
  sigHash,
  blockOrPolicy,
  rejectTexts,
  decodeScript,
];
