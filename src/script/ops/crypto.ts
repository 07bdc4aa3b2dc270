import { hash as digest } from 'node:crypto';
import { hash160, sha256, sha256d } from '../../util/hash.ts';
import type { ScriptErrorCode } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { Op } from '../opcodes.ts';
import { checkMultiSig, checkSig } from '../signature-check.ts';
import { type OpHandler, type OpTable, verifyTop } from './handler.ts';

function hashing(hash: (data: Uint8Array) => Uint8Array): OpHandler {
  return ({ stack }) => stack.push(hash(stack.pop()));
}

function nodeHash(algorithm: 'ripemd160' | 'sha1'): OpHandler {
  return hashing((data) => digest(algorithm, data, 'buffer'));
}

function pushCheck(check: (machine: Machine) => boolean): OpHandler {
  return (machine) => machine.stack.pushBool(check(machine));
}

function verifyCheck(check: (machine: Machine) => boolean, code: ScriptErrorCode): OpHandler {
  return (machine, opcode) => {
    machine.stack.pushBool(check(machine));
    verifyTop(machine, opcode, code);
  };
}

/** Hashes and signatures. */
export const cryptoOps: OpTable = [
  [Op.RIPEMD160, nodeHash('ripemd160')],
  [Op.SHA1, nodeHash('sha1')],
  [Op.SHA256, hashing(sha256)],
  [Op.HASH160, hashing(hash160)],
  [Op.HASH256, hashing(sha256d)],
  [Op.CODESEPARATOR, (machine, _opcode, end) => machine.separateCode(end)],
  [Op.CHECKSIG, pushCheck(checkSig)],
  [Op.CHECKSIGVERIFY, verifyCheck(checkSig, 'ErrCheckSigVerify')],
  [Op.CHECKMULTISIG, pushCheck(checkMultiSig)],
  [Op.CHECKMULTISIGVERIFY, verifyCheck(checkMultiSig, 'ErrCheckMultiSigVerify')],
];
