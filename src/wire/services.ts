/** Bits of the services field: what a node offers. */
export const Services = {
  /** Full blocks. */
  network: 1n,
  /** The getutxos command (BIP 64). */
  getUtxo: 2n,
  /** Bloom filters (BIP 37, BIP 111). */
  bloom: 4n,
  /** Witness data (BIP 144). */
  witness: 8n,
  xthin: 16n,
  bit5: 32n,
  /** Committed filters (BIP 157). */
  cf: 64n,
  twoX: 128n,
} as const;

const names = [
  'SFNodeNetwork',
  'SFNodeGetUTXO',
  'SFNodeBloom',
  'SFNodeWitness',
  'SFNodeXthin',
  'SFNodeBit5',
  'SFNodeCF',
  'SFNode2X',
];

/** Names of the set bits joined by `|`, unknown bits as one hexadecimal number; `0x0` for none. */
export function servicesToString(services: bigint): string {
  if (services === 0n) return '0x0';
  const parts = names.filter((_, bit) => (services >> BigInt(bit)) & 1n);
  const rest = services & ~0xffn;
  if (rest !== 0n) parts.push(`0x${rest.toString(16)}`);
  return parts.join('|');
}
