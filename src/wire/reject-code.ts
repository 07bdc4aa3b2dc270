/** Why a message was refused (BIP 61). */
export const RejectCode = {
  malformed: 0x01,
  invalid: 0x10,
  obsolete: 0x11,
  duplicate: 0x12,
  nonstandard: 0x40,
  dust: 0x41,
  insufficientFee: 0x42,
  checkpoint: 0x43,
} as const;

const names = new Map<number, string>([
  [RejectCode.malformed, 'REJECT_MALFORMED'],
  [RejectCode.invalid, 'REJECT_INVALID'],
  [RejectCode.obsolete, 'REJECT_OBSOLETE'],
  [RejectCode.duplicate, 'REJECT_DUPLICATE'],
  [RejectCode.nonstandard, 'REJECT_NONSTANDARD'],
  [RejectCode.dust, 'REJECT_DUST'],
  [RejectCode.insufficientFee, 'REJECT_INSUFFICIENTFEE'],
  [RejectCode.checkpoint, 'REJECT_CHECKPOINT'],
]);

/** Name of a reject code for logs. */
export function rejectCodeToString(code: number): string {
  return names.get(code) ?? `Unknown RejectCode (${code})`;
}
