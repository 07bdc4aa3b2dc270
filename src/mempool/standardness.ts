import { classifyScript, isPushOnly, p2shSigOps, type ScriptTemplate } from '../script/index.ts';
import { RejectCode, type Transaction, type TxInput, type TxOutput } from '../wire/index.ts';
import { nonStandard, PolicyError } from './errors.ts';
import { isDust } from './fees.ts';
import { effectiveLockTime, isFinalAt } from './finality.ts';
import type { SpentOutput } from './input-view.ts';

const MAX_VERSION = 2;
const MAX_WEIGHT = 400_000;
const MAX_SIGNATURE_SCRIPT_SIZE = 1650;
const MAX_MULTISIG_KEYS = 3;
const MAX_REDEEM_SIGOPS = 15;

/** Against what a transaction is judged. */
export interface StandardContext {
  /** Height of the next block. */
  readonly height: number;
  /** Median time of the block connected last, Unix seconds. */
  readonly medianTime: number;
  /** nanoSoter per 1,000 bytes. */
  readonly minRelayFee: bigint;
}

/**
 * Whether a transaction has one of the usual forms. Needs nothing of what it spends.
 * @throws {PolicyError} naming the first oddity, without saying in which transaction.
 */
export function checkStandardForm(tx: Transaction, { height, medianTime, minRelayFee }: StandardContext): void {
  const { version, weight, inputs, outputs } = tx;
  if (version < 1 || version > MAX_VERSION) {
    throw nonStandard(`transaction version ${version} is not in the valid range of 1-${MAX_VERSION}`);
  }
  if (!isFinalAt(effectiveLockTime(tx), height, medianTime)) throw nonStandard('transaction is not finalized');
  if (weight > MAX_WEIGHT) {
    throw nonStandard(`weight of transaction ${weight} is larger than max allowed weight of ${MAX_WEIGHT}`);
  }
  for (const [i, input] of inputs.entries()) checkSignatureScript(i, input);
  let nullData = 0;
  for (const [i, output] of outputs.entries()) {
    const template = classifyScript(output.pkScript);
    if (template.class === 'nulldata') nullData++;
    const problem = outputProblem(output, template, minRelayFee);
    if (problem) throw new PolicyError(problem.rejectCode, `transaction output ${i}: ${problem.message}`);
  }
  if (nullData > 1) throw nonStandard('more than one transaction output in a nulldata script');
}

function checkSignatureScript(index: number, { signatureScript }: TxInput): void {
  const { length } = signatureScript;
  if (length > MAX_SIGNATURE_SCRIPT_SIZE) {
    throw nonStandard(
      `transaction input ${index}: signature script size of ${length} bytes is large than max allowed size of ${MAX_SIGNATURE_SCRIPT_SIZE} bytes`,
    );
  }
  if (!isPushOnly(signatureScript)) throw nonStandard(`transaction input ${index}: signature script is not push only`);
}

function outputProblem(output: TxOutput, template: ScriptTemplate, minRelayFee: bigint): PolicyError | undefined {
  if (template.class === 'nonstandard') return nonStandard('non-standard script form');
  if (template.class === 'multisig') {
    const problem = multiSigProblem(template.pushes.length, template.requiredSigs);
    if (problem !== undefined) return nonStandard(`multi-signature script with ${problem}`);
  }
  if (template.class === 'nulldata' || !isDust(output, minRelayFee)) return undefined;
  return new PolicyError(RejectCode.dust, `payment of ${output.value} is dust`);
}

function multiSigProblem(keys: number, signatures: number): string | undefined {
  if (keys > MAX_MULTISIG_KEYS) {
    return `${keys} public keys which is more than the allowed max of ${MAX_MULTISIG_KEYS}`;
  }
  if (signatures < 1) return 'no signatures';
  return signatures > keys
    ? `${signatures} signatures which is more than the available ${keys} public keys`
    : undefined;
}

/**
 * Whether the outputs that a transaction spends have a usual form, and are not more expensive to check than usual.
 * @param spent one an input.
 * @throws {PolicyError} naming the first oddity, without saying in which transaction.
 */
export function checkStandardInputs({ inputs }: Transaction, spent: readonly SpentOutput[]): void {
  for (const [i, { signatureScript }] of inputs.entries()) {
    const { pkScript } = spent[i].output;
    const { class: form } = classifyScript(pkScript);
    if (form === 'nonstandard') throw nonStandard(`transaction input #${i} has a non-standard script form`);
    const sigOps = form === 'scripthash' ? p2shSigOps(signatureScript, pkScript) : 0;
    if (sigOps > MAX_REDEEM_SIGOPS) {
      throw nonStandard(
        `transaction input #${i} has ${sigOps} signature operations which is more than the allowed max amount of ${MAX_REDEEM_SIGOPS}`,
      );
    }
  }
}
