const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA4 = 0x4e;
const OP_1 = 0x51;
const OP_16 = 0x60;
const OP_CHECKSIG = 0xac;
const OP_CHECKMULTISIG = 0xae;

/** One operation of a script: its code, and its data if it pushes some. */
interface Operation {
  readonly code: number;
  readonly data?: Uint8Array;
}

/** The operations of a script; undefined if a push runs over the end. */
function operations(script: Uint8Array): Operation[] | undefined {
  const result: Operation[] = [];
  let at = 0;
  while (at < script.length) {
    const code = script[at++];
    if (code > OP_PUSHDATA4) {
      result.push({ code });
      continue;
    }
    let length = code;
    if (code >= OP_PUSHDATA1) {
      const width = 1 << (code - OP_PUSHDATA1);
      if (at + width > script.length) return undefined;
      length = 0;
      for (let i = width - 1; i >= 0; i--) length = length * 256 + script[at + i];
      at += width;
    }
    if (length > script.length - at) return undefined;
    result.push({ code, data: script.subarray(at, at + length) });
    at += length;
  }
  return result;
}

/** Data of all pushes of a script, empty ones included; undefined if it does not parse. */
export function dataPushes(script: Uint8Array): Uint8Array[] | undefined {
  return operations(script)?.flatMap(({ data }) => (data ? [data] : []));
}

/** True for bare public key and bare multi-signature scripts, the only ones a spender must know the outpoint of. */
export function paysToBareKeys(script: Uint8Array): boolean {
  const ops = operations(script);
  const last = ops?.at(-1)?.code;
  if (!ops || last === undefined) return false;
  if (last === OP_CHECKSIG) return ops.length === 2 && isKey(ops[0]);
  if (last !== OP_CHECKMULTISIG || ops.length < 4) return false;
  const keys = ops.slice(1, -2);
  return smallInteger(ops[0]) !== undefined && smallInteger(ops[ops.length - 2]) === keys.length && keys.every(isKey);
}

function isKey({ data }: Operation): boolean {
  return data?.length === 33 || data?.length === 65;
}

function smallInteger({ code }: Operation): number | undefined {
  if (code === 0) return 0;
  return code >= OP_1 && code <= OP_16 ? code - OP_1 + 1 : undefined;
}
