import { isSmallInt, smallIntValue } from './opcodes.ts';
import { view } from './parse.ts';

/** A witness program (BIP 141). */
export interface WitnessProgram {
  /** 0..16. */
  readonly version: number;
  /** 2..40 bytes, a view into the script. */
  readonly program: Uint8Array;
}

/** The witness program that a script consists of: a small integer and one direct push of 2 to 40 bytes. */
export function parseWitnessProgram(script: Uint8Array): WitnessProgram | undefined {
  const { length } = script;
  if (length < 4 || length > 42 || !isSmallInt(script[0]) || script[1] !== length - 2) return undefined;
  return { version: smallIntValue(script[0]), program: view(script, 2, length) };
}

/** The witness program in a signature script that is exactly one direct push of it (pay-to-script-hash nesting). */
export function parseNestedProgram(signatureScript: Uint8Array): WitnessProgram | undefined {
  const { length } = signatureScript;
  if (length === 0 || signatureScript[0] !== length - 1) return undefined;
  return parseWitnessProgram(view(signatureScript, 1, length));
}
